//! The page's state: its parts, and the actions that involve several of them.

mod files;
mod lessons;
mod trained;

use leptos::prelude::*;

use super::browser::focus;
use super::chart::signals::Charts;
use super::checkpoints::keeping::Checkpoints;
use super::checkpoints::saved::{Occasion, Saved};
use super::conversation::signals::{Conversation, PREFIX_ID};
use super::conversation::talk::Talk;
use super::inside::signals::{Inside, now};
use super::language::{Language, Words};
use super::lessons::signals::Lessons;
use super::network::profile::Profiling;
use super::network::signals::Network;
use super::runs::pace;
use super::runs::queue::Queued;
use super::runs::run::Origin;
use super::runs::signals::Runs;
use super::runs::state::{RunState, Status};
use super::settings::file::Misdrop;
use super::settings::form::Form;
use super::settings::link::PageLink;
use super::settings::signals::{FILE_KEY, Settings, field_id};
use super::text::signals::Text;
use super::worker::handle::{Handle, Sender};
use crate::error::Error;
use crate::model::Config;
use crate::model::preset::Preset;
use crate::protocol::{Command, Event, StartFrom, Stretch};

/// The parts of the page and its language. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Page {
    pub language: RwSignal<Language>,
    pub worker: Handle,
    pub settings: Settings,
    pub runs: Runs,
    pub charts: Charts,
    pub network: Network,
    pub inside: Inside,
    pub lessons: Lessons,
    /// The template of the settings as a program, once it was asked for; `None` if it can't be had.
    pub template: RwSignal<Option<Option<String>>>,
    /// Whether it is the teacher's view, and how large its type is, in steps.
    pub stage: RwSignal<bool>,
    pub stage_size: RwSignal<i32>,
    /// What was pressed before the worker was ready, and waits for it.
    pub pressed: RwSignal<Option<Stretch>>,
    pub conversation: Conversation,
    pub text: Text,
    pub checkpoints: Checkpoints,
    /// Why what was dropped last was not taken.
    pub refusal: RwSignal<Option<Misdrop>>,
}

impl Page {
    /// A page that sends its commands to `send` and whose form is `form`.
    pub fn new(form: Form, send: Sender) -> Self {
        let worker = Handle::new(send);
        let settings = Settings::new(form);
        let runs = Runs::new(settings, worker);
        let conversation = Conversation::new(settings, runs, worker);
        let text = Text::new(settings, runs, conversation, worker);
        Self {
            language: RwSignal::new(Language::English),
            worker,
            settings,
            runs,
            charts: Charts::new(runs),
            network: Network::new(settings, worker),
            inside: Inside::new(settings, runs, conversation, worker),
            lessons: Lessons::default(),
            template: RwSignal::new(None),
            stage: RwSignal::new(false),
            stage_size: RwSignal::new(0),
            pressed: RwSignal::new(None),
            conversation,
            text,
            checkpoints: Checkpoints::new(runs, conversation, text, worker),
            refusal: RwSignal::new(None),
        }
    }

    /// Passes an event of the worker to the parts that it concerns.
    pub fn on_event(&self, event: Event) {
        let occasion = Occasion::of(&event);
        let has_resumed = matches!(&event, Event::Opened { reports, .. } if !reports.is_empty());
        let (before, is_end) = self.runs.state.with_untracked(|state| (state.status, state.is_ended_by(&event)));
        self.text.on_event(&event);
        self.conversation.talk.update(|talk| talk.apply(&event, is_end));
        self.network.profiling.update(|profiling| profiling.apply(&event, is_end));
        if is_end || matches!(event, Event::Inspected { .. } | Event::Refused { .. }) {
            self.inside.watch.update(|watch| watch.apply(&event, is_end, now()));
        }
        let is_open = matches!(event, Event::Finished { .. });
        if let Some(event) = self.checkpoints.on_event(event) {
            self.runs.state.update(|state| state.apply(event));
        }
        if is_open && self.runs.state.with_untracked(RunState::opens_trained) {
            self.conversation.generate();
        }
        if has_resumed {
            self.runs.show_hyperparameters();
        }
        let goes_on = match occasion {
            Some(Occasion::Broken(error)) => self.checkpoints.on_worker_lost(before, error),
            Some(occasion) => {
                self.checkpoints.save(&occasion);
                false
            }
            None => false,
        };
        if is_end && !goes_on {
            self.runs.queue.set(Vec::new());
            self.pressed.set(None);
        }
        self.start_next();
    }

    /// The browser reports that the worker stopped. Ignored if the worker has reported that itself, in better words.
    pub fn lose_worker(&self, error: Error) {
        if !self.runs.state.with_untracked(|state| state.worker.lost) {
            self.on_event(Event::Broken { error });
        }
    }

    /// The text in the page's language. Not tracked: a change of language rebuilds the whole page.
    pub fn words(&self) -> &'static Words {
        self.language.get_untracked().words()
    }

    /// Whether a press of Train is obeyed: at once, or when the worker is ready.
    pub fn can_begin(&self) -> bool {
        let (can_train, is_awaited) = self.runs.state.with(|state| (state.can_train(), state.is_awaited()));
        (can_train || is_awaited && self.pressed.get().is_none()) && !self.is_reading()
    }

    /// Obeys what was pressed before the worker was ready as soon as it is.
    pub fn obey_later(self) {
        let ready = Memo::new(move |_| self.runs.state.with(RunState::can_train) && !self.is_reading());
        Effect::new(move |_| {
            if let Some(stretch) = self.pressed.get().filter(|_| ready.get()) {
                self.pressed.set(None);
                self.begin(stretch);
            }
        });
    }

    /// Starts a run. If the settings, the file or the prefix are invalid, focuses the field; the error panel says why.
    pub fn train(&self) {
        self.begin(Stretch::Whole);
    }

    /// Trains for `stretch`: resumes the paused run, or starts a new one.
    pub fn go(&self, stretch: Stretch) {
        if self.runs.state.with_untracked(|state| state.status == Status::Paused) {
            self.worker.send(Command::Resume { stretch });
        } else {
            self.begin(stretch);
        }
    }

    /// Pauses the run, or resumes it: to its end, or to the form's number of epochs if that is more.
    pub fn hold(&self) {
        match untrack(|| self.runs.resumes_to()) {
            Some(epochs) => self.runs.resume_to(epochs),
            None if self.runs.state.with_untracked(|state| state.status == Status::Paused) => self.go(Stretch::Whole),
            None => self.worker.send(Command::Pause),
        }
    }

    fn begin(&self, stretch: Stretch) {
        if self.runs.state.with_untracked(RunState::can_train) {
            self.text.fit_prefix();
        }
        match self.settings.config.get_untracked() {
            Err(errors) => focus(&field_id(errors[0].key())),
            Ok(_) if self.settings.file.with_untracked(|file| file.error().is_some()) => focus(&field_id(FILE_KEY)),
            Ok(_) if untrack(|| self.conversation.prefix_error()).is_some() => focus(PREFIX_ID),
            Ok(config) if self.runs.state.with_untracked(RunState::can_train) && !untrack(|| self.is_reading()) => {
                let beginning = self.settings.start_from();
                let run = self.start(|state| state.begin(config, &beginning));
                let prefix = self.conversation.prefix.get_untracked();
                self.worker.send(Command::Train { run, config, prefix, beginning, stretch });
            }
            Ok(_) if untrack(|| self.can_begin()) => self.pressed.set(Some(stretch)),
            Ok(_) => {}
        }
    }

    /// A new run goes on from an epoch of the shown one, with the settings in the form that can be others.
    pub fn branch(&self, epoch: u32) {
        let form = match self.settings.config.get_untracked() {
            Ok(form) => form,
            Err(errors) => return focus(&field_id(errors[0].key())),
        };
        let Some(before) = self.runs.state.with_untracked(|state| state.live().cloned()) else { return };
        let config = before.config.branched(&form);
        let config = Config { epochs: config.epochs.max(epoch + 1), ..config };
        let origin = Origin { branch: Some(epoch), name: String::new(), ..before.origin() };
        let text = self.text.of_run();
        let run = self.start(|state| state.begin_from(config, origin));
        let prefix = self.conversation.prefix.get_untracked();
        let (worker, stretch) = (self.worker, Stretch::Whole);
        self.text.begin_run_on(text, || worker.send(Command::Branch { run, epoch, config, prefix, stretch }));
    }

    /// What every part of the page does when a new run starts, which `begin` notes in the state. Returns its number.
    fn start(&self, begin: impl FnOnce(&mut RunState) -> u32) -> u32 {
        self.settings.link.set(PageLink::default());
        // What another network has said is none of the run's.
        let is_trained = self.runs.state.with_untracked(|state| state.live().is_some_and(|run| run.is_trained));
        self.conversation.talk.update(if is_trained { Talk::reset } else { Talk::begin_run });
        let run = self.runs.state.try_update(begin).unwrap_or_default();
        self.checkpoints.begin();
        self.pressed.set(None);
        self.runs.queue.set(Vec::new());
        self.runs.pinned.set(None);
        run
    }

    /// About how many seconds a run of the settings in the form takes here, once that is known.
    pub fn planned_seconds(&self) -> Option<f64> {
        let config = self.settings.config.get().ok()?;
        self.runs.state.with(|state| state.takes(&config))
    }

    /// Times the networks from which the time of any follows, with the engine in the form, unless a run is under way.
    pub fn time_networks(&self) {
        let Ok(Config { engine, threads, .. }) = self.settings.config.get_untracked() else { return };
        if self.runs.state.with_untracked(RunState::can_train) && !untrack(|| self.is_reading()) {
            self.runs.state.update(|state| state.worker.timed.clear());
            for config in pace::timed() {
                self.worker.send(Command::Pace { config: Config { engine, threads, ..config } });
            }
        }
    }

    /// Whether a chosen file is still being read, or the text is not settled.
    pub fn is_reading(&self) -> bool {
        self.settings.is_reading() || self.text.is_reading()
    }

    /// Sets everything as in a run of the book, except seed and engine.
    pub fn set_preset(&self, preset: &Preset) {
        self.settings.form.update(|form| form.set_preset(preset));
        self.settings.choose_file(None);
        self.take_book();
    }

    /// Switches to the book's text, with the settings in the form.
    pub fn take_book(&self) {
        self.settings.form.with_untracked(|form| self.text.own.update(|own| own.keep(form)));
        self.text.book();
    }

    /// Trains the same settings with the other sampling: at once, or when the current run has finished.
    pub fn train_comparison(&self) {
        let prefix = self.conversation.prefix.get_untracked();
        let file = self.settings.start_from().parameters;
        let queued = self.runs.state.with_untracked(|s| {
            let text = if s.own().is_some() { self.text.of_run() } else { self.text.chosen() };
            s.latest().map(|run| Queued::beside(run, prefix, file, text))
        });
        self.runs.queue.set(queued.into_iter().collect());
        self.start_next();
    }

    /// Trains a network of each kind with the settings in the form, one after another, from now or from the end of the
    /// current run.
    pub fn train_networks(&self) {
        let Ok(config) = self.settings.config.get_untracked() else { return };
        let (prefix, text) = (self.conversation.prefix.get_untracked(), self.text.chosen());
        let origin = self.runs.state.with_untracked(|state| state.origin_of(&StartFrom::default()));
        let form = self.settings.form.get_untracked();
        self.runs.queue.set(Queued::networks(&form, config, &prefix, &origin, text.as_ref()));
        self.start_next();
    }

    /// Starts the run that waits first, once no other is under way and the last save of the one before has been answered.
    fn start_next(&self) {
        let is_free = self.runs.state.with_untracked(RunState::can_train)
            && !self.checkpoints.saved.with_untracked(Saved::is_saving);
        let mut waiting = self.runs.queue.get_untracked().into_iter();
        let Some(queued) = waiting.next().filter(|_| is_free) else { return };
        self.settings.form.update(|form| queued.fill(form));
        let Queued { config, prefix, beginning, origin, text, .. } = queued;
        let run = self.start(|state| state.begin_from(config, origin));
        self.runs.queue.set(waiting.collect());
        let worker = self.worker;
        let train = Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole };
        self.text.begin_run_on(text, || worker.send(train));
    }

    /// Ends the run and discards it; replaces a lost worker.
    pub fn reset(&self) {
        let lost = self.runs.state.with_untracked(|state| state.worker.lost);
        self.pressed.set(None);
        self.runs.queue.set(Vec::new());
        self.runs.pinned.set(None);
        self.checkpoints.abandon();
        self.conversation.talk.update(Talk::reset);
        self.network.profiling.set(Profiling::default());
        self.settings.link.set(PageLink::default());
        self.runs.state.update(RunState::reset);
        self.text.fit_prefix();
        if !lost {
            self.worker.send(Command::Reset);
        } else if let Some(text) = self.text.restart_worker() {
            self.text.send(text);
        }
    }
}
