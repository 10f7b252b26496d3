//! Every network through a whole run: both engines train it as the oracle does, resume it bitwise from a checkpoint, and a
//! lost device or a run that diverges loses nothing but time.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use script::*;
use time_traveller::model::Config;
use time_traveller::model::config::{Cell, EngineChoice, OptimizerChoice, Sampling, StateMode, Style};
use time_traveller::model::preset::PRESETS;
use time_traveller::network::parameters_file::{file_names, write};
use time_traveller::network::{Network, Parameters};
use time_traveller::protocol::{Command, Event, Hyperparameters, Pick, StartFrom, Stretch};

/// Every cell and style, one to three layers, each optimizer, on both engines.
fn configs() -> Vec<Config> {
    let networks = [
        (Cell::Rnn, Style::Scratch, 3, OptimizerChoice::Sgd),
        (Cell::Rnn, Style::Concise, 2, OptimizerChoice::Momentum),
        (Cell::Gru, Style::Scratch, 2, OptimizerChoice::Sgd),
        (Cell::Gru, Style::Concise, 1, OptimizerChoice::Adam),
        (Cell::Lstm, Style::Scratch, 1, OptimizerChoice::Adam),
        (Cell::Lstm, Style::Concise, 3, OptimizerChoice::Momentum),
    ];
    let mut configs = Vec::new();
    for (cell, style, layers, optimizer) in networks {
        for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
            let lr = if optimizer == OptimizerChoice::Sgd { 0.5 } else { 0.01 };
            let config = Config { cell, style, layers, optimizer, lr, weight_decay: 1e-3, engine, ..small() };
            configs.push(config);
        }
    }
    configs
}

#[test]
fn both_engines_train_every_network_as_the_oracle_does() {
    for config in configs() {
        let events = play([part([train(1, config)], finished)]);
        assert_eq!(numbers(&events), [1, 2, 3, 4, 5, 6]);
        let hyperparameters = Hyperparameters { learning_rate: config.lr, clip: config.clip };
        assert_as_the_oracle(&events, config, |_| hyperparameters);
        let first = &reports(&events)[0];
        assert!(reports(&events)[5].loss < first.loss, "{config:?} learns");
    }
}

#[test]
fn a_run_from_a_checkpoint_is_bitwise_the_run_that_went_through() {
    for config in configs() {
        let file = |events: &[Event]| match &events[the(events, answered(1))] {
            Event::Checkpoint { file, .. } => file.clone(),
            other => panic!("{other:?}"),
        };
        let save = Command::Checkpoint { request: 1 };
        let whole = play([part([train(1, config)], epoch(3)), part([save], answered(1)), part([], finished)]);
        let beginning = StartFrom { checkpoint: Some(file(&whole)), ..StartFrom::default() };
        let after = play([part([train_from(1, Config { seed: 99, ..config }, beginning)], finished)]);
        let (numbers, samples) = outcome(&whole);
        let (numbers_after, samples_after) = outcome(&after);
        assert_eq!(numbers[3..], numbers_after, "{config:?}");
        assert_eq!(samples[3..], samples_after, "{config:?}");
    }
}

#[test]
fn a_lost_device_changes_nothing_but_the_time() {
    for config in configs().into_iter().filter(|config| config.engine == EngineChoice::Gpu) {
        let through = play([part([train(1, config)], finished)]);
        let recovered = |event: &Event| matches!(event, Event::Recovered { .. });
        let lose = Part { loses_device: true, ..part([], recovered) };
        let events = play([part([train(1, config)], epoch(3)), lose, part([], finished)]);
        assert_eq!(outcome(&events), outcome(&through), "{config:?}");
        assert_eq!(numbers(&events), [1, 2, 3, 4, 5, 6]);
    }
}

/// The optimizer's state goes back to the last good epoch, too.
#[test]
fn a_run_that_diverges_goes_on_from_its_last_good_epoch() {
    let wild = Hyperparameters { learning_rate: 1000.0, clip: 1e9 };
    for config in configs().into_iter().filter(|config| config.optimizer != OptimizerChoice::Sgd) {
        let calm = Hyperparameters { learning_rate: config.lr, clip: config.clip };
        let set = |hyperparameters| Command::SetHyperparameters { hyperparameters };
        let diverged = |event: &Event| matches!(event, Event::Diverged { .. });
        let events = play([
            part([train_some(1, config, Stretch::To(6)), Command::Pause], paused),
            part([resume_for(Stretch::Epoch)], paused),
            part([set(wild), resume()], diverged),
            part([set(calm), resume()], finished),
        ]);
        let through = play([part([train(1, config)], finished)]);
        assert_eq!(outcome(&events), outcome(&through), "{config:?}");
    }
}

fn resume_for(stretch: Stretch) -> Command {
    Command::Resume { stretch }
}

/// Prediction with sampling: both engines draw the same tokens from the same parameters.
#[test]
fn both_engines_answer_alike() {
    let pick = Pick::Sampled { temperature: 0.8, top_k: 5, seed: 3 };
    for configs in configs().chunks(2) {
        let answers: Vec<String> = configs
            .iter()
            .map(|&config| {
                let prefix = "the clock".to_owned();
                let ask = Command::Generate { request: 1, prefix, length: 40, pick, config };
                generated(&play([part([ask], answered(1))]), 1).text.clone()
            })
            .collect();
        assert_eq!(answers[0], answers[1], "{:?}", configs[0]);
    }
}

/// A file of another program, with the names of the book or of PyTorch, starts a run; that of another network is refused
/// with the tensor's name.
#[test]
fn files_have_the_names_of_the_book_and_of_pytorch() {
    let of = |config: &Config| -> Network { network(*config) };
    let deep = Config { cell: Cell::Lstm, style: Style::Concise, layers: 2, ..small() };
    let names = file_names(&of(&deep));
    let layer = |layer: usize| {
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|name| format!("rnn.{name}_l{layer}")).to_vec()
    };
    let linear = ["linear.weight", "linear.bias"].map(str::to_owned).to_vec();
    assert_eq!(names, [layer(0), layer(1), linear].concat());
    let gru = Config { cell: Cell::Gru, ..small() };
    let gates = ["w_xz", "w_xr", "w_xh", "w_hz", "w_hr", "w_hh", "b_z", "b_r", "b_h", "w_hq", "b_q"];
    assert_eq!(file_names(&of(&gru)), gates);
    let rnn = Config { layers: 2, ..small() };
    let layers = ["w_xh", "w_hh", "b_h", "w_xh_l1", "w_hh_l1", "b_h_l1", "w_hq", "b_q"];
    assert_eq!(file_names(&of(&rnn)), layers);

    let start = |config: Config, file: Vec<u8>| {
        let beginning = StartFrom { parameters: Some(file), ..StartFrom::default() };
        play([part([train_from(1, config, beginning)], |event: &Event| finished(event) || failed(event))])
    };
    let parameters = Parameters::init(of(&deep), deep.seed);
    let events = start(deep, write(&parameters));
    assert_eq!(outcome(&events), outcome(&play([part([train(1, deep)], finished)])), "its own initial parameters");
    let refused = start(Config { hidden: 9, ..deep }, write(&parameters));
    let Event::Failed { error, .. } = &refused[the(&refused, failed)] else { unreachable!() };
    assert!(error.to_string().contains("rnn.weight_ih_l0 has the shape [32, 22], not [36, 22]"), "{error}");
    let refused = start(gru, write(&parameters));
    let Event::Failed { error, .. } = &refused[the(&refused, failed)] else { unreachable!() };
    assert!(error.to_string().contains("there is no tensor w_xz"), "{error}");
}

/// All windows, held-out windows and cleaning as in the English edition, at a small size.
#[test]
fn the_english_editions_sampling_trains_on_both_engines() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let config = Config {
            sampling: Sampling::Windows,
            state: StateMode::Reset,
            validation: 60,
            batch: 16,
            engine,
            ..small()
        };
        let events = play([part([train(1, config)], finished)]);
        let hyperparameters = Hyperparameters { learning_rate: config.lr, clip: config.clip };
        assert_as_the_oracle(&events, config, |_| hyperparameters);
        let last = reports(&events)[5];
        assert_eq!(last.grad_norms.len(), (200 - 5_usize).div_ceil(16));
        let held_out = last.validation.unwrap();
        assert!(held_out > 1.0 && held_out < 30.0, "{held_out}");
    }
    assert_eq!(PRESETS.len(), 17);
}
