//! What is said about the inside of a network, against the oracle in f64: by finite differences of its losses and logits.

#![cfg(not(target_arch = "wasm32"))]

use pollster::block_on;
use time_traveller::cpu::Cores;
use time_traveller::inside::Inside;
use time_traveller::kernels::{self, ORACLES, network_of};
use time_traveller::model::config::{Cell, Style};
use time_traveller::model::inside::{Answer, Question};
use time_traveller::model::{Config, Sizes};
use time_traveller::network::oracle::Memory;
use time_traveller::network::{Network, Parameters};
use time_traveller::oracle;
use time_traveller::text::Vocabulary;

const SIZES: Sizes = Sizes { batch: 3, steps: 4, hidden: 7, vocabulary: 6 };

/// “abcde” and `<unk>`.
fn vocabulary() -> Vocabulary {
    Vocabulary::new("aaaaabbbbcccdde")
}

const PASSAGE: [u32; 9] = [1, 4, 2, 2, 5, 0, 3, 1, 4];

/// Every cell in both styles, in one layer and two.
fn networks() -> Vec<Network> {
    let mut networks = Vec::new();
    for cell in [Cell::Rnn, Cell::Gru, Cell::Lstm] {
        for style in [Style::Scratch, Style::Concise] {
            for layers in [1, 2] {
                let config = Config { cell, style, layers, ..Config::default() };
                networks.push(network_of(&config, SIZES.vocabulary).with_sizes(SIZES));
            }
        }
    }
    networks
}

/// Weights that say something, whatever the style's initialisation.
fn parameters(network: Network) -> Parameters {
    let mut parameters = Parameters::init(network, 3);
    let largest = parameters.numbers.iter().fold(0f32, |most, weight| most.max(weight.abs()));
    parameters.numbers.iter_mut().enumerate().for_each(|(i, weight)| {
        *weight = *weight / largest * 0.9 + 0.05 * (i as f32).sin();
    });
    parameters
}

fn answer(parameters: &Parameters, question: Question, passage: &[u32], threads: usize) -> Answer {
    let inside = Inside::new(&Cores::new(threads), parameters, 0);
    block_on(inside.answer(question, passage, &vocabulary(), passage)).unwrap()
}

/// The oracle reads a passage; `disturb` may change the states of a layer, once those of a time step are computed.
fn read(parameters: &Parameters<f64>, passage: &[u32], mut disturb: impl FnMut(&mut [f64], usize, usize)) -> Memory {
    let sizes = Sizes { batch: 1, steps: passage.len(), ..parameters.network.sizes };
    let network = kernels::as_layers(parameters.network).with_sizes(sizes);
    let mut memory = oracle::memory(&Parameters { network, ..parameters.clone() }, 0.0, 1.0);
    *memory.ids_mut("inputs") = passage.to_vec();
    for call in network.calls(&network.forward()) {
        oracle::run(&mut memory, ORACLES, &[call]);
        let last = network.layer(call.layer).forward.last().expect("a cell has kernels");
        if call.kernel.name == last.name {
            memory.layer = call.layer;
            disturb(memory.get_mut("states"), call.layer, call.t);
            memory.layer = 0;
        }
    }
    memory
}

/// −log softmax(logits)[y] of the last position.
fn loss(memory: &Memory, target: u32) -> f64 {
    let logits = memory.get("logits");
    let last = &logits[logits.len() - memory.sizes.vocabulary..];
    last.iter().map(|logit| logit.exp()).sum::<f64>().ln() - last[target as usize]
}

fn norm(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|x| x * x).sum::<f64>().sqrt()
}

#[track_caller]
fn assert_near(given: &[f32], wanted: &[f64], what: &str) {
    assert_eq!(given.len(), wanted.len(), "{what}");
    let scale = wanted.iter().fold(0f64, |most, x| most.max(x.abs()));
    for (i, (given, wanted)) in given.iter().zip(wanted).enumerate() {
        assert!((f64::from(*given) - wanted).abs() <= 2e-5 * scale, "{what}, {i}: {given}, by the oracle {wanted}");
    }
    assert!(scale > 1e-6, "{what}: numbers that say something");
}

/// Difference quotients over both sides.
fn slope(of: impl Fn(f64) -> f64) -> f64 {
    const STEP: f64 = 1e-5;
    (of(STEP) - of(-STEP)) / (2.0 * STEP)
}

#[test]
fn gradients_through_time_are_the_difference_quotients() {
    for network in networks() {
        let parameters = parameters(network);
        let exact = parameters.cast::<f64>();
        let (target, inputs) = PASSAGE.split_last().unwrap();
        let hidden = SIZES.hidden;
        for threads in [1, 3] {
            let question = Question::GradientNorms { scale: 1.0, epoch: None };
            let Answer::GradientNorms { layers, .. } = answer(&parameters, question, &PASSAGE, threads) else {
                panic!("another answer");
            };
            for (layer, norms) in layers.iter().enumerate() {
                let of = |t: usize, unit: usize, step: f64| {
                    let disturb = |states: &mut [f64], of, at| {
                        if (of, at) == (layer, t) {
                            states[(t + 1) * hidden + unit] += step;
                        }
                    };
                    loss(&read(&exact, inputs, disturb), *target)
                };
                let wanted: Vec<f64> = (0..inputs.len())
                    .rev()
                    .map(|t| norm((0..hidden).map(|unit| slope(|step| of(t, unit, step)))))
                    .collect();
                assert_near(norms, &wanted, &format!("{}, layer {layer}", network.name()));
            }
        }
    }
}

/// The network with one more token, whose row of the input's weights is that of `token` and `step` times that of `other`:
/// where it stands for the token, the one-hot input has `step` more at `other`.
fn with_disturbed_input(parameters: &Parameters<f64>, token: u32, other: u32, step: f64) -> Parameters<f64> {
    let network = parameters.network;
    let wider = network.with_sizes(Sizes { vocabulary: SIZES.vocabulary + 1, ..SIZES });
    let mut all = Parameters::zeros(wider);
    for (param, numbers) in parameters.tensors() {
        let rows = if param.shape.len() > 1 { network.shape(&param)[0] } else { 1 };
        let columns = numbers.len() / rows;
        let to = wider.shape(&param);
        let (to_columns, is_input) = (to[to.len() - 1], ["w_x", "w_xh"].contains(&param.name.as_str()));
        let of = |row: usize, column: usize| numbers[row * columns + column];
        let target = all.tensor_mut(&param.name);
        for row in 0..rows {
            (0..columns).for_each(|column| target[row * to_columns + column] = of(row, column));
        }
        if is_input {
            let row = |column| of(token as usize, column) + step * of(other as usize, column);
            (0..columns).for_each(|column| target[rows * to_columns + column] = row(column));
        }
    }
    all
}

#[test]
fn connectivity_is_the_difference_quotients_of_the_logit() {
    for network in networks() {
        let parameters = parameters(network);
        let exact = parameters.cast::<f64>();
        for (at, of) in [(0, PASSAGE[1]), (5, PASSAGE[6])] {
            let question = Question::Connectivity { at: at as u32 };
            let Answer::Connectivity { of: said, magnitudes } = answer(&parameters, question, &PASSAGE, 2) else {
                panic!("another answer");
            };
            assert_eq!(said, vocabulary().character(of));
            let logit = |s: usize, other: u32, step: f64| {
                let parameters = with_disturbed_input(&exact, PASSAGE[s], other, step);
                let mut passage = PASSAGE[..=at].to_vec();
                passage[s] = SIZES.vocabulary as u32;
                read(&parameters, &passage, |_, _, _| {}).get("logits")[at * (SIZES.vocabulary + 1) + of as usize]
            };
            let wanted: Vec<f64> = (0..=at)
                .map(|s| norm((0..SIZES.vocabulary as u32).map(|other| slope(|step| logit(s, other, step)))))
                .collect();
            assert_near(&magnitudes, &wanted, &format!("{} at {at}", network.name()));
        }
    }
}

#[test]
fn where_the_passage_ends_the_likeliest_character_is_looked_at() {
    let parameters = parameters(networks()[0]);
    let question = Question::Connectivity { at: 99 };
    let Answer::Connectivity { of, magnitudes } = answer(&parameters, question, &PASSAGE, 1) else {
        panic!("another answer");
    };
    let memory = read(&parameters.cast(), &PASSAGE, |_, _, _| {});
    let logits = memory.get("logits");
    let last = &logits[logits.len() - SIZES.vocabulary..];
    let likeliest = (0..last.len()).max_by(|&a, &b| last[a].total_cmp(&last[b])).unwrap();
    assert_eq!((of, magnitudes.len()), (vocabulary().character(likeliest as u32), PASSAGE.len()));
}

/// Each row of a unit against the oracle's tensors: the state and, by the letters of formulas, gates and cell state.
#[test]
fn rows_of_a_unit_are_the_oracles() {
    for network in networks() {
        let parameters = parameters(network);
        let memory = read(&parameters.cast(), &PASSAGE, |_, _, _| {});
        let (hidden, gates) = (SIZES.hidden, network.gates().cell);
        for (layer, unit) in [(0, 0), (network.top(), 5)] {
            let question = Question::Unit { layer: layer as u32, unit: unit as u32 };
            let Answer::Unit(rows) = answer(&parameters, question, &PASSAGE, 2) else { panic!("another answer") };
            let of = |name: &str, first: usize, columns: usize| -> Vec<f64> {
                let mut memory = memory.clone();
                memory.layer = layer;
                memory.get(name)[first..].iter().step_by(columns).take(PASSAGE.len()).copied().collect()
            };
            let gate = |gate: usize| of("gates", gate * hidden + unit, gates * hidden);
            let state = |name: &str| of(name, hidden + unit, hidden);
            let wanted = match network.cell.name {
                "rnn" | "rnn_scratch" | "rnn_concise" => vec![state("states")],
                "gru_scratch" => vec![state("states"), gate(1), gate(0), gate(2)],
                "gru_concise" => vec![state("states"), gate(1), gate(2), gate(3)],
                _ => vec![state("states"), state("cells"), gate(0), gate(1), gate(3), gate(2)],
            };
            let notes = kernels::note(network.cell).rows;
            assert_eq!((rows.len(), notes.len()), (wanted.len(), wanted.len()));
            for ((given, wanted), row) in rows.iter().zip(&wanted).zip(notes) {
                assert_near(given, wanted, &format!("{} {}", network.name(), row.name()));
            }
        }
    }
}

/// Forward and backward numbers of one time step against a training step of the oracle.
#[test]
fn numbers_of_a_step_are_the_oracles() {
    for network in networks() {
        let parameters = parameters(network);
        let (inputs, targets) = (PASSAGE[..8].to_vec(), PASSAGE[1..].to_vec());
        let sizes = Sizes { batch: 1, steps: 8, ..SIZES };
        let layers = kernels::as_layers(network).with_sizes(sizes);
        let exact = Parameters { network: layers, ..parameters.cast::<f64>() };
        let step = oracle::forward_backward(&exact, &[], &time_traveller::model::Minibatch { inputs, targets });
        let (t, units) = (2, 3);
        let question = Question::Step { t: t as u32, units: units as u32 };
        let Answer::Step(given) = answer(&parameters, question, &PASSAGE, 1) else { panic!("another answer") };
        assert_eq!(given.tokens, [PASSAGE[t], PASSAGE[t + 1]].map(|id| (id, vocabulary().character(id))));
        assert!(given.likeliest.contains(&given.tokens[1]) && given.vocabulary == 6);
        let mut memory = step.memory.clone();
        let mut compared = 0;
        for numbers in given.numbers.iter().filter(|numbers| numbers.name != "softmax" && numbers.name != "dh") {
            memory.layer = numbers.layer as usize;
            if let Some(wanted) = product_of(&memory, &numbers.name, t, units) {
                assert_near(&numbers.numbers, &wanted, &format!("{} {}", network.name(), numbers.name));
                continue;
            }
            let (name, slot) = match numbers.name.strip_suffix("_before") {
                Some(name) => (name, t),
                None => (numbers.name.as_str(), t + usize::from(["states", "cells"].contains(&numbers.name.as_str()))),
            };
            let tensor = memory.get(name);
            let slots = if ["states", "cells"].contains(&name) { 9 } else { 8 };
            let row = &tensor[tensor.len() / slots * slot..][..tensor.len() / slots];
            let wanted: Vec<f64> = match name {
                "logits" | "dlogits" => row.to_vec(),
                _ => row.chunks(SIZES.hidden).flat_map(|gate| &gate[..units]).copied().collect(),
            };
            assert_near(&numbers.numbers, &wanted, &format!("{} {}", network.name(), numbers.name));
            compared += 1;
        }
        assert!(compared >= 4 * network.layers, "{compared} tensors");
    }
}

/// The product of a layer's weights at a time step, of the first units of each gate; `None` for what is no weight.
fn product_of(memory: &Memory, weights: &str, t: usize, units: usize) -> Option<Vec<f64>> {
    let hidden = SIZES.hidden;
    let left = match weights {
        "w_x" if memory.layer == 0 => {
            let token = memory.ids("inputs")[t] as usize;
            (0..SIZES.vocabulary).map(|id| f64::from(u8::from(id == token))).collect()
        }
        "w_x" => memory.get("below")[(t + 1) * hidden..][..hidden].to_vec(),
        "w_hn" => memory.get("reset_states")[t * hidden..][..hidden].to_vec(),
        "w_h" | "w_hg" => memory.get("states")[t * hidden..][..hidden].to_vec(),
        _ => return None,
    };
    let weights = memory.get(weights);
    let columns = weights.len() / left.len();
    let column = |column: usize| left.iter().enumerate().map(|(k, x)| x * weights[k * columns + column]).sum();
    Some((0..columns).filter(|i| i % hidden < units).map(column).collect())
}
