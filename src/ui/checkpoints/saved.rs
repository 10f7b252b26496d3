//! The state of checkpoints: when to save the current run, which runs are in the browser's storage, the file that the
//! visitor opened, and how often a lost worker was replaced. `keeping.rs` acts on it.

use std::sync::Arc;

use super::record::Record;
use super::trouble::Trouble;
use crate::error::Error;
use crate::model::Config;
use crate::protocol::{Event, Summary, TextChoice};
use crate::ui::runs::run::Position;
use crate::ui::settings::file::Chosen;

/// Milliseconds from the start of a run to its first save. Each later save takes twice as long as the one before.
pub const SOON: f64 = 1000.0;

/// The most milliseconds between saves of a run at the ends of epochs, unless a save takes long.
pub const EVERY: f64 = 10_000.0;

/// The distance to the next save is at least this many times what the last one took.
const SPARING: f64 = 10.0;

/// Number of runs that stay in the storage: unfinished ones first, then the newest.
pub const KEPT: usize = 6;

/// Number of times a worker is replaced automatically without a save in between; then the page asks.
pub const MOST_RESTARTS: u32 = 2;

/// The first request number for checkpoints; those for continuations start at 1.
pub const FIRST_REQUEST: u32 = 1 << 31;

/// What a checkpoint was requested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be kept in memory and in the browser's storage, or resumed from there.
    Keep,
    Download,
    /// To be downloaded with the script that continues it in PyTorch.
    PyTorch,
}

/// An order to the storage.
pub enum Order {
    Keep { newest: Newest, replaces: Option<String>, text: Option<Arc<TextChoice>> },
    Forget(Vec<String>),
    Fetch(Record, Purpose),
}

/// An event at which the page may save the run, or deal with the saved one.
#[derive(Debug, Clone, PartialEq)]
pub enum Occasion {
    EpochEnd,
    /// The run is paused or finished, or the page may be closed soon.
    Rest,
    /// The run failed.
    Failed,
    /// The worker is lost.
    Broken(Error),
}

impl Occasion {
    /// The occasion after an event, if it is one.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Epochs { .. } => Some(Self::EpochEnd),
            Event::Paused { .. } | Event::Lost { .. } | Event::Diverged { .. } | Event::Finished { .. } => {
                Some(Self::Rest)
            }
            Event::Failed { run: Some(_), .. } => Some(Self::Failed),
            Event::Broken { error } => Some(Self::Broken(error.clone())),
            _ => None,
        }
    }
}

/// The current run's ids in the storage.
#[derive(Debug, Clone, PartialEq)]
struct CurrentRun {
    id: String,
    /// The record that it resumed from, which its first save replaces.
    resumed_from: Option<String>,
}

/// A checkpoint with its file; the newest one also stays in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub record: Record,
    pub file: Arc<Vec<u8>>,
}

/// A checkpoint file that the visitor chose, and the worker's answer about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub file: Chosen,
    request: u32,
    pub answer: Option<Result<Summary, Error>>,
}

/// The state of checkpoints.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Saved {
    /// The stored runs that no other page is training.
    records: Vec<Record>,
    current: Option<CurrentRun>,
    newest: Option<Newest>,
    /// The requests that are not answered yet.
    asked: Vec<(u32, Purpose)>,
    requests: u32,
    /// Where the run was at its last save.
    saved_at: Position,
    /// Time of that save, or of the run's start, in milliseconds.
    since: f64,
    /// Milliseconds from then to the next.
    distance: f64,
    restarts: u32,
    /// Whether the storage has been read, if there is one.
    pub is_listed: bool,
    /// The epoch from which a new worker resumed the run, and why the previous one was lost.
    pub restarted: Option<(u32, String)>,
    /// Why runs are not stored.
    pub trouble: Option<Trouble>,
    /// Why a checkpoint that the visitor asked for is not available.
    pub refusal: Option<Error>,
    pub opened: Option<Opened>,
}

impl Saved {
    /// A run starts, from a checkpoint if `from` is one.
    pub fn begin(&mut self, id: String, from: Option<Newest>, now: f64) {
        let resumed_from = from.as_ref().map(|newest| newest.record.id.clone());
        self.leave();
        let epoch = from.as_ref().map_or(0, |newest| newest.record.summary.epoch);
        self.saved_at = Position { epoch, changed: None };
        self.newest = from.map(|newest| Newest { record: Record { id: id.clone(), ..newest.record }, ..newest });
        self.current = Some(CurrentRun { id, resumed_from });
        self.since = now;
        self.distance = SOON;
        self.restarts = 0;
        self.restarted = None;
        self.opened = None;
        self.refusal = None;
    }

    /// The run or its worker has ended: its checkpoint stays, and is offered if the run is not finished.
    pub fn leave(&mut self) {
        self.current = None;
        self.asked.retain(|(_, purpose)| *purpose != Purpose::Keep);
    }

    /// The visitor resets the run. Returns the ids to delete: none for a finished run, nor a finished one that it has
    /// resumed and not replaced yet.
    pub fn abandon(&mut self, finished: bool) -> Vec<String> {
        let current = self.current.take().filter(|_| !finished);
        if current.is_some() {
            self.newest = None;
        }
        self.leave();
        self.restarted = None;
        let ids = current.into_iter().flat_map(|run| [Some(run.id), run.resumed_from]).flatten();
        let is_kept = |id: &String| self.records.iter().any(|record| record.id == *id && record.is_finished());
        let ids: Vec<String> = ids.filter(|id| !is_kept(id)).collect();
        self.records.retain(|record| !ids.contains(&record.id));
        ids
    }

    /// Records a request for a checkpoint; returns its number.
    pub fn ask(&mut self, purpose: Purpose) -> u32 {
        let request = self.next_request();
        self.asked.push((request, purpose));
        request
    }

    fn next_request(&mut self) -> u32 {
        self.requests += 1;
        FIRST_REQUEST + self.requests
    }

    /// Requests a checkpoint, if one is due on this occasion for a run at this position. Returns the request's number.
    pub fn due(&mut self, occasion: &Occasion, position: Position, now: f64) -> Option<u32> {
        let is_time = *occasion == Occasion::Rest || now - self.since >= self.distance;
        if self.current.is_none() || !is_time || position.epoch == 0 || position == self.saved_at {
            return None;
        }
        self.saved_at = position;
        self.since = now;
        self.distance = (2.0 * self.distance).min(EVERY);
        Some(self.ask(Purpose::Keep))
    }

    /// Whether a save has not been answered yet.
    pub fn is_saving(&self) -> bool {
        self.asked.iter().any(|(_, purpose)| *purpose == Purpose::Keep)
    }

    /// The purpose of an answered request; `None` if it has lapsed. A refused save is due again.
    pub fn answered(&mut self, request: u32, succeeded: bool) -> Option<Purpose> {
        let index = self.asked.iter().position(|asked| asked.0 == request)?;
        let (_, purpose) = self.asked.remove(index);
        if purpose == Purpose::Keep && !succeeded {
            self.saved_at = Position::default();
        }
        Some(purpose)
    }

    /// Keeps a checkpoint of the current run in memory. Returns it for the storage, with the id of the record that it
    /// replaces.
    pub fn keep(&mut self, record: Record, file: Vec<u8>) -> Option<(Newest, Option<String>)> {
        let current = self.current.as_ref()?;
        // A save holds all epochs, so that of a long run may take long.
        self.distance = self.distance.max(SPARING * (record.saved - self.since));
        let newest = Newest { record: Record { id: current.id.clone(), ..record }, file: Arc::new(file) };
        self.newest = Some(newest.clone());
        self.restarts = 0;
        Some((newest, current.resumed_from.clone()))
    }

    /// The worker is lost. Returns the checkpoint to resume from automatically: only if the worker was training, and at
    /// most [`MOST_RESTARTS`] times.
    pub fn lose_worker(&mut self, was_training: bool) -> Option<Newest> {
        let newest = self.newest.clone().filter(|_| self.current.is_some());
        if was_training && self.restarts < MOST_RESTARTS && newest.is_some() {
            self.restarts += 1;
            self.asked.clear();
            return newest;
        }
        self.leave();
        None
    }

    /// Takes the stored runs that no other open page trains, oldest first. Returns the ids to evict beyond [`KEPT`].
    pub fn found(&mut self, records: Vec<Record>) -> Vec<String> {
        let (finished, mut records): (Vec<_>, Vec<_>) = records.into_iter().rev().partition(Record::is_finished);
        records.extend(finished);
        let others = records.iter().filter(|record| !self.is_current(&record.id));
        let surplus = others.skip(KEPT).map(|record| record.id.clone()).collect();
        self.records = records;
        surplus
    }

    /// Whether this record is the current run's.
    fn is_current(&self, id: &str) -> bool {
        self.current.as_ref().is_some_and(|run| run.id == id || run.resumed_from.as_deref() == Some(id))
    }

    /// The unfinished runs that no page trains, newest first.
    pub fn offers(&self) -> Vec<Record> {
        let newest = self.newest.as_ref().map(|newest| &newest.record);
        let only_in_memory = newest.filter(|newest| self.records.iter().all(|record| record.id != newest.id));
        let all = only_in_memory.into_iter().chain(&self.records);
        all.filter(|record| !record.is_finished() && !self.is_current(&record.id)).cloned().collect()
    }

    /// Whether a run of these settings is offered, or the storage is still to say.
    pub fn may_offer(&self, form: &Config) -> bool {
        !self.is_listed || self.offers().iter().any(|record| record.is_of(form))
    }

    /// The finished runs.
    pub fn finished(&self) -> Vec<Record> {
        self.records.iter().filter(|record| record.is_finished()).cloned().collect()
    }

    /// The checkpoint of this id, if it is in memory.
    pub fn in_memory(&self, id: &str) -> Option<Newest> {
        self.newest.clone().filter(|newest| newest.record.id == id)
    }

    /// Drops the checkpoint of this id from memory and from the list.
    pub fn forget(&mut self, id: &str) {
        self.records.retain(|record| record.id != id);
        self.newest = self.newest.take().filter(|newest| newest.record.id != id);
    }

    /// The visitor chose a file, which is being read. Returns the number of the choice.
    pub fn open(&mut self, file: Chosen) -> u32 {
        let request = self.next_request();
        self.opened = Some(Opened { file, request, answer: None });
        request
    }

    /// The file was read. Returns its bytes for the worker to examine, unless another was chosen since.
    pub fn read(&mut self, request: u32, file: Chosen) -> Option<Vec<u8>> {
        let opened = self.opened.as_mut().filter(|opened| opened.request == request)?;
        opened.file = file;
        opened.file.bytes()
    }

    /// The text has changed, so that the answer about the chosen file may change too. Returns the number of another
    /// request, and the file's bytes for the worker.
    pub fn examine_again(&mut self) -> Option<(u32, Vec<u8>)> {
        let file = self.opened.as_ref()?.file.bytes()?;
        let request = self.next_request();
        self.opened = self.opened.take().map(|opened| Opened { request, answer: None, ..opened });
        Some((request, file))
    }

    /// The worker's answer about the chosen file.
    pub fn examined(&mut self, request: u32, answer: Result<Summary, Error>) {
        if let Some(opened) = self.opened.as_mut().filter(|opened| opened.request == request) {
            opened.answer = Some(answer);
        }
    }
}

impl Opened {
    /// The checkpoint, once the worker has accepted it. Its origin is unknown, so it counts as started from a file.
    pub fn checkpoint(&self) -> Option<Newest> {
        let (Chosen::File { name, bytes }, Some(Ok(summary))) = (&self.file, &self.answer) else { return None };
        let record = Record {
            id: String::new(),
            page: String::new(),
            saved: 0.0,
            name: name.trim_end_matches(".safetensors").to_owned(),
            from_file: true,
            own_text: None,
            is_books: false,
            summary: summary.clone(),
        };
        Some(Newest { record, file: bytes.clone() })
    }
}

#[cfg(test)]
mod tests;
