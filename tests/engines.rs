//! The same network on both engines, and the race between them.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use std::rc::Rc;

use script::*;
use time_traveller::engine::{Device, Engine};
use time_traveller::gpu::Gpu;
use time_traveller::kernels::{self, LIBRARY};
use time_traveller::model::config::EngineChoice;
use time_traveller::model::{Config, Cursor, Hyperparameters, Minibatch, Sizes, StateAt};
use time_traveller::network::parameters::cast;
use time_traveller::network::{EpochOutput, EpochRequest, Network, Parameters, Setup};
use time_traveller::oracle;
use time_traveller::protocol::{Command, Event, PastRace};
use time_traveller::train::Session;

/// Minibatches of 600 positions: the CPU engine sums gradients over 256 positions at a time.
const LONG: Sizes = Sizes { batch: 12, steps: 50, hidden: 20, vocabulary: 9 };
const HYPERPARAMETERS: Hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 0.2 };

fn long_minibatch(m: usize) -> Minibatch {
    let ids = |shift: usize| {
        let id = |n: usize| ((n * n + 7 * n * m + shift) % 31 % LONG.vocabulary) as u32;
        (0..LONG.positions()).map(id).collect()
    };
    Minibatch { inputs: ids(0), targets: ids(5) }
}

/// The parameters after some minibatches, each of which carries the state on, and the gradient norm of each.
async fn trained(device: &Device, parameters: &Parameters, minibatches: usize) -> (Parameters, Vec<f32>) {
    let network = parameters.network;
    let setup = Setup { network, library: LIBRARY, minibatches, hyperparameters: HYPERPARAMETERS, parameters };
    let mut engine = Engine::new(device, &setup).await.unwrap();
    let mut cursor = Cursor::new(minibatches);
    while !cursor.is_submitted() {
        engine.advance(&mut cursor, |m| (long_minibatch(m), StateAt::Carried)).await.unwrap();
    }
    let results =
        engine.request_results(&cursor, EpochRequest { parameters: true, ..EpochRequest::default() }).await.unwrap();
    let EpochOutput { metrics, parameters, .. } = engine.take_results(results).await.unwrap();
    let parameters = parameters.unwrap();
    (parameters, metrics.iter().map(|metrics| metrics.grad_norm).collect())
}

/// An update that overflows is noticed by the device, which may keep the parameters for itself.
#[test]
fn weights_that_are_not_finite_are_noticed_and_kept_weights_are_those_of_the_end() {
    let network = kernels::network(LONG);
    let parameters = &Parameters::init(network, 3);
    let gpu = pollster::block_on(Gpu::open()).unwrap();
    let gpus = gpu.tiles().map(|tile| Device::Gpu(gpu.clone(), tile));
    for device in gpus.chain([Device::cpu()]) {
        for (learning_rate, finite) in [(0.5, true), (f32::INFINITY, false)] {
            let hyperparameters = Hyperparameters { learning_rate, ..HYPERPARAMETERS };
            let setup = Setup { network, library: LIBRARY, minibatches: 2, hyperparameters, parameters };
            pollster::block_on(async {
                let mut engine = Engine::new(&device, &setup).await.unwrap();
                let mut cursor = Cursor::new(1);
                while !cursor.is_submitted() {
                    engine.advance(&mut cursor, |m| (long_minibatch(m), StateAt::Zero)).await.unwrap();
                }
                let results = engine.request_results(&cursor, EpochRequest::default()).await.unwrap();
                let output = engine.take_results(results).await.unwrap();
                assert_eq!(output.finite, finite, "{}", device.variant());
                if engine.keeps_parameters() {
                    assert_eq!(output.parameters, None);
                    let kept = engine.read_kept(output.kept).await.unwrap();
                    let newest = engine.read_parameters().await.unwrap();
                    let same = kept.numbers.iter().zip(&newest.numbers).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{}", device.variant());
                }
            });
        }
    }
}

#[test]
fn both_engines_agree_with_the_oracle_over_many_positions() {
    const MINIBATCHES: usize = 4;
    let network: Network = kernels::network(LONG);
    let mut parameters = Parameters::init(network, 3);
    // Far from zero, and not so far that a rounding error grows over 50 time steps.
    parameters.numbers.iter_mut().for_each(|weight| *weight *= 15.0);
    let (mut expected, mut norms, mut state) = (parameters.cast::<f64>(), Vec::new(), Vec::new());
    for m in 0..MINIBATCHES {
        let Hyperparameters { learning_rate, clip } = HYPERPARAMETERS;
        let states = [("states", &state[..])];
        let step = oracle::train(&mut expected, &states, &long_minibatch(m), learning_rate.into(), clip.into());
        state = step.last("states");
        norms.push(step.grad_norm);
    }
    let gpu = pollster::block_on(Gpu::open()).unwrap();
    for device in [Device::gpu(&gpu, LONG), Device::cpu()] {
        let (got, got_norms) = pollster::block_on(trained(&device, &parameters, MINIBATCHES));
        let changed = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let before: Vec<f64> = cast(&parameters.numbers);
        assert!(changed(&before, &expected.numbers) > 0.02);
        let off = changed(&cast(&got.numbers), &expected.numbers);
        assert!(off < 1e-6, "{}: {off:e}", device.name());
        for (got, norm) in got_norms.iter().zip(&norms) {
            assert!((f64::from(*got) / norm - 1.0).abs() < 1e-5, "{}: {got}, not {norm}", device.name());
        }
    }
}

/// A run on each engine, then a race, whose result is kept.
#[test]
fn both_engines_train_the_same_network_and_the_faster_wins() {
    let of = |engine| play([part([train(1, Config { engine, ..small() })], finished)]);
    let (gpu, cpu) = (of(EngineChoice::Gpu), of(EngineChoice::Cpu));
    for (gpu, cpu) in reports(&gpu).iter().zip(reports(&cpu)) {
        assert!((gpu.perplexity / cpu.perplexity - 1.0).abs() < 1e-5, "{gpu:?} and {cpu:?}");
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

/// The device has the next epoch before the results of the last are waited for; only those of the run's last epoch find
/// it idle.
#[test]
fn no_results_are_waited_for_by_an_idle_device() {
    pollster::block_on(async {
        let gpu = Gpu::open().await.unwrap_or_else(|error| panic!("{error}"));
        for hidden in [16, 256] {
            let config = Config { hidden, epochs: 8, ..small() };
            let device = Device::gpu(&gpu, network(config).sizes);
            let mut session = Session::new(&device, &Rc::new(corpus()), config).await.unwrap();
            session.set_sample("time", 20);
            let mut samples = Vec::new();
            while !session.is_finished() {
                samples.extend(session.advance().await.unwrap().map(|result| result.sample.unwrap().text));
            }
            assert_eq!(samples.len(), 8);
            assert!(session.idle_waits() <= 1, "{hidden} hidden units: {}", session.idle_waits());
        }
    });
}
