//! The held-out tokens' perplexity: measured as the oracle measures it, at every epoch's end, with no effect on the run.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use script::*;
use time_traveller::model::Config;
use time_traveller::model::config::{EngineChoice, StateMode};
use time_traveller::network::Parameters;
use time_traveller::oracle;
use time_traveller::protocol::{Command, Event, Stretch};
use time_traveller::text::sampling::Epoch;

/// The oracle's perplexity of the held-out tokens after each epoch of the oracle's training.
fn validation_of(config: Config) -> Vec<f64> {
    let corpus = corpus();
    let mut parameters: Parameters<f64> = Parameters::init(network(config), config.seed).cast();
    let mut rng: rand_xoshiro::Xoshiro256PlusPlus = rand::SeedableRng::seed_from_u64(config.seed.into());
    rng.long_jump();
    let predicted = config.validation as usize;
    let perplexity = |parameters: &Parameters<f64>| {
        // In one sequence, from a zero state, as the engines read fewer than 512 tokens.
        let tail = &corpus.tokens[corpus.tokens.len() - predicted - 1..];
        let mut reader = oracle::Reader::new(parameters);
        let losses = tail.windows(2).map(|pair| {
            let logits = reader.read(pair[0]);
            logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[pair[1] as usize]
        });
        (losses.sum::<f64>() / predicted as f64).exp()
    };
    let epochs = 0..config.epochs;
    let after = epochs.map(|_| {
        let epoch = Epoch::draw(&config, config.tokens as usize, None, &mut rng).unwrap();
        let mut state = Vec::new();
        for m in 0..epoch.len() {
            if config.state == StateMode::Reset {
                state.clear();
            }
            let minibatch = epoch.minibatch(&corpus.tokens, m);
            let states = [("states", &state[..])];
            let step = oracle::train(&mut parameters, &states, &minibatch, config.lr.into(), config.clip.into());
            state = step.last("states");
        }
        perplexity(&parameters)
    });
    after.collect()
}

#[test]
fn held_out_tokens_are_measured_as_the_oracle_does_and_change_nothing() {
    for (engine, state) in [(EngineChoice::Gpu, StateMode::Carry), (EngineChoice::Cpu, StateMode::Reset)] {
        let config = Config { engine, state, lr: 2.0, ..small() };
        let without = play([part([train(1, config)], finished)]);
        assert!(reports(&without).iter().all(|report| report.validation.is_none()));
        let config = Config { validation: 300, ..config };
        let events = play([part([train(1, config)], finished)]);
        assert_eq!(outcome(&events), outcome(&without), "the curve to the last bit");
        let measured: Vec<f64> = reports(&events).iter().filter_map(|report| report.validation).collect();
        let oracle = validation_of(config);
        assert_eq!(measured.len(), oracle.len());
        assert!(oracle.windows(2).all(|pair| pair[0] != pair[1]), "{oracle:?}");
        for (ours, theirs) in measured.iter().zip(&oracle) {
            assert!((ours / theirs - 1.0).abs() < 1e-4, "{measured:?}, by the oracle {oracle:?}");
        }
    }
}

#[test]
fn stretches_and_hyperparameters_meet_held_out_tokens_well() {
    let config = Config { validation: 300, epochs: 3, engine: EngineChoice::Cpu, ..small() };
    let through = play([part([train(1, config)], finished)]);
    let resume_for = |stretch| Command::Resume { stretch };
    let events = play([
        part([train_some(1, config, Stretch::Epoch)], paused),
        part([resume_for(Stretch::Minibatch)], paused),
        part([resume_for(Stretch::Epoch)], paused),
        part([resume_for(Stretch::Whole)], finished),
    ]);
    assert_eq!(outcome(&events), outcome(&through));
    let validation = |events: &[Event]| reports(events).iter().map(|report| report.validation).collect::<Vec<_>>();
    assert_eq!(validation(&events), validation(&through));
}
