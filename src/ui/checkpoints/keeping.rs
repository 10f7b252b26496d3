//! Checkpoints on their way between worker, page and disk. What is due when, [`Saved`] says; what the storage is told,
//! `orders.rs` does.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use js_sys::{Array, Date, Math, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, Url};

use super::record::Record;
use super::saved::{FIRST_REQUEST, Newest, Occasion, Order, Purpose, Saved};
use crate::error::Error;
use crate::protocol::{Command, Event, StartFrom, Stretch, Summary, TextChoice, check_prefix};
use crate::ui::browser::{self, message};
use crate::ui::conversation::signals::Conversation;
use crate::ui::conversation::talk::Talk;
use crate::ui::runs::run::Run;
use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::{RunState, Status};
use crate::ui::settings::file::Chosen;
use crate::ui::text::signals::Text;
use crate::ui::worker::handle::Handle;

/// The program that goes on with a checkpoint, beside the page.
pub const PYTORCH_SCRIPT: &str = "continue_in_pytorch.py";

/// A download has been taken up after this time, and its bytes can go.
const TAKEN_UP: Duration = Duration::from_secs(60);

/// What is known of checkpoints. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Checkpoints {
    pub saved: RwSignal<Saved>,
    /// What the storage is told, once it is there.
    pub orders: StoredValue<Option<UnboundedSender<Order>>>,
    /// The page's own name among all that are open.
    page: StoredValue<String>,
    runs: Runs,
    prefix: RwSignal<String>,
    talk: RwSignal<Talk>,
    pub text: Text,
    worker: Handle,
}

impl Checkpoints {
    pub fn new(runs: Runs, conversation: Conversation, text: Text, worker: Handle) -> Self {
        let (prefix, talk) = (conversation.prefix, conversation.talk);
        let (orders, page) = (StoredValue::new(None), StoredValue::new(new_id()));
        Self { saved: RwSignal::new(Saved::default()), orders, page, runs, prefix, talk, text, worker }
    }

    /// The page's own name among all that are open.
    pub fn page(&self) -> String {
        self.page.get_value()
    }

    /// Takes in what the worker says of checkpoints; gives back any other event.
    pub fn hear(&self, event: Event) -> Option<Event> {
        match event {
            Event::Checkpoint { request, summary, file } => {
                let purpose = self.saved.try_update(|saved| saved.answered(request, true)).flatten();
                if let Some(purpose) = purpose {
                    self.take(purpose, summary, file);
                }
                None
            }
            Event::Examined { request, summary } => {
                self.saved.update(|saved| saved.examined(request, Ok(summary)));
                None
            }
            Event::Refused { request, error } if request >= FIRST_REQUEST => {
                self.saved.update(|saved| match saved.answered(request, false) {
                    // There may be nothing to save: that is no news.
                    Some(Purpose::Keep) => {}
                    Some(_) => saved.refusal = Some(error),
                    None => saved.examined(request, Err(error)),
                });
                None
            }
            event => Some(event),
        }
    }

    /// What a checkpoint that was asked for is used for.
    fn take(&self, purpose: Purpose, summary: Summary, file: Vec<u8>) {
        let record = self.runs.state.with_untracked(|s| {
            s.live().map(|run| Record {
                id: String::new(),
                page: self.page(),
                saved: Date::now(),
                name: run.name.clone(),
                from_file: run.from_file,
                own_text: run.own_text.clone(),
                is_books: run.is_books,
                summary,
            })
        });
        let Some(record) = record else { return };
        if purpose != Purpose::Keep {
            return self.make_use_of(Newest { record, file: Arc::new(file) }, purpose, None);
        }
        // Once is enough, for a text can be long.
        let is_stored = self.text.stored.with_value(|stored| *stored == record.summary.text);
        let text = self.text.of_run().filter(|_| record.own_text.is_some() && !is_stored);
        if let Some((newest, replaces)) = self.saved.try_update(|saved| saved.keep(record, file)).flatten() {
            self.order(Order::Keep { newest, replaces, text });
        }
    }

    /// Goes on with a checkpoint here, or gives it to the visitor.
    pub fn make_use_of(&self, newest: Newest, purpose: Purpose, text: Option<Arc<TextChoice>>) {
        match purpose {
            Purpose::Keep => self.go_on_from(newest, text),
            Purpose::Download => download(&newest),
            Purpose::PyTorch => {
                download(&newest);
                browser::save(PYTORCH_SCRIPT, PYTORCH_SCRIPT);
            }
        }
    }

    /// Has the run saved, if that is due. What is saved of one that failed is offered.
    pub fn save(&self, moment: &Occasion) {
        if *moment == Occasion::Failed {
            if !self.runs.state.with_untracked(RunState::attached) {
                self.saved.update(Saved::leave);
            }
            return;
        }
        if self.orders.try_with_value(Option::is_some) != Some(true) {
            return; // nobody keeps anything
        }
        let reached = self.runs.state.with_untracked(|s| s.live().map(Run::position));
        let due = reached
            .and_then(|reached| self.saved.try_update(|saved| saved.due(moment, reached, Date::now())).flatten());
        if let Some(request) = due {
            self.worker.send(Command::Checkpoint { request });
        }
    }

    /// The visitor wants the present run's checkpoint.
    pub fn ask(&self, purpose: Purpose) {
        let request = self.saved.try_update(|saved| {
            saved.refusal = None;
            saved.ask(purpose)
        });
        self.worker.send(Command::Checkpoint { request: request.unwrap_or_default() });
    }

    /// The visitor wants a checkpoint that is saved: to go on with it (to keep it under way), or as a file.
    pub fn fetch(&self, record: Record, purpose: Purpose) {
        match self.saved.with_untracked(|saved| saved.in_memory(&record.id)) {
            Some(newest) => self.make_use_of(newest, purpose, self.text.of_run()),
            None => self.order(Order::Fetch(record, purpose)),
        }
    }

    /// The visitor has no use for a saved run any more.
    pub fn discard(&self, id: &str) {
        self.saved.update(|saved| saved.forget(id));
        self.order(Order::Forget(vec![id.to_owned()]));
    }

    /// Goes on from a checkpoint that learns this text of the visitor's own, or the book's; with its settings in the form
    /// and, if that is lost, with a new worker.
    pub fn go_on_from(&self, newest: Newest, text: Option<Arc<TextChoice>>) {
        let lost = self.runs.state.with_untracked(|state| state.worker.lost);
        if !lost && !self.runs.state.with_untracked(RunState::can_train) {
            return;
        }
        self.runs.open(&Run::new(0, newest.record.summary.config, &newest.record.start(None), 0));
        if let Some(prefix) = newest.record.summary.prefix.clone().filter(|prefix| check_prefix(prefix).is_ok()) {
            self.prefix.set(prefix);
        }
        self.runs.pinned.set(None);
        self.saved.update(|saved| saved.begin(new_id(), Some(newest.clone()), Date::now()));
        if lost {
            self.text.restart_worker();
        }
        self.text.bring(text);
        self.send_on(newest, None);
    }

    fn send_on(&self, Newest { record, file }: Newest, continues: Option<u32>) {
        let config = record.summary.config;
        self.talk.update(Talk::begin_run);
        let run =
            self.runs.state.try_update(|state| state.begin_from(config, record.start(continues))).unwrap_or_default();
        let beginning = StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() };
        let prefix = record.summary.prefix.unwrap_or_else(|| self.prefix.get_untracked());
        self.worker.send(Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole });
    }

    /// The worker is lost, with what it was doing: another goes on from the newest checkpoint, or the page asks.
    pub fn after_loss(&self, before: Status, error: Error) {
        let training = before == Status::Training;
        let Some(newest) = self.saved.try_update(|saved| saved.lose_worker(training)).flatten() else { return };
        let checkpoints = *self;
        let why = match error {
            Error::WorkerBroke(why) | Error::WorkerStopped(why) | Error::WorkerUnknown(why) => why,
            error => error.to_string(),
        };
        // Not in the midst of the lost worker's own last word.
        set_timeout(
            move || {
                let told =
                    checkpoints.saved.try_update(|saved| saved.restarted = Some((newest.record.summary.epoch, why)));
                if told.is_some() {
                    let continues = checkpoints.runs.state.with_untracked(|state| state.shown);
                    let text = checkpoints.text;
                    let chosen = text.restart_worker();
                    text.bring(text.of_run());
                    checkpoints.send_on(newest, Some(continues));
                    text.choose_again(chosen);
                }
            },
            Duration::ZERO,
        );
    }

    /// A run is asked for, which begins anew.
    pub fn begin(&self) {
        self.saved.update(|saved| saved.begin(new_id(), None, Date::now()));
        self.text.begin_run();
    }

    /// The run is given up on purpose.
    pub fn give_up(&self) {
        let finished = self.runs.state.with_untracked(|state| state.status == Status::Finished);
        let ids = self.saved.try_update(|saved| saved.give_up(finished)).unwrap_or_default();
        if !ids.is_empty() {
            self.order(Order::Forget(ids));
        }
    }

    /// Reads a checkpoint file and has the worker say what it is of.
    pub fn open(&self, file: Option<File>) {
        let Some(file) = file else { return self.saved.update(|saved| saved.opened = None) };
        let name = file.name();
        let chosen = Chosen::named(name.clone(), file.size() as u64);
        let failed = chosen.error().is_some();
        let request = self.saved.try_update(|saved| saved.open(chosen)).unwrap_or_default();
        if failed {
            return;
        }
        let checkpoints = *self;
        spawn_local(async move {
            let read = JsFuture::from(file.array_buffer()).await;
            let bytes = read.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| message(&error));
            let file = checkpoints.saved.try_update(|saved| saved.read(request, Chosen::read(name, bytes))).flatten();
            if let Some(file) = file {
                checkpoints.worker.send(Command::Examine { request, file });
            }
        });
    }

    fn order(&self, order: Order) {
        self.orders.with_value(|orders| {
            if let Some(orders) = orders {
                _ = orders.unbounded_send(order);
            }
        });
    }
}

/// A name that no other run or page has, after all earlier ones in the order of the alphabet.
fn new_id() -> String {
    format!("{:x}-{:x}", Date::now() as u64, (Math::random() * 2f64.powi(52)) as u64)
}

/// Has the browser save a checkpoint as a file.
fn download(newest: &Newest) {
    let bytes = Uint8Array::from(newest.file.as_slice());
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&bytes));
    let Ok(address) = blob.and_then(|blob| Url::create_object_url_with_blob(&blob)) else { return };
    browser::save(&newest.record.file_name(), &address);
    set_timeout(move || _ = Url::revoke_object_url(&address), TAKEN_UP);
}
