//! Checkpoints on their way between worker, page, storage and disk. What is due when, [`Saved`] says.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use js_sys::{Array, Date, Math, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File, Url};

use crate::error::Error;
use crate::model::config::check_prefix;
use crate::protocol::{Beginning, Command, Event, Stretch, Summary, TextChoice};
use crate::ui::browser;
use crate::ui::checkpoints::saved::{FIRST_REQUEST, Moment, Newest, Purpose, Record, Saved};
use crate::ui::checkpoints::storage::{self, Storage};
use crate::ui::page::Page;
use crate::ui::runs::run::Run;
use crate::ui::runs::state::{RunState, Status};
use crate::ui::settings::file::Chosen;
use crate::ui::worker::link::message;

/// The program that goes on with a checkpoint, beside the page.
pub const PYTORCH_SCRIPT: &str = "continue_in_pytorch.py";

/// A download has been taken up after this time, and its bytes can go.
const TAKEN_UP: Duration = Duration::from_secs(60);

/// What the storage is to do, one thing after the other.
pub enum Order {
    Keep { newest: Newest, replaces: Option<String>, text: Option<Arc<TextChoice>> },
    Forget(Vec<String>),
    Fetch(Record, Purpose),
}

/// Opens the storage for this page, and begins to save: also when the page may be gone soon.
pub fn start(page: Page) {
    let (sender, orders) = unbounded();
    page.orders.set_value(Some(sender));
    let life = StoredValue::new_local(storage::live_as(&page.id()));
    let hidden = window_event_listener_untyped("visibilitychange", move |_| {
        if document().hidden() {
            page.save(&Moment::Rest);
        }
    });
    let put_by = window_event_listener_untyped("pagehide", move |_| {
        page.save(&Moment::Rest);
        if let Some(end) = life.try_update_value(Option::take).flatten() {
            let _ = end.call0(&JsValue::UNDEFINED);
        }
    });
    let back = window_event_listener_untyped("pageshow", move |_| {
        life.update_value(|life| *life = life.take().or_else(|| storage::live_as(&page.id())));
    });
    on_cleanup(move || [hidden, put_by, back].into_iter().for_each(|listener| listener.remove()));
    spawn_local(obey(page, page.id(), orders));
}

/// Obeys orders, and after each of them tells what is saved now.
async fn obey(page: Page, id: String, mut orders: UnboundedReceiver<Order>) {
    let storage = Storage::open().await;
    let mut next = None;
    loop {
        if let Some(order) = next {
            let outcome = match &storage {
                Ok(storage) => carry_out(page, storage, order).await,
                Err(why) => without_storage(page, order, why),
            };
            // The page may be gone, and its state with it.
            let told = page.saved.try_update(|saved| saved.trouble = outcome.err());
            if told.is_none() {
                return;
            }
        }
        if let Ok(storage) = &storage {
            let surplus = look(page, &id, storage).await;
            if !surplus.is_empty() && storage.forget(&surplus).await.is_ok() {
                look(page, &id, storage).await;
            }
        }
        next = orders.next().await;
        if next.is_none() {
            return;
        }
    }
}

/// Carries out an order; an error is why a run is not saved.
async fn carry_out(page: Page, storage: &Storage, order: Order) -> Result<(), String> {
    match order {
        Order::Keep { newest: Newest { record, file }, replaces, text } => {
            storage.keep(&record, &file, replaces.as_deref(), text.as_deref()).await?;
            if text.is_some() {
                page.own.stored.try_update_value(|stored| *stored = record.summary.text);
            }
        }
        Order::Forget(ids) => storage.forget(&ids).await?,
        Order::Fetch(record, purpose) => match storage.file(&record.id).await? {
            Some(file) => {
                let text = if record.own_text.is_some() { storage.text(&record.summary.text).await? } else { None };
                page.use_checkpoint(Newest { record, file: Arc::new(file) }, purpose, text.map(Arc::new));
            }
            None => {
                _ = page.saved.try_update(|saved| saved.refusal = Some(Error::CheckpointGone));
            }
        },
    }
    Ok(())
}

/// Without a storage, only that a run is not saved is worth a word.
fn without_storage(page: Page, order: Order, why: &str) -> Result<(), String> {
    let before = page.saved.try_with_untracked(|saved| saved.trouble.clone()).flatten();
    match (order, before) {
        (Order::Keep { .. }, _) => Err(why.to_owned()),
        (_, Some(why)) => Err(why),
        (_, None) => Ok(()),
    }
}

/// Tells what is saved and trained by no other page that is open; gives what is too much of it.
async fn look(page: Page, id: &str, storage: &Storage) -> Vec<String> {
    let Ok(mut records) = storage.records().await else { return Vec::new() };
    let living = storage::living().await;
    records.retain(|record| record.page == id || !living.contains(&record.page));
    page.saved.try_update(|saved| saved.found(records)).unwrap_or_default()
}

impl Page {
    /// Takes in what the worker says of checkpoints; gives back any other event.
    pub(in crate::ui) fn hear_of_checkpoints(&self, event: Event) -> Option<Event> {
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
        let record = self.state.with_untracked(|s| {
            s.live().map(|run| Record {
                id: String::new(),
                page: self.id(),
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
            return self.use_checkpoint(Newest { record, file: Arc::new(file) }, purpose, None);
        }
        // Once is enough, for a text can be long.
        let is_stored = self.own.stored.with_value(|stored| *stored == record.summary.text);
        let text = self.own.of_run().filter(|_| record.own_text.is_some() && !is_stored);
        if let Some((newest, replaces)) = self.saved.try_update(|saved| saved.keep(record, file)).flatten() {
            self.order(Order::Keep { newest, replaces, text });
        }
    }

    /// Goes on with a checkpoint here, or gives it to the visitor.
    fn use_checkpoint(&self, newest: Newest, purpose: Purpose, text: Option<Arc<TextChoice>>) {
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
    pub(in crate::ui) fn save(&self, moment: &Moment) {
        if *moment == Moment::Failed {
            if !self.state.with_untracked(RunState::attached) {
                self.saved.update(Saved::leave);
            }
            return;
        }
        if self.orders.try_with_value(Option::is_some) != Some(true) {
            return; // nobody keeps anything
        }
        let reached = self.state.with_untracked(|s| s.live().map(|run| (run.finished_epochs(), run.marks.len())));
        let due = reached
            .and_then(|reached| self.saved.try_update(|saved| saved.due(moment, reached, Date::now())).flatten());
        if let Some(request) = due {
            self.send(Command::Checkpoint { request });
        }
    }

    /// The visitor wants the present run's checkpoint.
    pub fn ask_checkpoint(&self, purpose: Purpose) {
        let request = self.saved.try_update(|saved| {
            saved.refusal = None;
            saved.ask(purpose)
        });
        self.send(Command::Checkpoint { request: request.unwrap_or_default() });
    }

    /// The visitor wants a checkpoint that is saved: to go on with it (to keep it under way), or as a file.
    pub fn fetch(&self, record: Record, purpose: Purpose) {
        match self.saved.with_untracked(|saved| saved.in_memory(&record.id)) {
            Some(newest) => self.use_checkpoint(newest, purpose, self.own.of_run()),
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
        let lost = self.state.with_untracked(|state| state.worker_lost);
        if !lost && !self.state.with_untracked(RunState::can_train) {
            return;
        }
        self.open(&Run::new(0, newest.record.summary.config, &newest.record.start(None), 0));
        if let Some(prefix) = newest.record.summary.prefix.clone().filter(|prefix| check_prefix(prefix).is_ok()) {
            self.prefix.set(prefix);
        }
        self.pinned.set(None);
        self.saved.update(|saved| saved.begin(new_id(), Some(newest.clone()), Date::now()));
        if lost {
            self.restart_worker();
        }
        self.bring_text(text);
        self.send_on(newest, None);
    }

    fn send_on(&self, Newest { record, file }: Newest, continues: Option<u32>) {
        let config = record.summary.config;
        let run = self.state.try_update(|state| state.begin_from(config, record.start(continues))).unwrap_or_default();
        let beginning = Beginning { checkpoint: Some(file.to_vec()), ..Beginning::default() };
        let prefix = record.summary.prefix.unwrap_or_else(|| self.prefix.get_untracked());
        self.send(Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole });
    }

    /// The worker is lost, with what it was doing: another goes on from the newest checkpoint, or the page asks.
    pub(in crate::ui) fn after_loss(&self, before: Status, error: Error) {
        let training = before == Status::Training;
        let Some(newest) = self.saved.try_update(|saved| saved.lose_worker(training)).flatten() else { return };
        let page = *self;
        let why = match error {
            Error::WorkerBroke(why) | Error::WorkerStopped(why) | Error::WorkerUnknown(why) => why,
            error => error.to_string(),
        };
        // Not in the midst of the lost worker's own last word.
        set_timeout(
            move || {
                let told = page.saved.try_update(|saved| saved.restarted = Some((newest.record.summary.epoch, why)));
                if told.is_some() {
                    let continues = page.state.with_untracked(|state| state.shown);
                    let chosen = page.restart_worker();
                    page.bring_text(page.own.of_run());
                    page.send_on(newest, Some(continues));
                    page.choose_again(chosen);
                }
            },
            Duration::ZERO,
        );
    }

    /// A run is asked for, which begins anew.
    pub(in crate::ui) fn begin_keeping(&self) {
        self.saved.update(|saved| saved.begin(new_id(), None, Date::now()));
        self.own.begin_run();
    }

    /// The run is given up on purpose.
    pub(in crate::ui) fn stop_keeping(&self) {
        let finished = self.state.with_untracked(|state| state.status == Status::Finished);
        let ids = self.saved.try_update(|saved| saved.give_up(finished)).unwrap_or_default();
        if !ids.is_empty() {
            self.order(Order::Forget(ids));
        }
    }

    /// Reads a checkpoint file and has the worker say what it is of.
    pub fn open_checkpoint(&self, file: Option<File>) {
        let Some(file) = file else { return self.saved.update(|saved| saved.opened = None) };
        let name = file.name();
        let chosen = Chosen::named(name.clone(), file.size() as u64);
        let failed = chosen.error().is_some();
        let request = self.saved.try_update(|saved| saved.open(chosen)).unwrap_or_default();
        if failed {
            return;
        }
        let page = *self;
        spawn_local(async move {
            let read = JsFuture::from(file.array_buffer()).await;
            let bytes = read.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| message(&error));
            let file = page.saved.try_update(|saved| saved.read(request, Chosen::read(name, bytes))).flatten();
            if let Some(file) = file {
                page.send(Command::Examine { request, file });
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
pub fn new_id() -> String {
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
