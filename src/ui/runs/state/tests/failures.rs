//! What a run's state is after a failure, a divergence, a lost device or a lost worker.

use super::*;

#[test]
fn a_failure_loses_nothing() {
    let mut state = training();
    state.apply(Event::Failed { run: Some(1), error: gpu("The loss is not finite.") });
    assert_eq!(state.status, Status::Failed);
    assert_eq!(state.failure, Some(gpu("The loss is not finite.")));
    assert_eq!((curve(&state).len(), samples(&state)), (1, 1));
    assert!(state.can_train(), "the worker is still there");
    assert_eq!(state.config, None, "its network is not");
    assert_eq!(state.reference().map(|r| r.seeds), Some(4));
    let run = state.begin(Config { hidden: 64, ..Config::default() }, &StartFrom::default());
    assert!(state.failure.is_none());
    assert!(state.reference().is_some(), "the curve on show is still the first run's");
    assert_eq!(curve(&state).len(), 1, "kept until the next run has started");
    state.apply(started(run));
    assert!(curve(&state).is_empty() && state.reference().is_none());
}

#[test]
fn a_failure_from_before_the_run_does_not_end_it() {
    let mut state = after([text(), device()]);
    let run = state.begin(Config::default(), &StartFrom::default());
    let failed = Event::Failed { run: None, error: gpu("Generate failed.") };
    assert!(!state.is_ended_by(&failed));
    state.apply(failed);
    assert_eq!(state.failure, Some(gpu("Generate failed.")));
    state.apply(started(run));
    assert_eq!((state.status, &state.failure), (Status::Training, &None));
}

#[test]
fn without_text_or_device_nothing_trains_and_a_reset_starts_over() {
    let mut state = after([text(), Event::Failed { run: None, error: gpu("no adapter") }]);
    assert_eq!(state.status, Status::Failed);
    assert!(!state.can_train() && state.can_reset() && state.worker.lost);
    state.reset();
    assert_eq!((state.status, state.worker.text.clone()), (Status::Loading, None));
    assert!(!state.worker.lost);
}

#[test]
fn a_lost_worker_keeps_the_curve() {
    let mut state = training();
    state.apply(Event::Broken { error: gpu("The worker stopped.") });
    assert_eq!((state.status, curve(&state).len()), (Status::Failed, 1));
    assert!(!state.can_train() && state.can_reset());
}

#[test]
fn a_lost_workers_late_events_change_nothing() {
    let mut state = training();
    state.apply(Event::Broken { error: gpu("The worker stopped.") });
    let before = state.clone();
    for event in [epoch(1, 2, 20.0), Event::Paused { run: 1 }, Event::Resumed { run: 1 }, finished(1), Event::Idle] {
        state.apply(event);
    }
    assert_eq!(state, before);
}

#[test]
fn a_panic_leaves_the_curve_and_is_the_only_error_shown() {
    let mut state = training();
    state.apply(Event::HyperparametersRefused { error: gpu("no") });
    state.apply(Event::Broken { error: gpu("It broke: press Reset.") });
    assert_eq!((&state.failure, &state.refusal), (&Some(gpu("It broke: press Reset.")), &None));
    assert_eq!((state.status, curve(&state).len()), (Status::Failed, 1));
    assert!(state.worker.lost && !state.can_train() && state.can_reset());
    state.reset();
    assert_eq!((state.status, state.worker.lost, state.worker.text), (Status::Loading, false, None));
}

#[test]
fn a_reset_does_not_find_a_gpu() {
    let mut state = after([Event::NoGpu, text(), device()]);
    state.reset();
    assert!(state.worker.no_gpu);
}

#[test]
fn a_run_that_diverges_is_paused_until_it_is_resumed() {
    use crate::protocol::Quantity;
    let mut state = training();
    let proposal = Hyperparameters { learning_rate: 0.1, clip: 1.0 };
    let divergence = Divergence { quantity: Quantity::Loss, epoch: 1, minibatch: 2, proposal };
    state.apply(Event::Diverged { run: 1, divergence });
    assert_eq!((state.status, state.divergence), (Status::Paused, Some(divergence)));
    assert_eq!((&state.failure, curve(&state).len()), (&Some(Error::Diverged(divergence)), 1));
    state.apply(Event::HyperparametersSet { run: 1, epoch: 1, minibatch: 0, hyperparameters: proposal });
    state.apply(Event::Resumed { run: 1 });
    assert_eq!((state.status, state.divergence, &state.failure), (Status::Training, None, &None));
}

#[test]
fn a_lost_device_is_reported_and_the_run_stays() {
    let mut state = training();
    state.apply(Event::Recovered { run: 1, epoch: 1, reason: "it was reset".into() });
    assert_eq!((state.status, &state.recovered), (Status::Training, &Some((1, "it was reset".into()))));
    state.apply(Event::Lost { run: 1, error: gpu("No device is left.") });
    assert_eq!((state.status, &state.failure), (Status::Paused, &Some(gpu("No device is left."))));
    assert!(state.config.is_some() && state.hyperparameters().is_some(), "the worker keeps its network");
    let run = {
        state.apply(finished(1));
        state.begin(Config::default(), &StartFrom::default())
    };
    state.apply(started(run));
    assert_eq!(state.recovered, None);
}
