//! When runs are saved, which are offered, and when a lost worker is replaced.

use super::*;
use crate::model::Config;
use crate::protocol::Hyperparameters;
use crate::ui::checkpoints::record::tests::record;
use crate::ui::runs::run::{Mark, Origin, Run};

/// A run that started at 0 ms.
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
    assert_eq!(saved.due(&Occasion::EpochEnd, at(1), SOON - 1.0), None);
    let first = saved.due(&Occasion::EpochEnd, at(2), SOON).unwrap();
    assert!(first >= FIRST_REQUEST);
    assert_eq!(saved.due(&Occasion::EpochEnd, at(3), SOON + 1.0), None);
    assert_eq!(saved.due(&Occasion::Rest, at(2), SOON + 1.0), None, "nothing new");
    let second = saved.due(&Occasion::Rest, at(3), SOON + 1.0).unwrap();
    assert!(saved.is_saving());
    assert_eq!((saved.answered(first, true), saved.answered(first, true)), (Some(Purpose::Keep), None));
    assert_eq!(saved.answered(second, false), Some(Purpose::Keep));
    assert!(saved.due(&Occasion::Rest, at(3), EVERY + 2.0).is_some(), "what was refused is due again");
    assert_eq!(begun().due(&Occasion::Rest, at(0), 2.0 * EVERY), None, "there is no epoch to keep");
    assert_eq!(Saved::default().due(&Occasion::Rest, at(2), 2.0 * EVERY), None, "there is no run");
}

/// The times at which a run is saved whose epochs take a quarter of a second, and whose saves take `took` milliseconds.
fn times(took: f64) -> Vec<f64> {
    let mut saved = begun();
    let mut now = (1..400).map(|epoch| (epoch, 250.0 * f64::from(epoch)));
    now.by_ref()
        .filter_map(|(epoch, now)| {
            let request = saved.due(&Occasion::EpochEnd, at(epoch), now)?;
            saved.answered(request, true);
            saved.keep(record("", epoch, now + took), vec![1]);
            Some(now / 1000.0)
        })
        .take(6)
        .collect()
}

#[test]
fn a_run_is_saved_soon_and_then_at_growing_distances() {
    assert_eq!(times(10.0), [1.0, 3.0, 7.0, 15.0, 25.0, 35.0]);
    assert_eq!(times(2000.0), [1.0, 21.0, 41.0, 61.0, 81.0], "at most a tenth of the time");
}

#[test]
fn an_interrupted_run_comes_before_a_new_one_of_its_settings() {
    let mut saved = Saved::default();
    let form = Config { hidden: 64, epochs: 20, ..Config::default() };
    assert!(saved.may_offer(&form), "the storage is still to say");
    saved.is_listed = true;
    assert!(!saved.may_offer(&form));
    saved.found(vec![record("a", 3, 0.0), record("done", 20, 0.0)]);
    assert!(saved.may_offer(&form) && !saved.may_offer(&Config { seed: 9, ..form }));
    saved.found(vec![record("done", 20, 0.0)]);
    assert!(!saved.may_offer(&form));
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
fn a_request_lapses_when_its_run_is_reset() {
    let mut saved = begun();
    let request = saved.due(&Occasion::Rest, at(1), 0.0).unwrap();
    let download = saved.ask(Purpose::Download);
    assert_eq!(saved.abandon(false), ["a"]);
    assert_eq!((saved.answered(request, true), saved.answered(download, true)), (None, Some(Purpose::Download)));
    assert_eq!(saved.keep(record("", 1, 0.0), vec![1]), None);
    assert_eq!(begun().abandon(true), [""; 0], "a finished run stays");
    let mut saved = Saved::default();
    saved.found(vec![record("done", 20, 0.0)]);
    saved.begin("a".into(), Some(Newest { record: record("done", 20, 0.0), file: Arc::new(vec![7]) }), 0.0);
    assert_eq!(saved.abandon(false), ["a"], "also one that was to go on");
}

#[test]
fn unfinished_runs_that_no_page_trains_are_offered() {
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
    assert_eq!(saved.abandon(false), ["a", "new"]);
    assert_eq!(ids(&saved.offers()), ["old"], "at once, not only when the storage has forgotten it");
}

#[test]
fn old_runs_are_evicted_finished_ones_first() {
    let mut saved = begun();
    let mut found: Vec<Record> = (0..7).map(|i| record(&format!("done {i}"), 20, 10.0 + f64::from(i))).collect();
    found.insert(0, record("interrupted", 3, 1.0));
    found.push(record("a", 3, 0.0));
    assert_eq!(saved.found(found), ["done 1", "done 0"]);
}

#[test]
fn a_worker_is_replaced_twice_and_then_the_page_asks() {
    let mut saved = begun();
    assert_eq!(saved.lose_worker(true), None, "nothing to resume from");
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
        assert!(saved.lose_worker(true).is_some(), "every time there was progress");
    }
    assert_eq!(saved.lose_worker(false), None, "for a paused run the page asks");
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

#[test]
fn a_chosen_file_is_examined_again_for_another_text() {
    let mut saved = Saved::default();
    assert_eq!(saved.examine_again(), None, "nothing is chosen");
    let first = saved.open(Chosen::Reading("a".into()));
    assert_eq!(saved.examine_again(), None, "it is examined once it is read");
    saved.read(first, Chosen::read("a".into(), Ok(vec![5])));
    saved.examined(first, Err(Error::OtherText));
    let (second, file) = saved.examine_again().unwrap();
    assert_eq!((file, &saved.opened.as_ref().unwrap().answer), (vec![5], &None));
    saved.examined(first, Err(Error::OtherText));
    saved.examined(second, Ok(record("", 7, 0.0).summary));
    assert!(saved.opened.unwrap().checkpoint().is_some(), "an answer about the text before does not count");
}
