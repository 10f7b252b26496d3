//! What the page knows of checkpoints: when the run under way is to be saved, which runs lie in the browser's storage,
//! the file that the visitor opened, and how often a worker that broke down was replaced. `keeping.rs` acts on it.

use std::sync::Arc;

use super::record::Record;
use super::trouble::Trouble;
use crate::error::Error;
use crate::protocol::{Event, Summary, TextChoice};
use crate::ui::runs::run::Position;
use crate::ui::settings::file::Chosen;

/// After so many milliseconds of training the end of an epoch is saved.
pub const EVERY: f64 = 10_000.0;

/// So many runs stay in the storage, those that are not finished before those that are, the newest first.
pub const KEPT: usize = 6;

/// A worker is replaced by itself so many times without anything saved in between; then the page asks.
pub const MOST_RESTARTS: u32 = 2;

/// Requests about checkpoints are numbered from here on, those of continuations from 1.
pub const FIRST_REQUEST: u32 = 1 << 31;

/// What a checkpoint was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be kept in memory and in the browser's storage.
    Keep,
    Download,
    /// To be downloaded with the script that goes on with it.
    PyTorch,
}

/// What the storage is to do, one thing after the other.
pub enum Order {
    Keep { newest: Newest, replaces: Option<String>, text: Option<Arc<TextChoice>> },
    Forget(Vec<String>),
    Fetch(Record, Purpose),
}

/// What may be a reason to save, or to look after what is saved.
#[derive(Debug, Clone, PartialEq)]
pub enum Occasion {
    EpochEnd,
    /// The run is held or done, or the page may be gone soon.
    Rest,
    /// The run failed.
    Failed,
    /// The worker broke down.
    Broken(Error),
}

impl Occasion {
    /// The moment after an event, if it is one.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Epoch { .. } => Some(Self::EpochEnd),
            Event::Paused { .. } | Event::Lost { .. } | Event::Diverged { .. } | Event::Finished { .. } => {
                Some(Self::Rest)
            }
            Event::Failed { run: Some(_), .. } => Some(Self::Failed),
            Event::Broken { error } => Some(Self::Broken(error.clone())),
            _ => None,
        }
    }
}

/// The run under way as the storage knows it.
#[derive(Debug, Clone, PartialEq)]
struct StoredAs {
    id: String,
    /// The record that it went on from, which its first own one replaces.
    before: Option<String>,
}

/// The last checkpoint, which also stays in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub record: Record,
    pub file: Arc<Vec<u8>>,
}

/// A checkpoint file that the visitor chose, and what the worker says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub file: Chosen,
    request: u32,
    pub answer: Option<Result<Summary, Error>>,
}

/// Checkpoints, as far as the page knows of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Saved {
    /// The runs in the storage that no other page is training.
    records: Vec<Record>,
    place: Option<StoredAs>,
    newest: Option<Newest>,
    asked: Vec<(u32, Purpose)>,
    requests: u32,
    /// Where the run was at its last save.
    reached: Position,
    /// When that was, or when the run began.
    since: f64,
    restarts: u32,
    /// The epoch that a run went on from in another worker, and what became of the one before.
    pub restarted: Option<(u32, String)>,
    /// Why the storage does not take a run.
    pub trouble: Option<Trouble>,
    /// Why a checkpoint that the visitor asked for can't be had.
    pub refusal: Option<Error>,
    pub opened: Option<Opened>,
}

impl Saved {
    /// A run begins; it may go on from a checkpoint, perhaps one in the storage.
    pub fn begin(&mut self, id: String, from: Option<Newest>, now: f64) {
        let before = from.as_ref().map(|newest| newest.record.id.clone());
        self.leave();
        let epoch = from.as_ref().map_or(0, |newest| newest.record.summary.epoch);
        self.reached = Position { epoch, changed: None };
        self.newest = from.map(|newest| Newest { record: Record { id: id.clone(), ..newest.record }, ..newest });
        self.place = Some(StoredAs { id, before });
        self.since = now;
        self.restarts = 0;
        self.restarted = None;
        self.opened = None;
        self.refusal = None;
    }

    /// The run is over, or its worker is: what was saved of it stays, to be offered if it is not finished.
    pub fn leave(&mut self) {
        self.place = None;
        self.asked.retain(|(_, purpose)| *purpose != Purpose::Keep);
    }

    /// The run is given up on purpose. Gives what is to be forgotten: nothing of a finished one.
    pub fn give_up(&mut self, finished: bool) -> Vec<String> {
        let place = self.place.take().filter(|_| !finished);
        if place.is_some() {
            self.newest = None;
        }
        self.leave();
        self.restarted = None;
        place.into_iter().flat_map(|place| [Some(place.id), place.before]).flatten().collect()
    }

    /// Asks for a checkpoint; gives the request's number.
    pub fn ask(&mut self, purpose: Purpose) -> u32 {
        let request = self.number();
        self.asked.push((request, purpose));
        request
    }

    fn number(&mut self) -> u32 {
        self.requests += 1;
        FIRST_REQUEST + self.requests
    }

    /// Asks for a checkpoint if one is due at this moment of a run at this position.
    pub fn due(&mut self, moment: &Occasion, reached: Position, now: f64) -> Option<u32> {
        let is_time = *moment == Occasion::Rest || now - self.since >= EVERY;
        if self.place.is_none() || !is_time || reached.epoch == 0 || reached == self.reached {
            return None;
        }
        self.reached = reached;
        self.since = now;
        Some(self.ask(Purpose::Keep))
    }

    /// What an answer was asked for; nothing if it comes too late. A save that could not be made is due again.
    pub fn answered(&mut self, request: u32, well: bool) -> Option<Purpose> {
        let place = self.asked.iter().position(|asked| asked.0 == request)?;
        let (_, purpose) = self.asked.remove(place);
        if purpose == Purpose::Keep && !well {
            self.reached = Position::default();
        }
        Some(purpose)
    }

    /// Keeps a checkpoint of the run under way in memory; gives it for the storage, with the record that it replaces.
    pub fn keep(&mut self, record: Record, file: Vec<u8>) -> Option<(Newest, Option<String>)> {
        let place = self.place.as_mut()?;
        let newest = Newest { record: Record { id: place.id.clone(), ..record }, file: Arc::new(file) };
        self.newest = Some(newest.clone());
        self.restarts = 0;
        Some((newest, place.before.clone()))
    }

    /// The worker is lost. Gives the checkpoint to go on from by itself, if it was training and this does not happen
    /// again and again.
    pub fn lose_worker(&mut self, was_training: bool) -> Option<Newest> {
        let newest = self.newest.clone().filter(|_| self.place.is_some());
        if was_training && self.restarts < MOST_RESTARTS && newest.is_some() {
            self.restarts += 1;
            self.asked.clear();
            return newest;
        }
        self.leave();
        None
    }

    /// What lies in the storage, the oldest first, and is trained by none of the other pages that are open. Gives the ids
    /// of what is too much of it.
    pub fn found(&mut self, records: Vec<Record>) -> Vec<String> {
        let (finished, mut records): (Vec<_>, Vec<_>) = records.into_iter().rev().partition(Record::is_finished);
        records.extend(finished);
        let own = |record: &Record| self.is_under_way(&record.id);
        let surplus = records.iter().filter(|record| !own(record)).skip(KEPT).map(|record| record.id.clone()).collect();
        self.records = records;
        surplus
    }

    /// Whether this record is of the run under way.
    fn is_under_way(&self, id: &str) -> bool {
        self.place.as_ref().is_some_and(|place| place.id == id || place.before.as_deref() == Some(id))
    }

    /// The runs that are not finished and that nobody trains, the newest first.
    pub fn offers(&self) -> Vec<Record> {
        let newest = self.newest.as_ref().map(|newest| &newest.record);
        let only_in_memory = newest.filter(|newest| self.records.iter().all(|record| record.id != newest.id));
        let all = only_in_memory.into_iter().chain(&self.records);
        all.filter(|record| !record.is_finished() && !self.is_under_way(&record.id)).cloned().collect()
    }

    /// The runs that are finished.
    pub fn finished(&self) -> Vec<Record> {
        self.records.iter().filter(|record| record.is_finished()).cloned().collect()
    }

    /// A checkpoint that is in memory.
    pub fn in_memory(&self, id: &str) -> Option<Newest> {
        self.newest.clone().filter(|newest| newest.record.id == id)
    }

    /// A checkpoint that is forgotten on purpose.
    pub fn forget(&mut self, id: &str) {
        self.newest = self.newest.take().filter(|newest| newest.record.id != id);
    }

    /// The visitor chose a file, which is on its way from the disk. Gives the number of the choice.
    pub fn open(&mut self, file: Chosen) -> u32 {
        let request = self.number();
        self.opened = Some(Opened { file, request, answer: None });
        request
    }

    /// The file of a choice that still stands is read. Gives what the worker is to examine.
    pub fn read(&mut self, request: u32, file: Chosen) -> Option<Vec<u8>> {
        let opened = self.opened.as_mut().filter(|opened| opened.request == request)?;
        opened.file = file;
        opened.file.bytes()
    }

    /// What the worker says of the file that was chosen.
    pub fn examined(&mut self, request: u32, answer: Result<Summary, Error>) {
        if let Some(opened) = self.opened.as_mut().filter(|opened| opened.request == request) {
            opened.answer = Some(answer);
        }
    }
}

impl Opened {
    /// The checkpoint, once the worker has found it good. What a file from elsewhere began with is not known.
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
mod tests {
    use super::*;
    use crate::model::Config;
    use crate::protocol::Hyperparameters;
    use crate::ui::checkpoints::record::tests::record;
    use crate::ui::runs::run::{Mark, Origin, Run};

    /// A run that has begun at 0 s.
    fn begun() -> Saved {
        let mut saved = Saved::default();
        saved.begin("a".into(), None, 0.0);
        saved
    }

    /// A run at the end of this epoch, with its first hyperparameters.
    fn at(epoch: u32) -> Position {
        Position { epoch, changed: None }
    }

    fn ids(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn a_run_is_saved_now_and_then_and_when_it_rests() {
        let mut saved = begun();
        assert_eq!(saved.due(&Occasion::EpochEnd, at(1), EVERY - 1.0), None);
        let first = saved.due(&Occasion::EpochEnd, at(2), EVERY).unwrap();
        assert!(first >= FIRST_REQUEST);
        assert_eq!(saved.due(&Occasion::EpochEnd, at(3), EVERY + 1.0), None);
        assert_eq!(saved.due(&Occasion::Rest, at(2), EVERY + 1.0), None, "nothing new");
        let second = saved.due(&Occasion::Rest, at(3), EVERY + 1.0).unwrap();
        assert_eq!((saved.answered(first, true), saved.answered(first, true)), (Some(Purpose::Keep), None));
        assert_eq!(saved.answered(second, false), Some(Purpose::Keep));
        assert!(saved.due(&Occasion::Rest, at(3), EVERY + 2.0).is_some(), "what was refused is due again");
        assert_eq!(begun().due(&Occasion::Rest, at(0), 2.0 * EVERY), None, "there is no epoch to keep");
        assert_eq!(Saved::default().due(&Occasion::Rest, at(2), 2.0 * EVERY), None, "there is no run");
    }

    #[test]
    fn every_change_of_hyperparameters_is_saved_also_one_that_replaces_another() {
        let (mut saved, mut run) = (begun(), Run::new(1, Config::default(), &Origin::default(), 0));
        run.curve.extend([(1, 9.0), (2, 8.0)]);
        for (epoch, clip) in [(2, 5.0), (2, 4.0), (1, 4.0)] {
            let hyperparameters = Hyperparameters { learning_rate: 1.0, clip };
            run.set_hyperparameters(Mark { epoch, minibatch: 0, hyperparameters });
            assert!(saved.due(&Occasion::Rest, run.position(), 0.0).is_some(), "{epoch}, {clip}");
            assert_eq!(saved.due(&Occasion::Rest, run.position(), 0.0), None, "nothing new");
        }
    }

    #[test]
    fn an_answer_for_a_run_that_was_given_up_comes_too_late() {
        let mut saved = begun();
        let request = saved.due(&Occasion::Rest, at(1), 0.0).unwrap();
        let download = saved.ask(Purpose::Download);
        assert_eq!(saved.give_up(false), ["a"]);
        assert_eq!((saved.answered(request, true), saved.answered(download, true)), (None, Some(Purpose::Download)));
        assert_eq!(saved.keep(record("", 1, 0.0), vec![1]), None);
        assert_eq!(begun().give_up(true), [""; 0], "a finished run stays");
    }

    #[test]
    fn what_is_not_finished_and_trained_by_nobody_is_offered() {
        let mut saved = Saved::default();
        let found = vec![record("old", 3, 1.0), record("new", 4, 2.0), record("done", 20, 9.0)];
        assert_eq!(saved.found(found.clone()), [""; 0]);
        assert_eq!((ids(&saved.offers()), ids(&saved.finished())), (vec!["new", "old"], vec!["done"]));
        let newest = Newest { record: record("new", 4, 2.0), file: Arc::new(vec![7]) };
        saved.begin("a".into(), Some(newest), 0.0);
        assert_eq!(ids(&saved.offers()), ["old"]);
        assert_eq!(saved.due(&Occasion::Rest, at(4), 0.0), None, "that is saved already");
        let (kept, replaces) = saved.keep(record("", 5, 3.0), vec![8]).unwrap();
        assert_eq!((kept.record.id.as_str(), replaces.as_deref()), ("a", Some("new")));
        assert_eq!(saved.give_up(false), ["a", "new"]);
        assert_eq!(ids(&saved.offers()), ["new", "old"], "until the storage has forgotten it");
    }

    #[test]
    fn old_runs_are_tidied_finished_ones_first() {
        let mut saved = begun();
        let mut found: Vec<Record> = (0..7).map(|i| record(&format!("done {i}"), 20, 10.0 + f64::from(i))).collect();
        found.insert(0, record("interrupted", 3, 1.0));
        found.push(record("a", 3, 0.0));
        assert_eq!(saved.found(found), ["done 1", "done 0"]);
    }

    #[test]
    fn a_worker_is_replaced_twice_and_then_the_page_asks() {
        let mut saved = begun();
        assert_eq!(saved.lose_worker(true), None, "nothing to go on from");
        let mut saved = begun();
        saved.keep(record("", 2, 0.0), vec![1]);
        for _ in 0..MOST_RESTARTS {
            assert_eq!(saved.lose_worker(true).unwrap().record.id, "a");
        }
        assert_eq!(saved.lose_worker(true), None);
        assert_eq!(ids(&saved.offers()), ["a"], "from memory, where the storage has nothing");
        let mut saved = begun();
        for epoch in 1..9 {
            saved.keep(record("", epoch, 0.0), vec![1]);
            assert!(saved.lose_worker(true).is_some(), "every time it had gone on a little");
        }
        assert_eq!(saved.lose_worker(false), None, "a run that is held asks");
        assert_eq!(ids(&saved.offers()), ["a"]);
        saved.forget("a");
        assert_eq!(saved.offers(), []);
    }

    #[test]
    fn a_chosen_file_is_examined_and_the_latest_choice_holds() {
        let mut saved = Saved::default();
        let first = saved.open(Chosen::Reading("a".into()));
        let second = saved.open(Chosen::Reading("b.safetensors".into()));
        let read = |name: &str| Chosen::read(name.into(), Ok(vec![5]));
        assert_eq!(saved.read(first, read("a")), None);
        assert_eq!(saved.read(second, read("b.safetensors")), Some(vec![5]));
        let summary = record("", 7, 0.0).summary;
        saved.examined(first, Err(Error::NoRun));
        assert_eq!(saved.opened.as_ref().unwrap().checkpoint(), None);
        saved.examined(second, Ok(summary));
        let checkpoint = saved.opened.as_ref().unwrap().checkpoint().unwrap();
        assert_eq!((checkpoint.record.name.as_str(), checkpoint.file.as_slice()), ("b", &[5][..]));
    }
}
