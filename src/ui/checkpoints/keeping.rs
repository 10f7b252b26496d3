//! Moves checkpoints between the worker, the page and the disk. [`Saved`] decides when to save; `orders.rs` talks to
//! the browser's storage.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use js_sys::{Array, Date, Math, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File, Url};

use super::record::Record;
use super::saved::{FIRST_REQUEST, Newest, Occasion, Order, Purpose, Saved};
use crate::error::Error;
use crate::protocol::{Command, Event, StartFrom, Stretch, Summary, TextChoice, check_prefix};
use crate::ui::browser;
use crate::ui::conversation::signals::Conversation;
use crate::ui::conversation::talk::Talk;
use crate::ui::runs::run::{Origin, Run};
use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::{RunState, Status};
use crate::ui::settings::file::Chosen;
use crate::ui::text::signals::Text;
use crate::ui::worker::handle::Handle;

/// The program that continues a checkpoint in PyTorch, served next to the page.
pub const PYTORCH_SCRIPT: &str = "continue_in_pytorch.py";

/// The browser has begun a download by then, so its bytes can be released.
const REVOKE_AFTER: Duration = Duration::from_secs(60);

/// The state of checkpoints. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Checkpoints {
    pub saved: RwSignal<Saved>,
    /// Sends orders to the storage; `None` if nothing is stored.
    pub orders: StoredValue<Option<UnboundedSender<Order>>>,
    /// The id of this page among all open ones.
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

    /// The id of this page among all open ones.
    pub fn page(&self) -> String {
        self.page.get_value()
    }

    /// Handles the worker's events about checkpoints; returns any other event.
    pub fn on_event(&self, event: Event) -> Option<Event> {
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
                    // The visitor did not ask for this save, and there may be nothing to save yet.
                    Some(Purpose::Keep) => {}
                    Some(_) => saved.refusal = Some(error),
                    None => saved.examined(request, Err(error)),
                });
                None
            }
            Event::Text { .. } => {
                if let Some((request, file)) = self.saved.try_update(Saved::examine_again).flatten() {
                    self.worker.send(Command::Examine { request, file });
                }
                Some(event)
            }
            event => Some(event),
        }
    }

    /// Uses a requested checkpoint for its purpose.
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
            return self.fulfil(Newest { record, file: Arc::new(file) }, purpose, None);
        }
        // A text is stored once, since it can be long.
        let is_stored = self.text.stored.with_value(|stored| *stored == record.summary.text);
        let text = self.text.of_run().filter(|_| record.own_text.is_some() && !is_stored);
        if let Some((newest, replaces)) = self.saved.try_update(|saved| saved.keep(record, file)).flatten() {
            self.order(Order::Keep { newest, replaces, text });
        }
    }

    /// Resumes from a checkpoint of the storage ([`Purpose::Keep`]), or downloads it. `text` is the visitor's own text
    /// that the run trains on.
    pub fn fulfil(&self, newest: Newest, purpose: Purpose, text: Option<Arc<TextChoice>>) {
        match purpose {
            Purpose::Keep => self.resume_from(newest, text),
            Purpose::Download => download(&newest),
            Purpose::PyTorch => {
                download(&newest);
                browser::save(PYTORCH_SCRIPT, PYTORCH_SCRIPT);
            }
        }
    }

    /// Saves the current run, if that is due. After a failure, its last checkpoint is offered instead.
    pub fn save(&self, occasion: &Occasion) {
        if *occasion == Occasion::Failed {
            if !self.runs.state.with_untracked(RunState::attached) {
                self.saved.update(Saved::leave);
            }
            return;
        }
        if self.orders.try_with_value(Option::is_some) != Some(true) {
            return; // nothing is stored
        }
        let position = self.runs.state.with_untracked(|s| s.live().map(Run::position));
        let due = position
            .and_then(|position| self.saved.try_update(|saved| saved.due(occasion, position, Date::now())).flatten());
        if let Some(request) = due {
            self.worker.send(Command::Checkpoint { request });
        }
    }

    /// Requests a checkpoint of the current run for the visitor.
    pub fn ask(&self, purpose: Purpose) {
        let request = self.saved.try_update(|saved| {
            saved.refusal = None;
            saved.ask(purpose)
        });
        self.worker.send(Command::Checkpoint { request: request.unwrap_or_default() });
    }

    /// Fetches a stored checkpoint, to resume it ([`Purpose::Keep`]), for as many epochs as `record` says, or to download
    /// it.
    pub fn fetch(&self, record: Record, purpose: Purpose) {
        match self.saved.with_untracked(|saved| saved.in_memory(&record.id)) {
            Some(mut newest) => {
                newest.record.summary.config.epochs = record.summary.config.epochs;
                self.fulfil(newest, purpose, self.text.of_run());
            }
            None => self.order(Order::Fetch(record, purpose)),
        }
    }

    /// Deletes a stored run.
    pub fn discard(&self, id: &str) {
        self.saved.update(|saved| saved.forget(id));
        self.order(Order::Forget(vec![id.to_owned()]));
    }

    /// Whether a run can be resumed now; a lost worker is replaced for it.
    pub fn can_resume(&self) -> bool {
        self.runs.state.with(|state| state.worker.lost)
            || self.runs.state.with(RunState::can_train) && !self.text.is_reading()
    }

    /// Resumes from a checkpoint, on the visitor's own `text` or on the book's. Loads its settings into the form, and
    /// replaces a lost worker.
    pub fn resume_from(&self, newest: Newest, text: Option<Arc<TextChoice>>) {
        let lost = self.runs.state.with_untracked(|state| state.worker.lost);
        if !untrack(|| self.can_resume()) {
            return;
        }
        let origin = self.runs.state.with_untracked(|state| newest.record.origin_among(&state.runs));
        self.runs.open(&Run::new(0, newest.record.summary.config, &origin, 0));
        if let Some(prefix) = newest.record.summary.prefix.clone().filter(|prefix| check_prefix(prefix).is_ok()) {
            self.prefix.set(prefix);
        }
        self.runs.pinned.set(None);
        self.saved.update(|saved| saved.begin(new_id(), Some(newest.clone()), Date::now()));
        if lost {
            self.text.restart_worker();
        }
        self.text.load_for_run(text);
        self.send_train(newest, origin);
    }

    fn send_train(&self, Newest { record, file }: Newest, origin: Origin) {
        let config = record.summary.config;
        self.talk.update(Talk::begin_run);
        let run = self.runs.state.try_update(|state| state.begin_from(config, origin)).unwrap_or_default();
        let beginning = StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() };
        let prefix = record.summary.prefix.unwrap_or_else(|| self.prefix.get_untracked());
        self.worker.send(Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole });
    }

    /// The worker is lost: a new one resumes from the newest checkpoint, or the page offers to. Returns whether the run
    /// goes on.
    pub fn on_worker_lost(&self, before: Status, error: Error) -> bool {
        let training = before == Status::Training;
        let Some(mut newest) = self.saved.try_update(|saved| saved.lose_worker(training)).flatten() else {
            return false;
        };
        // It may have got more epochs since.
        newest.record.summary.config.epochs = self.runs.state.with_untracked(RunState::epochs);
        let checkpoints = *self;
        let why = match error {
            Error::WorkerBroke(why) | Error::WorkerStopped(why) | Error::WorkerUnknown(why) => why,
            error => error.to_string(),
        };
        // Later: the lost worker's last event is still being handled.
        set_timeout(
            move || {
                let told =
                    checkpoints.saved.try_update(|saved| saved.restarted = Some((newest.record.summary.epoch, why)));
                if told.is_some() {
                    let shown = checkpoints.runs.state.with_untracked(|state| state.shown);
                    let text = checkpoints.text;
                    let chosen = text.restart_worker();
                    text.load_for_run(text.of_run());
                    let origin = Origin { continues: Some(shown), ..newest.record.origin() };
                    checkpoints.send_train(newest, origin);
                    text.choose_again(chosen);
                }
            },
            Duration::ZERO,
        );
        true
    }

    /// A new run starts, not from a checkpoint.
    pub fn begin(&self) {
        self.saved.update(|saved| saved.begin(new_id(), None, Date::now()));
        self.text.begin_run();
    }

    /// The visitor resets the run: deletes its checkpoints, unless it has finished.
    pub fn abandon(&self) {
        let finished = self.runs.state.with_untracked(|state| state.status == Status::Finished);
        let ids = self.saved.try_update(|saved| saved.abandon(finished)).unwrap_or_default();
        if !ids.is_empty() {
            self.order(Order::Forget(ids));
        }
    }

    /// Reads a checkpoint file and has the worker examine it; `None` clears the choice.
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
            let bytes = browser::read(&file).await;
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

/// A unique id for a run or page, which sorts after all earlier ones.
fn new_id() -> String {
    format!("{:x}-{:x}", Date::now() as u64, (Math::random() * 2f64.powi(52)) as u64)
}

/// Downloads a checkpoint as a file.
fn download(newest: &Newest) {
    let bytes = Uint8Array::from(newest.file.as_slice());
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&bytes));
    let Ok(address) = blob.and_then(|blob| Url::create_object_url_with_blob(&blob)) else { return };
    browser::save(&newest.record.file_name(), &address);
    set_timeout(move || _ = Url::revoke_object_url(&address), REVOKE_AFTER);
}
