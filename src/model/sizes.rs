//! The four dimensions, by the letters that equations and shape comments use everywhere.

use serde::{Deserialize, Serialize};

/// `B`, `T`, `H`, `V`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sizes {
    /// `B`, rows of a minibatch.
    pub batch: usize,
    /// `T`, time steps.
    pub steps: usize,
    /// `H`, hidden units.
    pub hidden: usize,
    /// `V`, size of the vocabulary.
    pub vocabulary: usize,
}

impl Sizes {
    /// `N = T · B`, positions of a minibatch; position `t · B + b` is row `b` at time `t`.
    pub fn positions(&self) -> usize {
        self.steps * self.batch
    }
}
