//! What an engine is told of a sequence of minibatches.

use serde::{Deserialize, Serialize};

/// What an update goes by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    pub learning_rate: f32,
    /// Threshold of gradient clipping.
    pub clip: f32,
}

/// The state that enters a minibatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// Zeros.
    Zero,
    /// The state that the minibatch before left.
    Carried,
}

/// How far a sequence of minibatches has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub(crate) minibatches: usize,
    /// The minibatch under way, and its next piece: a dispatch on the GPU, a part of the step on the CPU.
    pub(crate) at: (usize, usize),
    pub(crate) done: usize,
}

impl Run {
    pub fn new(minibatches: usize) -> Self {
        Self { minibatches, at: (0, 0), done: 0 }
    }

    /// Whether everything has been handed to the device.
    pub fn is_submitted(&self) -> bool {
        self.at.0 == self.minibatches
    }

    /// Minibatches known to be finished.
    pub fn done(&self) -> usize {
        self.done
    }
}
