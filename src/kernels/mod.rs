//! The kernels of every module, a folder each: its tables (`mod.rs`), its WGSL, what the CPU engine does in their place
//! (`cpu.rs`), their oracles in f64 (`oracle.rs`), and what the page tells of them (`note.rs`).

pub mod cross_entropy;
pub mod generate;
pub mod note;
pub mod output;
pub mod rnn;
pub mod sgd;
pub mod shared;

use crate::model::{Config, Sizes};
use crate::network::oracle::Oracles;
use crate::network::{Library, Module, Network};
use note::Note;

/// The book's network of these sizes.
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

/// The network that these settings make for a vocabulary of this size.
pub fn network_of(config: &Config, vocabulary: usize) -> Network {
    let [batch, steps, hidden] = [config.batch, config.steps, config.hidden].map(|size| size as usize);
    network(Sizes { batch, steps, hidden, vocabulary })
}

/// What a module tells of itself.
///
/// # Panics
/// It tells nothing.
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
pub const LIBRARY: Library = &[rnn::CODE, output::CODE, cross_entropy::CODE, sgd::CODE, generate::CODE];

/// The oracles of all kernels.
pub const ORACLES: &[Oracles] =
    &[rnn::ORACLES, output::ORACLES, cross_entropy::ORACLES, sgd::ORACLES, generate::ORACLES];
