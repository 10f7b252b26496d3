//! What a run starts from: settings, a seed, a file; and what can't be trained.

use std::rc::Rc;

use time_traveller::engine::Device;
use time_traveller::gpu::Gpu;
use time_traveller::gpu::layout::Layout;
use time_traveller::model::config::{EngineChoice, Sampling, StateMode};
use time_traveller::model::{Config, Sizes};
use time_traveller::network::{Parameters, parameters_file};
use time_traveller::protocol::{Event, StartFrom};
use time_traveller::train::{Initial, Session};

use crate::script::*;
use crate::train_with;

#[test]
fn what_cannot_be_trained_fails_with_a_sentence_and_the_next_run_goes_well() {
    let length = corpus().tokens.len();
    let bad = [
        (Config { hidden: 0, ..small() }, "Hidden units (hidden) is “0”".to_owned()),
        (Config { lr: f32::NAN, ..small() }, "Learning rate (lr) is “NaN”".to_owned()),
        (Config { sampling: Sampling::Random, ..small() }, "set Hidden state (state) to reset".to_owned()),
        (Config { tokens: length as u32 + 1, ..small() }, format!("to at most {length}.")),
        (Config { tokens: 25, ..small() }, "at least 26 are needed".to_owned()),
        (Config { hidden: 8192, ..small() }, "Hidden units (hidden) to at most ".to_owned()),
    ];
    let count = bad.len() as u32;
    let mut script: Vec<Part> = (1..).zip(&bad).map(|(run, (config, _))| part([train(run, *config)], failed)).collect();
    script.push(part([train_with(count + 1, "")], failed));
    script.push(part([train(100, small())], finished));
    let events = play(script);
    let sentences = bad.iter().map(|(_, sentence)| &sentence[..]).chain(["prefix is empty"]);
    for ((run, sentence), event) in (1..).zip(sentences).zip(&events) {
        match event {
            Event::Failed { run: Some(of), error } if *of == run => {
                let message = error.to_string();
                assert!(message.contains(sentence), "“{message}” does not say “{sentence}”");
            }
            other => panic!("run {run} should have failed with “{sentence}”, and there came {other:?}"),
        }
    }
    let rest = &events[bad.len() + 1..];
    assert!(rest.iter().all(|event| run_of(event) == Some(100)), "{rest:#?}");
    assert_eq!(numbers(rest), [1, 2, 3, 4, 5, 6]);
}

/// A failed start also ends the previous run: later events must not be attributed to that one.
#[test]
fn a_run_that_fails_ends_the_one_before() {
    let wrong = Config { tokens: 25, ..small() };
    let events = play([
        part([train(1, endless())], epoch(2)),
        part([train(2, wrong)], failed),
        later([generate(1, "time", small())], answered(1)),
    ]);
    let failure = the(&events, failed);
    assert_eq!(run_of(&events[failure]), Some(2));
    assert_eq!(failure + 2, events.len(), "{events:#?}");
    assert_eq!(generated(&events, 1).text, untrained(small(), "time"));
}

#[test]
fn the_least_text_that_is_said_to_be_needed_is_enough() {
    for (sampling, needed) in [(Sampling::Sequential, 26), (Sampling::Random, 25)] {
        let config = Config { sampling, state: StateMode::Reset, tokens: needed, ..small() };
        // Enough epochs for every offset to be drawn.
        let events = play([
            part([train(1, Config { tokens: needed - 1, ..config })], failed),
            part([train(2, Config { epochs: 40, ..config })], finished),
        ]);
        let Event::Failed { error, .. } = &events[0] else { panic!("{:?}", events[0]) };
        let message = error.to_string();
        assert!(message.contains(&format!("at least {needed} are needed")), "{message}");
        assert_eq!(numbers(&events).len(), 40);
    }
}

/// The sizes named in the refusal of a network are the largest that fit.
#[test]
fn what_is_said_to_be_allowed_on_the_device_is_allowed() {
    let gpu = pollster::block_on(Gpu::open()).unwrap();
    let limits = gpu.device.limits();
    let refused = Config { hidden: 8192, ..small() };
    let events = play([part([train(1, refused)], failed)]);
    let Event::Failed { error, .. } = &events[0] else { panic!("{:?}", events[0]) };
    let message = error.to_string();
    let after = message.split("Hidden units (hidden) to at most ").nth(1).expect("the sentence names the number");
    let allowed: usize = after.split([',', '.']).next().unwrap().parse().unwrap();
    let fits = |hidden| {
        let network = network(refused);
        let network = network.with_sizes(Sizes { hidden, ..network.sizes });
        Layout::new(network, gpu.tile(network.sizes)).excess(&limits).is_none()
    };
    assert!(allowed > 0 && fits(allowed) && !fits(allowed + 1), "{message}");
}

#[test]
fn a_seed_names_a_run_to_the_last_bit() {
    for (sampling, state, engine) in [
        (Sampling::Sequential, StateMode::Carry, EngineChoice::Gpu),
        (Sampling::Random, StateMode::Reset, EngineChoice::Gpu),
        (Sampling::Sequential, StateMode::Carry, EngineChoice::Cpu),
    ] {
        let config = Config { sampling, state, engine, ..small() };
        let [one, again, other] = [1, 1, 2].map(|seed| play([part([train(1, Config { seed, ..config })], finished)]));
        assert_eq!(outcome(&one), outcome(&again), "{sampling}");
        let perplexities = |events| reports(events).iter().map(|report| report.perplexity).collect::<Vec<_>>();
        let (one, other) = (perplexities(&one), perplexities(&other));
        assert!(one.iter().zip(&other).all(|(one, other)| one != other), "{sampling}: {one:?} and {other:?}");
    }
}

/// A file with the initial parameters of these settings and this seed.
fn file(config: Config, seed: u32) -> Vec<u8> {
    parameters_file::write(&Parameters::init(network(config), seed))
}

#[test]
fn a_run_from_a_file_is_the_run_of_the_files_parameters() {
    let own = StartFrom { parameters: Some(file(small(), small().seed)), window_offset: None, checkpoint: None };
    let events = play([part([train_from(1, small(), own)], finished)]);
    assert_eq!(outcome(&events), outcome(&play([part([train(1, small())], finished)])));

    let parameters = Parameters::init(network(small()), 9);
    let given = StartFrom { parameters: Some(file(small(), 9)), window_offset: Some(2), checkpoint: None };
    let events = play([part([train_from(1, small(), given)], finished)]);
    let curve: Vec<f64> = pollster::block_on(async {
        let initial = Initial { parameters: Some(parameters), window_offset: Some(2) };
        let (gpu, corpus) = (Gpu::open().await.unwrap(), Rc::new(corpus()));
        let mut session =
            Session::from_initial(&Device::gpu(&gpu, network(small()).sizes), &corpus, small(), initial).await.unwrap();
        let mut curve = Vec::new();
        while !session.is_finished() {
            curve.extend(session.advance().await.unwrap().map(|result| result.perplexity));
        }
        curve
    });
    let perplexities = |events| reports(events).iter().map(|report| report.perplexity).collect::<Vec<_>>();
    assert_eq!(perplexities(&events), curve);
    let offset_alone = StartFrom { window_offset: Some(2), ..StartFrom::default() };
    let events = play([part([train_from(1, small(), offset_alone)], finished), part([train(2, small())], finished)]);
    let both = perplexities(&events);
    assert_ne!(both[0], curve[0], "other parameters");
    assert_ne!(both[..6], both[6..], "other windows, and the next run draws its own again");
}

#[test]
fn a_bad_beginning_fails_with_a_sentence_and_the_next_run_goes_well() {
    let from = |file: &[u8]| StartFrom { parameters: Some(file.to_vec()), window_offset: None, checkpoint: None };
    let wider = Config { hidden: 9, ..small() };
    let good = file(small(), 1);
    let bad = [
        (from(b""), "The initial parameters can't be used: it is not a safetensors file"),
        (from(&good[..good.len() - 1]), "it is not a safetensors file"),
        (from(&file(wider, 1)), "w_xh has the shape [22, 9], not [22, 8]"),
        (StartFrom { window_offset: Some(6), ..from(&good) }, "A window offset of 6 is more than 5"),
    ];
    for (beginning, sentence) in bad {
        let events = play([
            part([train(1, endless())], epoch(1)),
            part([train_from(2, small(), beginning)], failed),
            part([train_from(3, small(), from(&good))], finished),
        ]);
        let Event::Failed { run: Some(2), error } = &events[the(&events, failed)] else { panic!("{events:#?}") };
        let message = error.to_string();
        assert!(message.contains(sentence), "“{message}” does not say “{sentence}”");
        assert_eq!(numbers(&events[the(&events, failed)..]), [1, 2, 3, 4, 5, 6]);
    }
}
