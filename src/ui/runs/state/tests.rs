//! The state after events that are in order, late or missing.

mod failures;

use super::*;
use crate::protocol::{Lap, Progress, Sample, TextFacts};
use crate::ui::language::ENGLISH;
use crate::ui::runs::curve::Point;

fn curve(state: &RunState) -> Vec<Point> {
    state.live().map(|run| run.curve.clone()).unwrap_or_default()
}

fn samples(state: &RunState) -> usize {
    state.live().map_or(0, |run| run.samples.len())
}

fn untrained(state: &RunState) -> Option<Sample> {
    state.live().and_then(|run| run.untrained.clone())
}

fn sample(text: &str) -> Sample {
    Sample { prefix: "time".into(), text: text.into(), unknown: Vec::new() }
}

fn epoch(run: u32, epoch: u32, perplexity: f64) -> Event {
    let report = EpochReport {
        epoch,
        perplexity,
        loss: perplexity.ln(),
        grad_norms: vec![1.0; 4],
        tokens_per_second: 1500.0,
        validation: None,
        sample: sample("time and"),
    };
    Event::Epochs { run, reports: vec![report] }
}

/// Epochs that the worker has sent together.
fn epochs(run: u32, numbers: std::ops::RangeInclusive<u32>) -> Event {
    let reports = numbers.flat_map(|number| match epoch(run, number, f64::from(number)) {
        Event::Epochs { reports, .. } => reports,
        _ => unreachable!(),
    });
    Event::Epochs { run, reports: reports.collect() }
}

fn text() -> Event {
    text_of(true)
}

fn text_of(is_books: bool) -> Event {
    let name = "a test’s edition".into();
    Event::Text { facts: TextFacts { name, is_books, tokens: 100, vocabulary: 28, ..TextFacts::default() } }
}

/// An error that is distinguishable from others.
fn gpu(what: &str) -> Error {
    Error::Gpu(what.into())
}

fn device() -> Event {
    Event::Device { name: "a test’s GPU".into(), race: Vec::new() }
}

fn started(run: u32) -> Event {
    Event::Started { run, minibatches: 4, bytes: 9 << 20 }
}

fn finished(run: u32) -> Event {
    let report = FinalReport {
        epochs: 500,
        perplexity: 1.03,
        tokens_per_second: 1234.0,
        device: "a test’s GPU".into(),
        samples: vec![sample("time traveller")],
    };
    Event::Finished { run, report }
}

fn after(events: impl IntoIterator<Item = Event>) -> RunState {
    let mut state = RunState::default();
    state.apply(Event::Ready);
    for event in events {
        state.apply(event);
    }
    state
}

fn training() -> RunState {
    let mut state = after([text(), device()]);
    let run = state.begin(Config::default(), &StartFrom::default());
    state.apply(started(run));
    state.apply(epoch(run, 1, 24.0));
    state
}

#[test]
fn it_loads_until_text_and_device_are_there_in_any_order() {
    assert_eq!(after([text()]).status, Status::Loading);
    assert_eq!(after([device()]).status, Status::Loading);
    assert_eq!(after([text(), device()]).status, Status::Idle);
    assert_eq!(after([device(), text()]).status, Status::Idle);
    assert!(!after([text()]).can_train());
}

#[test]
fn a_run_loads_trains_pauses_and_finishes() {
    let mut state = after([text(), device()]);
    assert!(state.can_train() && !state.can_reset());
    let run = state.begin(Config::default(), &StartFrom::default());
    assert_eq!(state.status, Status::Loading);
    assert!(!state.can_train() && state.can_reset());
    state.apply(started(run));
    assert_eq!((state.status, state.epochs()), (Status::Training, 500));
    state.apply(Event::Untrained { run, sample: sample("timeqqq") });
    let none_yet = Progress { epoch: 0, minibatch: 0, tokens_per_second: 0.0, seconds_left: 0.0 };
    state.apply(Event::Progress { run, progress: none_yet });
    assert_eq!((state.figures.tokens_per_second, state.figures.seconds_left), (None, None));
    state.apply(epoch(run, 1, 24.0));
    let progress = Progress { epoch: 1, minibatch: 2, tokens_per_second: 1600.0, seconds_left: 60.0 };
    state.apply(Event::Progress { run, progress });
    assert_eq!((state.figures.tokens_per_second, state.figures.seconds_left), (Some(1600.0), Some(60.0)));
    assert!((state.done() - 1.5 / 500.0).abs() < 1e-12);
    state.apply(Event::Paused { run });
    assert_eq!(state.status, Status::Paused);
    state.apply(Event::Resumed { run });
    assert_eq!(state.status, Status::Training);
    state.apply(finished(run));
    assert_eq!((state.status, state.figures.perplexity), (Status::Finished, Some(1.03)));
    assert_eq!(curve(&state), [(1, 24.0)]);
    assert_eq!(untrained(&state), Some(sample("timeqqq")), "the untrained sample stays, for comparison");
    assert!((state.done() - 1.0).abs() < 1e-12);
    assert!(state.can_train());
}

#[test]
fn epochs_that_come_together_are_all_kept_and_drawn_once() {
    let mut state = training();
    let drawn = state.drawn;
    state.apply(epochs(1, 2..=5000));
    assert_eq!((state.drawn, state.figures.epoch, state.figures.perplexity), (drawn + 1, 5000, Some(5000.0)));
    assert_eq!((curve(&state).len(), samples(&state)), (5000, 5000));
    assert_eq!(state.live().and_then(|run| run.perplexity(4321)), Some(4321.0));
    state.apply(Event::Epochs { run: 1, reports: Vec::new() });
    assert_eq!(state.figures.epoch, 5000);
    state.apply(epochs(7, 5001..=5002));
    assert_eq!(state.figures.epoch, 5000, "of another run");
}

#[test]
fn late_events_of_another_run_are_ignored() {
    let mut state = training();
    let before = state.clone();
    let untrained = Event::Untrained { run: 7, sample: sample("timeqqq") };
    for event in [untrained, epoch(7, 2, 1.0), Event::Paused { run: 7 }, finished(0), started(2)] {
        state.apply(event);
    }
    state.apply(Event::Failed { run: Some(9), error: gpu("late") });
    assert_eq!(state, before);
}

#[test]
fn a_reset_discards_the_run_and_its_late_events() {
    let mut state = training();
    state.apply(Event::Untrained { run: 1, sample: sample("timeqqq") });
    state.reset();
    assert_eq!((state.status, untrained(&state)), (Status::Idle, None));
    assert!(curve(&state).is_empty() && samples(&state) == 0 && state.figures.perplexity.is_none());
    state.apply(epoch(1, 2, 20.0));
    assert!(curve(&state).is_empty());
    let second = state.begin(Config::default(), &StartFrom::default());
    assert_eq!(second, 2);
    state.apply(Event::Idle);
    assert_eq!(state.status, Status::Loading, "the answer to the reset does not cancel the next run");
    state.apply(started(second));
    assert_eq!(state.status, Status::Training);
}

#[test]
fn only_the_books_text_is_compared_with_the_books_curve() {
    for is_books in [true, false] {
        let mut state = after([text_of(is_books), device()]);
        let run = state.begin(Config::default(), &StartFrom::default());
        state.apply(started(run));
        assert_eq!(state.comparison(&ENGLISH), None, "not before the end");
        state.apply(finished(run));
        assert_eq!(state.reference().is_some(), is_books);
        let told = state.comparison(&ENGLISH).unwrap();
        assert_eq!(told.contains("PyTorch"), is_books, "{told}");
        assert!(told.contains("times the speed"), "{told}");
    }
}

#[test]
fn only_the_books_origin_is_compared_with_the_books_curve() {
    let file = StartFrom { parameters: Some(vec![]), ..StartFrom::default() };
    let offset = StartFrom { window_offset: Some(0), ..StartFrom::default() };
    for start in [file, offset] {
        let mut state = training();
        assert!(state.reference().is_some());
        state.apply(finished(1));
        let run = state.begin(Config::default(), &start);
        assert!(state.reference().is_some(), "the curve on show is still the first run's");
        state.apply(started(run));
        state.apply(finished(run));
        assert!(state.reference().is_none());
        let told = state.comparison(&ENGLISH).unwrap();
        assert!(told.contains("times the speed") && !told.contains("PyTorch"), "{told}");
        let run = state.begin(Config::default(), &StartFrom::default());
        state.apply(started(run));
        assert!(state.reference().is_some());
    }
}

#[test]
fn runs_with_an_epoch_are_kept() {
    let mut state = training();
    state.apply(finished(1));
    let run = state.begin(Config { hidden: 64, ..Config::default() }, &StartFrom::default());
    state.apply(started(run));
    state.reset();
    assert_eq!(state.runs.iter().map(|run| run.number).collect::<Vec<_>>(), [1], "the second has no epoch");
    assert_eq!((state.live(), state.status), (None, Status::Idle));
    let run = state.begin(Config::default(), &StartFrom::default());
    state.apply(started(run));
    state.apply(epoch(run, 1, 20.0));
    assert_eq!(state.runs.iter().map(|run| (run.number, run.colour)).collect::<Vec<_>>(), [(1, 0), (3, 1)]);
    let drawn = state.drawn;
    state.show(1, false);
    state.rename(1, "mine".into());
    state.delete(3);
    assert_eq!(state.runs.len(), 2, "the current run is not deleted");
    assert_eq!((state.runs[0].visible, state.runs[0].name.as_str(), state.drawn), (false, "mine", drawn + 2));
    state.delete(1);
    assert_eq!(state.runs.len(), 1);
}

#[test]
fn a_reset_keeps_device_and_race_together() {
    let mut state = after([text()]);
    let race = vec![Lap { name: "a test’s GPU".into(), tokens_per_second: Some(1e6) }];
    state.apply(Event::Device { name: "a test’s GPU".into(), race: race.clone() });
    let run = state.begin(Config::default(), &StartFrom::default());
    state.apply(started(run));
    state.reset();
    assert_eq!((state.worker.device.as_deref(), &state.worker.race), (Some("a test’s GPU"), &race));
    state.apply(Event::Broken { error: gpu("It stopped.") });
    state.reset();
    assert_eq!((state.worker.device, state.worker.race), (None, vec![]));
}

#[test]
fn hyperparameters_change_in_mid_run_and_other_settings_need_a_new_run() {
    let mut state = training();
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 2.0 };
    let form = Config { lr: 0.5, clip: 2.0, hidden: 64, ..Config::default() };
    assert_eq!(state.needs_new_run(&form, None), ["hidden"]);
    assert_eq!(state.needs_new_run(&form, Some(3)), ["hidden", "window-offset"]);
    assert!(state.reference().is_some());
    state.apply(Event::HyperparametersSet { run: 1, epoch: 1, minibatch: 2, hyperparameters });
    assert_eq!((state.hyperparameters(), state.live().unwrap().marks.len()), (Some(hyperparameters), 1));
    assert!(state.reference().is_none(), "it is not the book’s any more");
    state.apply(Event::HyperparametersRefused { error: gpu("no") });
    assert_eq!((state.status, &state.refusal), (Status::Training, &Some(gpu("no"))));
    state.apply(finished(1));
    assert_eq!((state.hyperparameters(), state.needs_new_run(&form, None)), (None, vec!["hidden"]));
    state.reset();
    assert!(state.needs_new_run(&form, None).is_empty(), "there is no run");
}

#[test]
fn a_finished_run_goes_on_to_more_epochs() {
    let mut state = training();
    state.apply(finished(1));
    let form = |epochs| Config { epochs, lr: 0.5, ..Config::default() };
    let offered = [499, 500, 501].map(|epochs| state.longer(&form(epochs), None));
    assert_eq!(offered, [None, None, Some(501)]);
    assert_eq!(state.longer(&form(501), Some(3)), None, "other windows");
    assert_eq!(state.longer(&Config { hidden: 64, ..form(501) }, None), None, "another network");
    state.apply(Event::Opened { run: 1, config: Config { epochs: 501, ..Config::default() }, reports: vec![] });
    state.apply(Event::Resumed { run: 1 });
    assert_eq!((state.status, state.epochs(), curve(&state)), (Status::Training, 501, vec![(1, 24.0)]));
    assert!(state.live().unwrap().report.is_none() && state.runs.len() == 1);
}

#[test]
fn the_network_is_the_runs_until_it_ends() {
    let mut state = training();
    let own = TextFacts { name: "mine".into(), own: true, vocabulary: 40, ..TextFacts::default() };
    state.apply(Event::Text { facts: own });
    let vocabulary = |state: &RunState| state.network().map(|(config, text)| (config.hidden, text.vocabulary));
    assert_eq!(vocabulary(&state), Some((512, 28)));
    state.apply(finished(1));
    assert_eq!(vocabulary(&state), Some((512, 28)));
    state.apply(Event::Failed { run: Some(1), error: gpu("lost") });
    assert_eq!(vocabulary(&state), None);
}

/// A network that came with the page is shown, and is no run of the visitor's: the page stays idle, its figures empty.
#[test]
fn a_network_trained_before_is_shown_while_the_page_is_idle() {
    let trained = || Origin { is_trained: true, ..Origin::default() };
    let mut state = after([text(), device()]);
    state.begin_from(Config::default(), trained());
    let cpu = Event::Device { name: "CPU".into(), race: Vec::new() };
    for event in [cpu, started(1), epochs(1, 1..=300), finished(1)] {
        state.apply(event);
        assert!(state.can_train() && state.status == Status::Idle);
    }
    assert_eq!((state.figures, state.epochs(), state.done()), (Figures::default(), 0, 0.0));
    assert_eq!((curve(&state).len(), state.own(), state.network(), state.reference()), (300, None, None, None));
    assert_eq!(state.worker.device.as_deref(), Some("a test’s GPU"));
    assert_eq!(state.live().unwrap().device, None, "another machine trained it");

    // Another takes its place; one that can't be opened leaves the page as it is.
    state.begin_from(Config::default(), trained());
    state.apply(started(2));
    assert_eq!(state.runs.iter().map(|run| run.number).collect::<Vec<_>>(), [2]);
    state.begin_from(Config::default(), trained());
    state.apply(Event::Failed { run: Some(3), error: Error::OtherText });
    assert!(state.can_train() && state.failure.is_none() && !state.attached());

    let run = state.begin(Config::default(), &StartFrom::default());
    state.apply(started(run));
    assert_eq!((state.status, state.own().map(|run| run.colour)), (Status::Training, Some(0)));
}
