//! Runs that go on from an epoch of another.

use time_traveller::Error;
use time_traveller::model::Config;
use time_traveller::model::config::{EngineChoice, OptimizerChoice, Sampling, StateMode};
use time_traveller::network::{Parameters, parameters_file};
use time_traveller::protocol::{Command, EpochReport, Event, StartFrom, Stretch};
use time_traveller::train::Checkpoint;

use crate::script::{finished, network, part, play, run_of, small, train, train_from};

fn branch(run: u32, epoch: u32, config: Config) -> Command {
    Command::Branch { run, epoch, config, prefix: "time".into(), stretch: Stretch::Whole }
}

/// The reports of a run, those of the run before it included.
fn told(events: &[Event], number: u32) -> Vec<&EpochReport> {
    let of_run = events.iter().filter(|event| run_of(event) == Some(number));
    of_run
        .flat_map(|event| match event {
            Event::Epochs { reports, .. } | Event::Opened { reports, .. } => &reports[..],
            _ => &[],
        })
        .collect()
}

/// What a report says of the training, without the speed.
fn bits(report: &EpochReport) -> (u32, u64, Vec<u32>, &str) {
    let norms = report.grad_norms.iter().map(|norm| norm.to_bits()).collect();
    (report.epoch, report.loss.to_bits(), norms, &report.sample.text)
}

#[track_caller]
fn assert_same(events: &[Event], runs: [u32; 2], epochs: usize) {
    let [one, other] = runs.map(|run| told(events, run));
    assert_eq!((one.len(), other.len()), (epochs, epochs));
    for (one, other) in one.into_iter().zip(other) {
        assert_eq!(bits(one), bits(other));
    }
}

fn settings() -> Config {
    Config { epochs: 12, ..small() }
}

/// Other rates, another optimizer, another sampling.
fn changed() -> Config {
    let (optimizer, sampling, state) = (OptimizerChoice::Adam, Sampling::Random, StateMode::Reset);
    Config { lr: 0.01, optimizer, sampling, state, ..settings() }
}

#[test]
fn a_branch_with_nothing_changed_is_bitwise_the_run() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let config = Config { engine, ..settings() };
        for epoch in [0, 5, 12] {
            let epochs = if epoch == 12 { 15 } else { 12 };
            let longer = Config { epochs, ..config };
            let events = play([
                part([train(1, longer)], finished),
                part([train(2, config)], finished),
                part([branch(3, epoch, longer)], finished),
            ]);
            assert_same(&events, [1, 3], epochs as usize);
        }
    }
}

#[test]
fn a_branch_goes_on_with_other_settings_and_so_does_its_checkpoint() {
    let events = play([
        part([train(1, settings())], finished),
        part([branch(2, 7, changed())], finished),
        part([Command::Checkpoint { request: 1 }], |event| matches!(event, Event::Checkpoint { .. })),
    ]);
    let (before, after) = (told(&events, 1), told(&events, 2));
    for (before, after) in before.iter().zip(&after).take(7) {
        assert_eq!(bits(before), bits(after));
    }
    assert_ne!(bits(before[7]), bits(after[7]));
    let file = events.iter().find_map(|event| match event {
        Event::Checkpoint { file, .. } => Some(file.clone()),
        _ => None,
    });
    // Three epochs more, from the file and without it.
    let longer = Config { epochs: 15, ..changed() };
    let beginning = StartFrom { checkpoint: file, ..StartFrom::default() };
    let events = play([
        part([train(1, settings())], finished),
        part([branch(2, 7, longer)], finished),
        part([train_from(3, longer, beginning)], finished),
    ]);
    assert_same(&events, [2, 3], 15);
}

/// Also at an epoch before the first branch, where other settings held.
#[test]
fn branches_have_branches() {
    let events = play([
        part([train(1, settings())], finished),
        part([branch(2, 7, changed())], finished),
        part([branch(3, 9, Config { lr: 0.02, ..changed() })], finished),
        part([branch(4, 4, settings())], finished),
    ]);
    assert_same(&events, [1, 4], 12);
    for (second, third) in told(&events, 2).iter().zip(told(&events, 3)).take(9) {
        assert_eq!(bits(second), bits(third));
    }
    assert_ne!(bits(told(&events, 2)[9]), bits(told(&events, 3)[9]));
}

/// Also several at the same epoch, with other optimizers; the last can be saved and goes on to the same bits.
#[test]
fn branches_at_the_same_epoch_leave_no_trace_of_each_other() {
    let momentum = Config { optimizer: OptimizerChoice::Momentum, momentum: 0.5, ..settings() };
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let [first, adam, momentum] = [settings(), changed(), momentum].map(|config| Config { engine, ..config });
        let events = play([
            part([train(1, first)], finished),
            part([branch(2, 6, adam)], finished),
            part([branch(3, 6, momentum)], finished),
            part([branch(4, 8, adam)], finished),
            part([Command::Checkpoint { request: 1 }], |event| matches!(event, Event::Checkpoint { .. })),
            part([branch(5, 8, momentum)], finished),
            part([branch(6, 0, first)], finished),
        ]);
        for (third, fifth) in told(&events, 3).iter().zip(told(&events, 5)).take(8) {
            assert_eq!(bits(third), bits(fifth));
        }
        assert_same(&events, [1, 6], 12);
        let file = events.iter().find_map(|event| match event {
            Event::Checkpoint { file, .. } => Some(file.clone()),
            _ => None,
        });
        let earlier = Checkpoint::read(&file.expect("it was saved")).unwrap().earlier;
        assert_eq!(earlier.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [6, 8]);
        let direct = play([part([train(1, first)], finished), part([branch(2, 6, momentum)], finished)]);
        for (direct, third) in told(&direct, 2).iter().zip(told(&events, 3)) {
            assert_eq!(bits(direct), bits(third));
        }
    }
}

/// A resumed run does not know its first parameters, but its seed does; those of a file it does not know.
#[test]
fn a_resumed_run_has_branches_before_it_was_resumed() {
    let save = || part([Command::Checkpoint { request: 1 }], |event| matches!(event, Event::Checkpoint { .. }));
    let saved = |events: &[Event]| {
        let file = events.iter().find_map(|event| match event {
            Event::Checkpoint { file, .. } => Some(file.clone()),
            _ => None,
        });
        StartFrom { checkpoint: file, ..StartFrom::default() }
    };
    let longer = Config { epochs: 15, ..settings() };
    let first = play([part([train(1, settings())], finished), save()]);
    let events = play([
        part([train(1, longer)], finished),
        part([train_from(2, longer, saved(&first))], finished),
        part([branch(3, 4, longer)], finished),
    ]);
    assert_same(&events, [1, 3], 15);

    let other = Parameters::init(network(settings()), 77);
    let from_file = StartFrom { parameters: Some(parameters_file::write(&other)), ..StartFrom::default() };
    let first = play([part([train_from(1, settings(), from_file)], finished), save()]);
    let events = play([
        part([train_from(1, longer, saved(&first))], finished),
        part([branch(2, 4, longer)], |event| matches!(event, Event::Failed { .. })),
    ]);
    let last = events.last();
    assert!(matches!(last, Some(Event::Failed { error: Error::EpochOutOfReach { epoch: 4 }, .. })), "{last:?}");
}

#[test]
fn without_a_run_there_is_nothing_to_branch() {
    let events = play([part([branch(1, 3, settings())], |event| matches!(event, Event::Failed { .. }))]);
    let last = events.last();
    assert!(matches!(last, Some(Event::Failed { run: Some(1), error: Error::NothingToBranch })), "{last:?}");
}
