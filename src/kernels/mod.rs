//! The modules of the network, one folder each: tables (`mod.rs`), one WGSL file for each kernel, its CPU version
//! (`cpu.rs`), its oracle in f64 (`oracle.rs`), and formulas for the page (`note.rs`).
//!
//! The data of a training step: [`rnn`] maps token ids to hidden states, [`output`] to logits, [`cross_entropy`] to
//! losses and the gradient of the logits ([`output_loss`] is both in one); then backwards, [`output`] to the gradient of the states and [`rnn`] through
//! time; both sum the gradients of their parameters, with which [`sgd`] updates them. [`generate`] predicts with the
//! same parameters.

pub mod adam;
pub mod cross_entropy;
pub mod generate;
pub mod gru;
pub mod gru_scratch;
pub mod layer;
pub mod lstm;
pub mod momentum;
pub mod note;
pub mod output;
pub mod output_loss;
pub mod rnn;
pub mod rnn_layer;
pub mod sgd;
pub mod shared;

use std::ops::Range;

use crate::model::config::{Cell, OptimizerChoice, Style};
use crate::model::{Config, Sizes};
use crate::network::oracle::Oracles;
use crate::network::record::InputGradients;
use crate::network::{Library, Module, Network};
use note::Note;

/// The book's character RNN with these sizes.
pub fn network(sizes: Sizes) -> Network {
    Network {
        cell: &rnn::RNN,
        upper: &rnn::RNN,
        layers: 1,
        output: &output::OUTPUT,
        loss: &cross_entropy::CROSS_ENTROPY,
        optimizer: &sgd::SGD,
        momentum: 0.0,
        weight_decay: 0.0,
        prediction: &generate::PREDICTION,
        sizes,
    }
}

/// The network of these settings, with `vocabulary` the vocabulary size.
pub fn network_of(config: &Config, vocabulary: usize) -> Network {
    let [batch, steps, hidden] = [config.batch, config.steps, config.hidden].map(|size| size as usize);
    let [cell, upper]: [&'static Module; 2] = match (config.cell, config.style) {
        // The book's first network has kernels of its own.
        (Cell::Rnn, Style::Scratch) if config.layers == 1 => [&rnn::RNN; 2],
        (Cell::Rnn, Style::Scratch) => [&rnn_layer::SCRATCH[0], &rnn_layer::SCRATCH[1]],
        (Cell::Rnn, Style::Concise) => [&rnn_layer::CONCISE[0], &rnn_layer::CONCISE[1]],
        (Cell::Gru, Style::Scratch) => [&gru_scratch::SCRATCH[0], &gru_scratch::SCRATCH[1]],
        (Cell::Gru, Style::Concise) => [&gru::CONCISE[0], &gru::CONCISE[1]],
        (Cell::Lstm, Style::Scratch) => [&lstm::SCRATCH[0], &lstm::SCRATCH[1]],
        (Cell::Lstm, Style::Concise) => [&lstm::CONCISE[0], &lstm::CONCISE[1]],
    };
    let output = match config.style {
        Style::Scratch if *cell == rnn::RNN => &output::OUTPUT,
        Style::Scratch => &output::SCRATCH,
        Style::Concise => &output::CONCISE,
    };
    let optimizer = match config.optimizer {
        OptimizerChoice::Sgd => &sgd::SGD,
        OptimizerChoice::Momentum => &momentum::MOMENTUM,
        OptimizerChoice::Adam => &adam::ADAM,
    };
    Network {
        cell,
        upper,
        layers: config.layers as usize,
        output,
        optimizer,
        momentum: if config.optimizer == OptimizerChoice::Momentum { config.momentum } else { 0.0 },
        weight_decay: config.weight_decay,
        ..network(Sizes { batch, steps, hidden, vocabulary })
    }
}

/// The network as those who look into it need it: with layers that keep the gradient of their hidden states in `dh`, which
/// the book's first network does not, whose kernels are its own; and with an optimizer that has no state. Parameters are
/// the same vector.
pub fn as_layers(network: Network) -> Network {
    let cell = if *network.cell == rnn::RNN { &rnn_layer::SCRATCH[0] } else { network.cell };
    Network { cell, optimizer: &sgd::SGD, ..network }
}

/// Where the weights are, in the vector of all parameters, by which layers multiply their last hidden state.
pub fn weights_of_state(network: Network) -> Vec<Range<usize>> {
    let is_of_state = |name: &str| ["w_h", "w_hg", "w_hn"].contains(&name);
    let places = network.places().filter(|(param, _)| param.layer.is_some() && is_of_state(param.table_name()));
    places.map(|(_, range)| range).collect()
}

/// Formulas and shapes of a module, for the page.
///
/// # Panics
/// If the module has none.
pub fn note(module: &Module) -> &'static Note {
    match module.name {
        "rnn" => &rnn::note::NOTE,
        "rnn_scratch" => &rnn_layer::note::SCRATCH,
        "rnn_concise" => &rnn_layer::note::CONCISE,
        "gru_scratch" => &gru_scratch::note::NOTE,
        "gru_concise" => &gru::note::NOTE,
        "lstm_scratch" => &lstm::note::SCRATCH,
        "lstm_concise" => &lstm::note::CONCISE,
        "output" | "output_scratch" | "output_concise" => &output::note::NOTE,
        "cross_entropy" => &cross_entropy::note::NOTE,
        "sgd" => &sgd::note::NOTE,
        "momentum" => &momentum::note::NOTE,
        "adam" => &adam::note::NOTE,
        other => panic!("{other} has no note"),
    }
}

/// The code of all kernels.
pub const LIBRARY: Library = &[
    rnn::CODE,
    layer::CODE,
    rnn_layer::CODE,
    gru::CODE,
    gru_scratch::CODE,
    lstm::CODE,
    output::CODE,
    cross_entropy::CODE,
    output_loss::CODE,
    sgd::CODE,
    momentum::CODE,
    adam::CODE,
    generate::CODE,
];

/// What records forward and backward pass of networks that are looked into: see [`as_layers`].
pub const INSIDE: (Library, InputGradients) = (LIBRARY, layer::input_gradients);

/// The oracles of all kernels.
pub const ORACLES: &[Oracles] = &[
    rnn::ORACLES,
    layer::ORACLES,
    rnn_layer::ORACLES,
    gru::ORACLES,
    gru_scratch::ORACLES,
    lstm::ORACLES,
    output::ORACLES,
    cross_entropy::ORACLES,
    output_loss::ORACLES,
    sgd::ORACLES,
    momentum::ORACLES,
    adam::ORACLES,
    generate::ORACLES,
];
