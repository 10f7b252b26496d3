//! What all components share: the page's signals, and what a visitor can make of them.

use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use crate::error::Error;
use crate::model::config::check_prefix;
use crate::model::config::{Config, SettingError};
use crate::protocol::{Beginning, Command, Event, Rates, SAMPLE_LENGTH, Stretch};
use crate::ui::checkpoints::keeping::{self, Order};
use crate::ui::checkpoints::saved::{Moment, Saved};
use crate::ui::conversation::talk::Choice;
use crate::ui::language::{Language, Words};
use crate::ui::runs::run::{Run, rates_of};
use crate::ui::runs::state::{PROFILE_REQUEST, RunState, Status};
use crate::ui::settings::address;
use crate::ui::settings::file::Chosen;
use crate::ui::settings::form::{Form, Mode};
use crate::ui::text::view::Own;
use crate::ui::worker::link::message;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// The prefix that the page opens with, which is the book's.
const FIRST_PREFIX: &str = "time traveller";

/// A pause in typing as long as this means that a rate is meant.
pub const TYPING: Duration = Duration::from_millis(400);

/// The id of the prefix's field.
pub const PREFIX_ID: &str = "prefix";

/// What [`field_id`] calls the field of the file with initial parameters.
pub const FILE_KEY: &str = "init";

/// The page's state and actions. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Page {
    pub state: RwSignal<RunState>,
    pub form: RwSignal<Form>,
    pub prefix: RwSignal<String>,
    /// The file that the next run is to start from.
    pub file: RwSignal<Chosen>,
    /// How often the visitor has changed that choice.
    choices: StoredValue<u32>,
    /// The visitor's own text.
    pub own: Own,
    pub language: RwSignal<Language>,
    /// Whether perplexities stand on a logarithmic axis.
    pub logarithmic: RwSignal<bool>,
    /// The epoch that the visitor looks at, if not the newest.
    pub pinned: RwSignal<Option<u32>>,
    /// The epoch under the pointer.
    pub hovered: RwSignal<Option<u32>>,
    /// Whether the form's settings are to be trained when the run under way is done.
    pub next: RwSignal<bool>,
    /// How the conversation picks characters.
    pub choice: RwSignal<Choice>,
    /// Whether the conversation follows the weights.
    pub refresh: RwSignal<bool>,
    /// What [`RunState::drawn`] counts.
    drawn: Memo<u32>,
    /// The settings, or what is wrong with them.
    pub config: Memo<Result<Config, Vec<SettingError>>>,
    /// What is known of checkpoints.
    pub saved: RwSignal<Saved>,
    /// What the storage is told, once it is there.
    pub(super) orders: StoredValue<Option<UnboundedSender<Order>>>,
    /// The page's own name among all that are open.
    id: StoredValue<String>,
    send: StoredValue<Sender, LocalStorage>,
    restart: StoredValue<Box<dyn Fn()>, LocalStorage>,
}

impl Page {
    /// A page whose commands go to `send`, with the form set to `form`.
    pub fn new(form: Form, send: Sender) -> Self {
        let form = RwSignal::new(form);
        let state = RwSignal::new(RunState::default());
        Self {
            state,
            drawn: Memo::new(move |_| state.with(|s| s.drawn)),
            form,
            prefix: RwSignal::new(FIRST_PREFIX.to_owned()),
            file: RwSignal::new(Chosen::Nothing),
            choices: StoredValue::new(0),
            own: Own::new(),
            language: RwSignal::new(Language::English),
            logarithmic: RwSignal::new(false),
            pinned: RwSignal::new(None),
            hovered: RwSignal::new(None),
            next: RwSignal::new(false),
            choice: RwSignal::new(Choice::default()),
            refresh: RwSignal::new(false),
            config: Memo::new(move |_| form.with(Form::config)),
            saved: RwSignal::new(Saved::default()),
            orders: StoredValue::new(None),
            id: StoredValue::new(keeping::new_id()),
            send: StoredValue::new_local(send),
            restart: StoredValue::new_local(Box::new(|| ())),
        }
    }

    /// Says how another worker is started when one is lost.
    pub fn on_restart(&self, restart: impl Fn() + 'static) {
        self.restart.set_value(Box::new(restart));
    }

    /// Starts another worker: see [`Page::restart_worker`].
    pub(super) fn restart(&self) {
        self.restart.with_value(|restart| restart());
    }

    /// Takes in what the worker says.
    pub fn hear(&self, event: Event) {
        self.hear_of_text(&event);
        let moment = Moment::of(&event);
        let before = self.state.with_untracked(|state| state.status);
        if let Some(event) = self.hear_of_checkpoints(event) {
            self.state.update(|state| state.apply(event));
        }
        match moment {
            Some(Moment::Broken(error)) => self.after_loss(before, error),
            Some(moment) => self.save(&moment),
            None => {}
        }
    }

    /// The worker cannot go on.
    pub fn lose_worker(&self, error: Error) {
        let (before, lost) = self.state.with_untracked(|state| (state.status, state.worker_lost));
        self.state.update(|state| state.lose_worker(error.clone()));
        if !lost {
            self.after_loss(before, error);
        }
    }

    /// The page's own name among all that are open.
    pub(super) fn id(&self) -> String {
        self.id.get_value()
    }

    /// The words of the language that the page speaks; a change of it makes all that is seen anew.
    pub fn words(&self) -> &'static Words {
        self.language.get_untracked().words()
    }

    /// What `look` sees, anew when what the charts show has changed, and not with every word of the worker.
    pub fn drawn<T>(&self, look: impl FnOnce(&RunState) -> T) -> T {
        self.drawn.get();
        self.state.with_untracked(look)
    }

    /// The epoch whose sample and perplexity are read out: under the pointer, chosen, or the newest.
    pub fn epoch(&self) -> u32 {
        let newest = self.state.with(|s| s.live().and_then(|run| run.curve.last()).map_or(0, |p| p.0));
        self.hovered.get().or(self.pinned.get()).map_or(newest, |epoch| epoch.min(newest))
    }

    /// What is wrong with the prefix, if anything.
    pub fn prefix_error(&self) -> Option<Error> {
        self.prefix.with(|prefix| check_prefix(prefix).err())
    }

    /// Starts a run, unless something is wrong with the settings, the file or the prefix; the error panel says what.
    pub fn train(&self) {
        self.begin(Stretch::Whole);
    }

    /// Goes as far as `stretch` says, with the paused run or with a new one.
    pub fn go(&self, stretch: Stretch) {
        if self.state.with_untracked(|state| state.status == Status::Paused) {
            self.send(Command::Resume { stretch });
        } else {
            self.begin(stretch);
        }
    }

    fn begin(&self, stretch: Stretch) {
        match self.config.get_untracked() {
            Err(errors) => focus(&field_id(errors[0].key())),
            Ok(_) if self.file.with_untracked(|file| file.error().is_some()) => focus(&field_id(FILE_KEY)),
            Ok(_) if untrack(|| self.prefix_error()).is_some() => focus(PREFIX_ID),
            Ok(config) if self.state.with_untracked(RunState::can_train) && !untrack(|| self.is_reading()) => {
                let beginning = Beginning {
                    parameters: self.file.with_untracked(Chosen::bytes),
                    window_offset: self.form.with_untracked(Form::window_offset),
                    checkpoint: None,
                };
                let run = self.state.try_update(|state| state.begin(config, &beginning)).unwrap_or_default();
                self.begin_keeping();
                let prefix = self.prefix.get_untracked();
                self.next.set(false);
                self.pinned.set(None);
                self.send(Command::Train { run, config, prefix, beginning, stretch });
            }
            Ok(_) => {}
        }
    }

    /// Reads a file for the next run to start from; with none, the next run starts by its seed.
    pub fn choose_file(&self, file: Option<File>) {
        let choice = self.choices.try_update_value(|choices| {
            *choices += 1;
            *choices
        });
        let Some(file) = file else { return self.file.set(Chosen::Nothing) };
        let name = file.name();
        self.file.set(Chosen::named(name.clone(), file.size() as u64));
        if self.file.with_untracked(|file| file.error().is_some()) {
            return;
        }
        let page = *self;
        spawn_local(async move {
            let read = JsFuture::from(file.array_buffer()).await;
            // Meanwhile the visitor may have chosen another, or the page may be gone.
            if page.choices.try_get_value() == choice {
                let bytes = read.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| message(&error));
                page.file.set(Chosen::read(name, bytes));
            }
        });
    }

    /// Whether a chosen file or text is still on its way.
    pub fn is_reading(&self) -> bool {
        self.file.with(|file| matches!(file, Chosen::Reading(_))) || self.own.is_reading()
    }

    /// Sets everything as the book has it, but for the mode and the seed.
    pub fn set_book(&self) {
        self.form.update(Form::set_book);
        self.choose_file(None);
        self.form.with_untracked(|form| self.own.state.update(|own| own.keep(form)));
        self.book_text();
    }

    pub fn pause(&self) {
        self.send(Command::Pause);
    }

    /// Puts `text` into the field of `key`; the run under way takes up rates.
    pub fn edit(&self, key: &str, text: &str) {
        self.form.update(|form| form.choose(key, text));
        if ["lr", "clip"].contains(&key) {
            let (page, text, key) = (*self, text.to_owned(), key.to_owned());
            // Not every figure on the way to a number is meant.
            set_timeout(move || page.send_rates(&key, &text), TYPING);
        }
    }

    /// Sends the form's rates to the run under way, unless the visitor has gone on typing.
    fn send_rates(&self, key: &str, text: &str) {
        let still = self.form.try_with_untracked(|form| form.get(key) == text).unwrap_or(false);
        let Ok(config) = self.config.get_untracked() else { return };
        if still && self.state.with_untracked(|s| s.rates().is_some_and(|now| now != rates_of(&config))) {
            self.send(Command::SetRates { rates: rates_of(&config) });
        }
    }

    /// Puts rates into the form; a run under way takes them up.
    pub fn try_rates(&self, rates: Rates) {
        self.set_rates(rates);
        if self.state.with_untracked(|s| s.rates().is_some_and(|now| now != rates)) {
            self.send(Command::SetRates { rates });
        }
    }

    fn set_rates(&self, rates: Rates) {
        self.form.update(|form| {
            form.set("lr", &rates.learning_rate.to_string());
            form.set("clip", &rates.clip.to_string());
        });
    }

    /// Goes on with a run that left the finite numbers, by the rates that are proposed for it.
    pub fn go_on(&self, rates: Rates) {
        self.set_rates(rates);
        self.send(Command::SetRates { rates });
        self.send(Command::Resume { stretch: Stretch::Whole });
    }

    /// Puts a run's settings into the form.
    pub fn open(&self, run: &Run) {
        self.form.set(address::read(&address::of_run(run)));
    }

    /// The run that the other order is to stand beside: the one on show, or the latest.
    pub fn compared(&self) -> Option<Mode> {
        let config = self.state.with(|s| s.live().or(s.runs.last()).map(|run| run.config))?;
        Some(if Mode::of(&config) == Some(Mode::Random) { Mode::First } else { Mode::Random })
    }

    /// Trains the same settings in the other order: at once, or when the run under way is done.
    pub fn train_beside(&self) {
        let Some(mode) = untrack(|| self.compared()) else { return };
        self.state.with_untracked(|s| s.live().or(s.runs.last()).cloned()).inspect(|run| self.open(run));
        self.form.update(|form| form.set_mode(mode));
        if self.state.with_untracked(RunState::active) {
            self.next.set(true);
        } else {
            self.train();
        }
    }

    /// Ends the run and forgets it; a lost worker is replaced.
    pub fn reset(&self) {
        let lost = self.state.with_untracked(|state| state.worker_lost);
        self.next.set(false);
        self.pinned.set(None);
        self.stop_keeping();
        self.state.update(RunState::reset);
        if !lost {
            self.send(Command::Reset);
        } else if let Some(text) = self.restart_worker() {
            self.send_text(text);
        }
    }

    /// Continues the prefix with the newest weights, or with those that the settings in the form begin with.
    pub fn generate(&self) {
        let held = self.state.with_untracked(|state| state.config);
        let config = match held.map_or_else(|| self.config.get_untracked(), Ok) {
            Ok(config) => config,
            Err(errors) => return focus(&field_id(errors[0].key())),
        };
        if untrack(|| self.prefix_error()).is_some() {
            return focus(PREFIX_ID);
        }
        let request = self.state.try_update(RunState::ask).unwrap_or_default();
        let prefix = self.prefix.get_untracked();
        let pick = self.choice.with_untracked(Choice::pick);
        self.send(Command::Generate { request, prefix, length: SAMPLE_LENGTH, pick, config });
    }

    /// Has each kernel measured with the settings in the form.
    pub fn profile(&self) {
        if let Ok(config) = self.config.get_untracked() {
            self.state.update(RunState::ask_profile);
            self.send(Command::Profile { request: PROFILE_REQUEST, config });
        }
    }

    /// Sets the prefix, for the samples to come too.
    pub fn set_prefix(&self, prefix: String) {
        if check_prefix(&prefix).is_ok() && self.state.with_untracked(RunState::attached) {
            self.send(Command::SamplePrefix { prefix: prefix.clone() });
        }
        self.prefix.set(prefix);
    }

    pub(super) fn send(&self, command: Command) {
        self.send.with_value(|send| send(command));
    }
}

/// The id of the field of a setting.
pub fn field_id(key: &str) -> String {
    format!("setting-{key}")
}

/// Brings the field with this id to the visitor's hands, out of what it may be folded away in.
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(field) = document().get_element_by_id(id)
        && let Ok(field) = field.dyn_into::<web_sys::HtmlElement>()
    {
        if let Ok(Some(details)) = field.closest("details") {
            let _ = details.set_attribute("open", "");
        }
        let _ = field.focus();
    }
}
