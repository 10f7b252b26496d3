//! The modules of the network, one folder each: tables (`mod.rs`), one WGSL file for each kernel, its CPU version
//! (`cpu.rs`), its oracle in f64 (`oracle.rs`), and formulas for the page (`note.rs`).
//!
//! The data of a training step: [`rnn`] maps token ids to hidden states, [`output`] to logits, [`cross_entropy`] to
//! losses and the gradient of the logits ([`output_loss`] is both in one); then backwards, [`output`] to the gradient of the states and [`rnn`] through
//! time; both sum the gradients of their parameters, with which [`sgd`] updates them. [`generate`] predicts with the
//! same parameters.

pub mod cross_entropy;
pub mod generate;
pub mod note;
pub mod output;
pub mod output_loss;
pub mod rnn;
pub mod sgd;
pub mod shared;

use crate::model::{Config, Sizes};
use crate::network::oracle::Oracles;
use crate::network::{Library, Module, Network};
use note::Note;

/// The book's character RNN with these sizes.
pub fn network(sizes: Sizes) -> Network {
    Network {
        cell: &rnn::RNN,
        output: &output::OUTPUT,
        loss: &cross_entropy::CROSS_ENTROPY,
        optimizer: &sgd::SGD,
        prediction: &generate::PREDICTION,
        sizes,
    }
}

/// The network of these settings, with `vocabulary` the vocabulary size.
pub fn network_of(config: &Config, vocabulary: usize) -> Network {
    let [batch, steps, hidden] = [config.batch, config.steps, config.hidden].map(|size| size as usize);
    network(Sizes { batch, steps, hidden, vocabulary })
}

/// Formulas and shapes of a module, for the page.
///
/// # Panics
/// If the module has none.
pub fn note(module: &Module) -> &'static Note {
    match module.name {
        "rnn" => &rnn::note::NOTE,
        "output" => &output::note::NOTE,
        "cross_entropy" => &cross_entropy::note::NOTE,
        "sgd" => &sgd::note::NOTE,
        other => panic!("{other} has no note"),
    }
}

/// The code of all kernels.
pub const LIBRARY: Library =
    &[rnn::CODE, output::CODE, cross_entropy::CODE, output_loss::CODE, sgd::CODE, generate::CODE];

/// The oracles of all kernels.
pub const ORACLES: &[Oracles] =
    &[rnn::ORACLES, output::ORACLES, cross_entropy::ORACLES, output_loss::ORACLES, sgd::ORACLES, generate::ORACLES];
