//! The profile of a training step, as the page gets it.

#![cfg(not(target_arch = "wasm32"))]

#[path = "common/trainer.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod trainer;

use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, Profile};
use trainer::{epoch, finished, network, part, play, reports, small, train};

fn profile(config: Config) -> Command {
    Command::Profile { request: 3, config }
}

fn is_profile(event: &Event) -> bool {
    matches!(event, Event::Profiled { request: 3, .. })
}

fn profiles(events: &[Event]) -> Vec<&Profile> {
    let told = events.iter().filter_map(|event| match event {
        Event::Profiled { profile, .. } => Some(profile),
        _ => None,
    });
    told.collect()
}

#[test]
fn each_kernel_of_the_step_is_timed_on_both_engines() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let config = Config { engine, ..small() };
        let events = play([part([profile(config)], is_profile)]);
        let [profile] = profiles(&events)[..] else { panic!("{events:#?}") };
        let named: Vec<&str> = network(config).training().iter().map(|stage| stage.kernel.name).collect();
        assert_eq!(profile.kernels.iter().map(|kernel| kernel.name.as_str()).collect::<Vec<_>>(), named);
        for kernel in &profile.kernels {
            let forward = ["step_forward", "step_backward"].contains(&kernel.name.as_str());
            let expected = if forward { config.steps } else { 1 };
            assert!(kernel.dispatches == expected || engine == EngineChoice::Cpu, "{kernel:?}");
            assert!(kernel.seconds > 0.0 && kernel.flops > 0 && kernel.bytes > 0, "{kernel:?}");
        }
        assert!([profile.minibatch, profile.recording, profile.read_back].iter().all(|&s| s > 0.0), "{profile:?}");
    }
}

#[test]
fn a_run_is_the_same_with_a_profile_during_it() {
    let curve = |events: &[Event]| reports(events).iter().map(|report| report.perplexity.to_bits()).collect::<Vec<_>>();
    let alone = play([part([train(1, small())], finished)]);
    let with = play([part([train(1, small())], epoch(2)), part([profile(small())], is_profile), part([], finished)]);
    assert_eq!(profiles(&with).len(), 1);
    assert_eq!(curve(&with), curve(&alone));
}

#[test]
fn a_training_step_is_timed_between_runs_and_not_during_one() {
    let is_paced = |event: &Event| matches!(event, Event::Paced { .. });
    let pace = || Command::Pace { config: Config { engine: EngineChoice::Cpu, ..small() } };
    let events = play([part([pace()], is_paced), part([train(1, small())], epoch(1)), part([pace()], finished)]);
    let told: Vec<&Event> = events.iter().filter(|event| is_paced(event)).collect();
    let [Event::Paced { config, seconds }] = told[..] else { panic!("{told:?}") };
    assert!(config.engine == EngineChoice::Cpu && *seconds > 0.0);
    // What can't be timed is not answered, and holds nothing up.
    let impossible = Command::Pace { config: Config { hidden: 0, ..small() } };
    let events = play([part([impossible, train(1, small())], finished)]);
    assert!(!events.iter().any(is_paced));
}

#[test]
fn what_cannot_be_profiled_is_refused() {
    for config in [Config { hidden: 0, ..small() }, Config { hidden: 8192, batch: 4096, steps: 1024, ..small() }] {
        let refused = |event: &Event| matches!(event, Event::Refused { request: 3, .. });
        let events = play([part([profile(config)], refused)]);
        assert!(profiles(&events).is_empty());
    }
}
