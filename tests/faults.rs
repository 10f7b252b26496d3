//! Lost devices and divergence: runs lose nothing but time.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use futures_channel::mpsc::unbounded;
use futures_util::future::LocalBoxFuture;
use script::*;
use time_traveller::engine::Devices;
use time_traveller::error::Error;
use time_traveller::gpu::Gpu;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Divergence, Event, Hyperparameters, StartFrom, Stretch};
use time_traveller::text::Text;
use time_traveller::train::{Checkpoint, Texts, Trainer};

/// A part of a script that starts by losing the device.
fn lose(commands: impl Into<Vec<Command>>, until: impl Fn(&Event) -> bool + Send + 'static) -> Part {
    Part { loses_device: true, ..part(commands, until) }
}

/// The same after a while, when the trainer is busy.
fn lose_after(milliseconds: u64, until: impl Fn(&Event) -> bool + Send + 'static) -> Part {
    Part { after: Duration::from_millis(milliseconds), ..lose([], until) }
}

fn profile(request: u32) -> Command {
    Command::Profile { request, config: small() }
}

fn recovered(event: &Event) -> bool {
    matches!(event, Event::Recovered { .. })
}

fn lost(event: &Event) -> bool {
    matches!(event, Event::Lost { .. })
}

fn progress(event: &Event) -> bool {
    matches!(event, Event::Progress { .. })
}

/// The epochs that a run was restored to.
fn recoveries(events: &[Event]) -> Vec<u32> {
    let recoveries = events.iter().filter_map(|event| match event {
        Event::Recovered { run: 1, epoch, reason } => {
            assert!(reason.contains("lost"), "{reason}");
            Some(*epoch)
        }
        _ => None,
    });
    recoveries.collect()
}

#[test]
fn a_device_lost_five_times_changes_nothing_but_the_time() {
    // So many that a busy machine loses the last device before the run's end.
    let config = Config { epochs: 600, ..small() };
    let through = play([part([train(1, config)], finished)]);
    // While an epoch is reported, after its progress, and within an epoch.
    let events = play([
        part([train(1, config)], epoch(2)),
        lose([], recovered),
        part([], from_epoch(4)),
        lose_after(1, recovered),
        part([], from_epoch(6)),
        part([], progress),
        lose([], recovered),
        part([], from_epoch(8)),
        lose_after(3, recovered),
        lose_after(2, recovered),
        part([], finished),
    ]);
    assert_eq!(outcome(&events), outcome(&through));
    let recoveries = recoveries(&events);
    assert_eq!(recoveries.len(), 5);
    assert_eq!(recoveries[0], 2);
    assert!(recoveries.is_sorted() && !events.iter().any(failed), "{recoveries:?}");
    assert_eq!(numbers(&events), (1..=600).collect::<Vec<_>>(), "every epoch is told once");
}

/// Also after the run's end.
#[test]
fn a_device_lost_as_the_run_begins_or_ends_changes_nothing() {
    let config = Config { epochs: 3, ..small() };
    let through = play([part([train(1, config)], finished)]);
    let untrained = |event: &Event| matches!(event, Event::Untrained { .. });
    let events =
        play([part([train(1, config)], untrained), lose([], recovered), part([], epoch(2)), lose([], finished)]);
    assert_eq!(outcome(&events), outcome(&through));
    let events = play([
        part([train(1, config)], finished),
        lose([generate(1, "time", config)], answered(1)),
        lose([generate(2, "time", config)], answered(2)),
    ]);
    for request in [1, 2] {
        assert_eq!(
            generated(&events, request).text,
            reports(&events)[2].sample.text,
            "the last weights are still there"
        );
    }
}

/// An epoch is done when its sample is: if the device is lost in between, both are made again. A long prefix makes the
/// sample take longer than the epoch.
#[test]
fn a_device_lost_while_an_epoch_is_sampled_changes_nothing() {
    let config = Config { epochs: 4, ..small() };
    let long = || Command::Train {
        run: 1,
        config,
        prefix: "a".repeat(4000),
        beginning: StartFrom::default(),
        stretch: Stretch::Whole,
    };
    let through = play([part([long()], finished)]);
    for milliseconds in [15, 30, 60] {
        let events = play([part([long()], epoch(1)), lose_after(milliseconds, recovered), part([], finished)]);
        assert_eq!(outcome(&events), outcome(&through));
        let told = reports(&events[..the(&events, recovered)]).len() as u32;
        assert_eq!(recoveries(&events), [told]);
        assert_eq!(numbers(&events), [1, 2, 3, 4], "every epoch is told once");
    }
}

#[test]
fn a_pause_or_a_question_that_meets_a_lost_device_is_followed_on_the_next() {
    let config = Config { epochs: 8, ..small() };
    let events = play([
        part([train(1, config)], epoch(2)),
        lose([Command::Pause], paused),
        lose([generate(1, "time", config)], answered(1)),
        part([resume()], finished),
    ]);
    assert_eq!(outcome(&events), outcome(&play([part([train(1, config)], finished)])));
    let pause = the(&events, paused);
    let Event::Progress { progress, .. } = &events[pause - 1] else { panic!("{events:#?}") };
    assert_eq!((progress.epoch, progress.minibatch), (2, 0));
    assert_eq!(generated(&events, 1).text, reports(&events)[1].sample.text);
}

#[test]
fn an_epoch_that_is_trained_again_uses_the_same_hyperparameters() {
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 0.25 };
    let script = |loses| {
        let last = Part { loses_device: loses, ..part([resume()], finished) };
        let resume_for = |stretch| Command::Resume { stretch };
        [
            part([train_some(1, small(), Stretch::Epoch)], paused),
            part([resume_for(Stretch::Minibatch)], paused),
            part([Command::SetHyperparameters { hyperparameters }, resume_for(Stretch::Minibatch)], paused),
            last,
        ]
    };
    let (through, disturbed) = (play(script(false)), play(script(true)));
    assert_eq!(outcome(&disturbed), outcome(&through));
    assert_eq!(recoveries(&disturbed), [1]);
}

#[test]
fn after_three_devices_in_a_row_a_run_asks() {
    let config = Config { epochs: 6, ..small() };
    let stubborn = |event: &Event| recovered(event) || lost(event);
    let events = play([
        part([train(1, config)], epoch(2)),
        lose([], stubborn),
        lose([], stubborn),
        lose([], stubborn),
        lose([], stubborn),
        later([Command::Checkpoint { request: 3 }], answered(3)),
        later([generate(1, "time", config), profile(2), Command::Pause, resume()], recovered),
        part([], finished),
    ]);
    assert_eq!(recoveries(&events), [2, 2, 2, 2]);
    let Event::Lost { run: 1, error } = &events[the(&events, lost)] else { panic!("{events:#?}") };
    let message = error.to_string();
    assert!(message.contains("failed repeatedly") && message.contains("press Resume"), "{message}");
    for request in [1, 2] {
        let Event::Refused { error, .. } = &events[the(&events, answered(request))] else { panic!("{events:#?}") };
        let message = error.to_string();
        assert!(message.contains("press Resume"), "{message}");
    }
    let Event::Checkpoint { summary, file, .. } = &events[the(&events, answered(3))] else { panic!("{events:#?}") };
    let saved = Checkpoint::read(file).unwrap();
    assert!(summary.epoch <= 2 && saved.epoch() == summary.epoch, "without a device: {}", summary.epoch);
    assert_eq!(outcome(&events), outcome(&play([part([train(1, config)], finished)])));
}

#[test]
fn a_device_lost_without_a_run_is_replaced() {
    let events = play([
        lose([train(1, small())], finished),
        lose([Command::Reset], idle),
        part([generate(1, "time", small())], answered(1)),
        lose([generate(2, "time", small())], answered(2)),
        lose([train(2, small())], finished),
    ]);
    for request in [1, 2] {
        assert_eq!(generated(&events, request).text, untrained(small(), "time"));
    }
    let runs = events.iter().filter(|event| finished(event)).map(run_of);
    assert_eq!(runs.collect::<Vec<_>>(), [Some(1), Some(2)]);
}

/// A request is answered even if no device lasts long enough for it.
#[test]
fn a_profile_that_no_device_lives_to_see_is_refused() {
    // One device is opened at the start and one after each failure.
    let short_lived = AtomicI32::new(4);
    let open = move || -> LocalBoxFuture<'static, time_traveller::Result<Gpu>> {
        let dies = short_lived.fetch_sub(1, Ordering::Relaxed) > 0;
        Box::pin(async move {
            let gpu = Gpu::open().await?;
            let device = gpu.device.clone();
            if dies {
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(50));
                    device.destroy();
                });
            }
            Ok(gpu)
        })
    };
    let (sender, mut commands) = unbounded();
    sender.unbounded_send(profile(1)).unwrap();
    drop(sender);
    let mut events = Vec::new();
    pollster::block_on(async {
        let devices = Devices::opened_by(Box::new(open)).await;
        let texts = Texts::of_book(Text::new("a test’s", LINE.repeat(12)));
        Trainer::new(devices, texts, |event| events.push(event)).serve(None, &mut commands).await;
    });
    let Event::Refused { error, .. } = &events[the(&events, answered(1))] else { panic!("{events:#?}") };
    // While a device is being destroyed, a submission may fail before its loss is reported.
    assert!(matches!(error, Error::Gpu(_) | Error::Lost { .. }), "{error:?}");
    assert!(!events.iter().any(failed), "{events:#?}");
}

/// Hyperparameters that make the run diverge.
const WILD: Hyperparameters = Hyperparameters { learning_rate: 1000.0, clip: 1e9 };

/// A run that is well-behaved for an epoch and then uses [`WILD`].
fn into_the_wild(engine: EngineChoice) -> (Config, Vec<Part>) {
    let config = Config { hidden: 32, epochs: 100, engine, ..small() };
    let wild = [Command::SetHyperparameters { hyperparameters: WILD }, resume()];
    (config, vec![part([train_some(1, config, Stretch::Epoch)], paused), part(wild, diverged)])
}

fn diverged(event: &Event) -> bool {
    matches!(event, Event::Diverged { .. })
}

#[track_caller]
fn divergence(events: &[Event]) -> (Divergence, String) {
    match &events[the(events, diverged)] {
        Event::Diverged { run: 1, divergence } => (*divergence, divergence.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_diverges_stops_at_its_last_good_epoch_and_goes_on_from_there() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let (config, mut script) = into_the_wild(engine);
        script.push(later([generate(1, "time", config)], answered(1)));
        let events = play(script);
        let (Divergence { epoch, minibatch, proposal, .. }, message) = divergence(&events);
        let good = reports(&events);
        assert_eq!(good.len() as u32, epoch);
        assert!(good.iter().all(|report| report.perplexity.is_finite()), "{good:#?}");
        let place = format!("in minibatch {} of epoch {}:", minibatch + 1, epoch + 1);
        assert!(message.contains(&place) && message.contains("Gradient clipping (clip) 1."), "{message}");
        assert_eq!(proposal, Hyperparameters { clip: 1.0, ..WILD });
        let last = &good[epoch as usize - 1].sample.text;
        assert_eq!(&generated(&events, 1).text, last, "the weights are those of the last good epoch");

        // From there it continues like a run that was paused there and given the same hyperparameters.
        let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
        let calm = [Command::SetHyperparameters { hyperparameters }, Command::Resume { stretch: Stretch::Epoch }];
        let (_, mut script) = into_the_wild(engine);
        script.push(part(calm.clone(), paused));
        let back = play(script);
        let (_, mut script) = into_the_wild(engine);
        script.truncate(1);
        if epoch > 1 {
            let wild =
                [Command::SetHyperparameters { hyperparameters: WILD }, Command::Resume { stretch: Stretch::Epoch }];
            script.push(part(wild, paused));
            script.extend((2..epoch).map(|_| part([Command::Resume { stretch: Stretch::Epoch }], paused)));
        }
        script.push(part(calm, paused));
        let held = play(script);
        let curve = |events: &[Event]| reports(events).iter().map(|report| report.loss.to_bits()).collect::<Vec<_>>();
        assert_eq!(curve(&back), curve(&held));
        assert_eq!(curve(&back).len() as u32, epoch + 1);
    }
}

#[test]
fn a_run_that_goes_on_as_it_was_diverges_as_it_did() {
    let resumed = |event: &Event| matches!(event, Event::Resumed { .. });
    let (_, mut script) = into_the_wild(EngineChoice::Gpu);
    script.extend([part([resume()], resumed), part([], diverged)]);
    let events = play(script);
    let twice: Vec<&Event> = events.iter().filter(|event| diverged(event)).collect();
    assert_eq!(twice[0], twice[1]);
    let numbers = numbers(&events);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no epoch is told twice: {numbers:?}");
}
