//! A run that is controlled by the visitor: trained in stretches, with hyperparameters that change during it.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use std::rc::Rc;

use script::*;
use time_traveller::engine::Device;
use time_traveller::gpu::Gpu;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, Hyperparameters, Stretch};
use time_traveller::train::{EpochResult, Session};

const ENGINES: [EngineChoice; 2] = [EngineChoice::Gpu, EngineChoice::Cpu];

fn resume_for(stretch: Stretch) -> [Command; 1] {
    [Command::Resume { stretch }]
}

fn minibatches(events: &[Event]) -> u32 {
    match events[the(events, |event| matches!(event, Event::Started { .. }))] {
        Event::Started { minibatches, .. } => minibatches,
        _ => unreachable!(),
    }
}

/// Finished epochs and minibatches, as reported before each pause.
fn pauses(events: &[Event]) -> Vec<(u32, u32)> {
    let told = events.windows(2).filter_map(|pair| match pair {
        [Event::Progress { progress, .. }, Event::Paused { .. }] => Some((progress.epoch, progress.minibatch)),
        [_, Event::Paused { .. }] => panic!("no progress before the pause: {events:#?}"),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_run_in_stretches_is_the_run_that_went_through() {
    for engine in ENGINES {
        let config = Config { engine, ..small() };
        let events = play([
            part([train_some(1, config, Stretch::Minibatch)], paused),
            part(resume_for(Stretch::Minibatch), paused),
            part(resume_for(Stretch::Epoch), paused),
            later(resume_for(Stretch::Epoch), paused),
            part(resume_for(Stretch::Minibatch), paused),
            part(resume_for(Stretch::Whole), finished),
        ]);
        assert_eq!(pauses(&events), [(0, 1), (0, 2), (1, 0), (2, 0), (2, 1)]);
        let through = play([part([train(1, config)], finished)]);
        assert_eq!(outcome(&events), outcome(&through));
    }
}

/// Also if held-out tokens are read before the epoch is reported.
#[test]
fn the_last_minibatch_of_an_epoch_ends_it() {
    for (engine, validation) in ENGINES.into_iter().flat_map(|engine| [(engine, 0), (engine, 100)]) {
        let config = Config { epochs: 2, engine, validation, ..small() };
        let length = minibatches(&play([part([train(1, config)], finished)])) as usize;
        let step = |_| part(resume_for(Stretch::Minibatch), |event: &Event| paused(event) || finished(event));
        let mut script = vec![part([train_some(1, config, Stretch::Minibatch)], paused)];
        // An epoch may be one minibatch shorter than reported at the start; superfluous steps do nothing.
        script.extend((1..2 * length - 3).map(step));
        script.push(part(resume_for(Stretch::Epoch), |event| paused(event) || finished(event)));
        script.push(part(
            [Command::Pause, Command::Resume { stretch: Stretch::Whole }, generate(1, "time", config)],
            answered(1),
        ));
        let events = play(script);
        let epochs = reports(&events);
        assert_eq!((numbers(&events)[0], epochs[0].validation.is_some()), (1, validation > 0));
        let pauses = pauses(&events);
        let length = epochs[0].grad_norms.len() as u32;
        let expected = (1..length).map(|m| (0, m)).chain([(1, 0), (1, 1)]);
        assert!(expected.eq(pauses.iter().take(length as usize + 1).copied()), "{validation} held out: {pauses:?}");
    }
}

/// While held-out tokens are read, all minibatches of the epoch are done.
#[test]
fn a_minibatch_after_the_last_is_the_first_of_the_next_epoch() {
    pollster::block_on(async {
        let config = Config { validation: 100, ..small() };
        let mut session = Session::new(&Device::cpu(), &Rc::new(corpus()), config).await.unwrap();
        while session.progress().minibatch < session.minibatches() as u32 {
            assert_eq!(session.advance().await.unwrap(), None);
        }
        session.set_goal(Stretch::Minibatch);
        let mut told = Vec::new();
        while !session.is_at_goal() {
            told.extend(session.advance().await.unwrap());
        }
        assert_eq!(told.len(), 1);
        assert_eq!((session.progress().epoch, session.progress().minibatch), (1, 1));
    });
}

#[test]
fn a_run_that_is_resumed_while_it_goes_takes_the_new_stretch() {
    let events = play([
        part([train_some(1, endless(), Stretch::Whole)], epoch(2)),
        part(resume_for(Stretch::Epoch), paused),
        part([Command::Resume { stretch: Stretch::Minibatch }, Command::Resume { stretch: Stretch::Epoch }], paused),
        part([Command::Reset], idle),
    ]);
    let pauses = pauses(&events);
    assert!(pauses.iter().all(|pause| pause.1 == 0) && pauses[1].0 == pauses[0].0 + 1, "{pauses:?}");
    let resumed = events.iter().filter(|event| matches!(event, Event::Resumed { .. })).count();
    assert_eq!(resumed, 1, "a run that goes is not resumed");
}

/// A paused run, and one that has finished.
#[test]
fn a_run_with_more_epochs_is_the_run_that_had_them_from_the_start() {
    for engine in ENGINES {
        let config = Config { engine, ..small() };
        let longer = |epochs| resume_for(Stretch::To(epochs));
        let mut events = play([
            part([train_some(1, Config { epochs: 2, ..config }, Stretch::Epoch)], paused),
            part(longer(4), finished),
            part([longer(config.epochs), longer(3)].concat(), finished),
            part([Command::Resume { stretch: Stretch::To(5) }, Command::Checkpoint { request: 1 }], answered(1)),
        ]);
        let told: Vec<u32> = events
            .iter()
            .filter_map(|event| match event {
                Event::Opened { config, reports, .. } if reports.is_empty() => Some(config.epochs),
                _ => None,
            })
            .collect();
        assert_eq!(told[..2], [4, config.epochs], "the new number of epochs is told");
        let Event::Checkpoint { summary, .. } = &events[the(&events, answered(1))] else { panic!("{events:#?}") };
        assert_eq!(
            (summary.epoch, summary.config),
            (config.epochs, config),
            "fewer epochs than are done change nothing"
        );
        let early = events.iter().position(finished).unwrap();
        assert_eq!(numbers(&events[..early]), [1, 2, 3, 4]);
        events.remove(early);
        assert_eq!(outcome(&events), outcome(&play([part([train(1, config)], finished)])));
    }
}

#[test]
fn a_stretch_without_a_run_does_nothing() {
    let events =
        play([part([Command::Resume { stretch: Stretch::Minibatch }, generate(1, "time", small())], answered(1))]);
    assert_eq!(events.len(), 1, "{events:#?}");
    let again = [Command::Resume { stretch: Stretch::Epoch }, generate(1, "time", small())];
    let events = play([part([train(1, small())], finished), part(again, answered(1))]);
    assert_eq!(the(&events, finished) + 2, events.len(), "{events:#?}");
}

const GENTLE: Hyperparameters = Hyperparameters { learning_rate: 0.25, clip: 0.125 };
const BOLD: Hyperparameters = Hyperparameters { learning_rate: 1.5, clip: 3.0 };

fn set(hyperparameters: Hyperparameters) -> Command {
    Command::SetHyperparameters { hyperparameters }
}

/// The reported changes of hyperparameters.
fn changes(events: &[Event]) -> Vec<((u32, usize), Hyperparameters)> {
    let changes = events.iter().filter_map(|event| match event {
        Event::HyperparametersSet { run: 1, epoch, minibatch, hyperparameters } => {
            Some(((*epoch, *minibatch as usize), *hyperparameters))
        }
        _ => None,
    });
    changes.collect()
}

#[track_caller]
fn assert_as_told(events: &[Event], config: Config) {
    let changes = changes(events);
    assert_as_the_oracle(events, config, |place| {
        let last = changes.iter().rfind(|(from, _)| *from <= place);
        last.map_or(Hyperparameters { learning_rate: config.lr, clip: config.clip }, |(_, hyperparameters)| {
            *hyperparameters
        })
    });
}

#[test]
fn hyperparameters_change_at_the_reported_minibatch() {
    for engine in ENGINES {
        let config = Config { engine, clip: 0.1, ..small() };
        let events = play([
            part([train_some(1, config, Stretch::Minibatch)], paused),
            part([set(BOLD), set(GENTLE), Command::Resume { stretch: Stretch::Epoch }], paused),
            part([set(BOLD), Command::Resume { stretch: Stretch::Minibatch }], paused),
            part([set(GENTLE), Command::Resume { stretch: Stretch::Whole }], finished),
        ]);
        assert_eq!(changes(&events), [((0, 1), BOLD), ((0, 1), GENTLE), ((1, 0), BOLD), ((1, 1), GENTLE)]);
        assert_as_told(&events, config);
    }
}

/// The first epoch of a session whose hyperparameters are set after `work`, and the minibatch where they changed.
async fn first_epoch(device: &Device, config: Config, work: impl AsyncFn(&mut Session)) -> ((u32, usize), EpochResult) {
    let mut session = Session::new(device, &Rc::new(corpus()), config).await.unwrap();
    work(&mut session).await;
    let place = session.set_hyperparameters(GENTLE).unwrap();
    session.set_goal(Stretch::Whole);
    loop {
        if let Some(result) = session.advance().await.unwrap() {
            return (place, EpochResult { tokens_per_second: 0.0, ..result });
        }
    }
}

/// The networks are so large that a minibatch does not fit the first submission or time slice.
#[test]
fn hyperparameters_set_during_a_minibatch_change_at_the_next() {
    pollster::block_on(async {
        let on_gpu = Config { hidden: 256, batch: 16, steps: 10, tokens: 600, ..small() };
        let on_cpu = Config { hidden: 2048, batch: 64, steps: 4, tokens: 600, ..small() };
        let gpu = Device::gpu(&Gpu::open().await.unwrap(), network(on_gpu).sizes);
        for (device, config) in [(gpu, on_gpu), (Device::cpu(), on_cpu)] {
            let half_done = first_epoch(&device, config, async |session| {
                assert_eq!(session.advance().await.unwrap(), None);
            });
            let between = first_epoch(&device, config, async |session| {
                session.set_goal(Stretch::Minibatch);
                while !session.is_at_goal() {
                    session.advance().await.unwrap();
                }
            });
            let (half_done, between) = (half_done.await, between.await);
            assert_eq!(half_done.0, (0, 1));
            assert_eq!(half_done, between);
            let before = first_epoch(&device, config, async |_| ()).await;
            assert_eq!(before.0, (0, 0));
            assert_ne!(before.1.grad_norms, between.1.grad_norms);
        }
    });
}

#[test]
fn bad_hyperparameters_are_refused_and_the_run_goes_on() {
    let bad = [
        (Hyperparameters { learning_rate: 0.0, ..BOLD }, "Learning rate (lr) is “0”"),
        (Hyperparameters { learning_rate: f32::NAN, ..BOLD }, "Learning rate (lr) is “NaN”"),
        (Hyperparameters { clip: -1.0, ..BOLD }, "Gradient clipping (clip) is “-1”"),
        (Hyperparameters { clip: f32::INFINITY, ..BOLD }, "Gradient clipping (clip) is “inf”"),
    ];
    let refused = |event: &Event| matches!(event, Event::HyperparametersRefused { .. });
    let all: Vec<Command> = bad.iter().map(|(hyperparameters, _)| set(*hyperparameters)).collect();
    let events = play([
        part([set(BOLD)], refused),
        part([train(1, small())], epoch(2)),
        part(all, finished),
        part([set(BOLD)], refused),
    ]);
    let told: Vec<String> = events
        .iter()
        .filter_map(|event| match event {
            Event::HyperparametersRefused { error } => Some(error.to_string()),
            _ => None,
        })
        .collect();
    let no_run = "There is no run under way";
    let sentences = [no_run].into_iter().chain(bad.map(|(_, sentence)| sentence)).chain([no_run]);
    assert_eq!(told.len(), bad.len() + 2);
    for (told, sentence) in told.into_iter().zip(sentences) {
        assert!(told.contains(sentence), "“{told}” does not say “{sentence}”");
    }
    assert_eq!(outcome(&events), outcome(&play([part([train(1, small())], finished)])));
}
