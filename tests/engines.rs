//! The same network on both engines, and the race between them.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use script::*;
use time_traveller::gpu::Gpu;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, PastRace};

/// A run on each engine, then a race, whose result is kept.
#[test]
fn both_engines_train_the_same_network_and_the_faster_wins() {
    let of = |engine| play([part([train(1, Config { engine, ..small() })], finished)]);
    let (gpu, cpu) = (of(EngineChoice::Gpu), of(EngineChoice::Cpu));
    for (gpu, cpu) in reports(&gpu).iter().zip(reports(&cpu)) {
        assert!((gpu.perplexity / cpu.perplexity - 1.0).abs() < 1e-4, "{gpu:?} and {cpu:?}");
    }
    let auto = |run| train(run, Config { engine: EngineChoice::Auto, ..small() });
    let events = play([part([auto(1)], finished), part([auto(2)], finished)]);
    let races: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Device { name, race } => Some((name, race)),
            _ => None,
        })
        .collect();
    let [(name, laps), again] = races[..] else { panic!("{races:?}") };
    assert_eq!((name, laps), again, "a race is run once");
    let fastest = laps.iter().max_by(|a, b| a.tokens_per_second.partial_cmp(&b.tokens_per_second).unwrap()).unwrap();
    assert!(fastest.name.starts_with(name) && fastest.tokens_per_second > Some(0.0), "{name} won {laps:?}");
    let Some(Event::Finished { report, .. }) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(&report.device, name);
}

fn raced(events: &[Event]) -> Vec<&PastRace> {
    let races = events.iter().filter_map(|event| match event {
        Event::Raced { race } => Some(race),
        _ => None,
    });
    races.collect()
}

/// The race of an earlier visit is used if sizes and devices are the same.
#[test]
fn a_race_that_is_recalled_is_not_run_again() {
    let auto = train(1, Config { engine: EngineChoice::Auto, ..small() });
    let events = play([part([auto.clone()], finished)]);
    let [race] = raced(&events)[..] else { panic!("one race was expected: {events:?}") };
    // This device would not have won.
    let mut past = race.clone();
    past.laps.last_mut().unwrap().tokens_per_second = Some(1e12);
    let with = |past: PastRace| play([part([Command::Recall { races: vec![past] }, auto.clone()], finished)]);
    let events = with(past.clone());
    assert!(raced(&events).is_empty());
    assert!(events.contains(&Event::Device { name: gpu_name(), race: past.laps.clone() }), "{events:?}");
    let mut other_sizes = past.clone();
    other_sizes.sizes.hidden += 1;
    let mut other_device = past.clone();
    other_device.laps[0].name.push('!');
    let mut nobody = past;
    nobody.laps.iter_mut().for_each(|lap| lap.tokens_per_second = None);
    for unlike in [other_sizes, other_device, nobody] {
        assert_eq!(raced(&with(unlike)).len(), 1);
    }
}

fn gpu_name() -> String {
    pollster::block_on(Gpu::open()).unwrap_or_else(|error| panic!("{error}")).name
}
