//! The four sizes of a network and its minibatches, by the letters that equations and shape comments use.

use serde::{Deserialize, Serialize};

/// `B`, `T`, `H`, `V`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sizes {
    /// `B`, batch size.
    pub batch: usize,
    /// `T`, time steps of a minibatch.
    pub steps: usize,
    /// `H`, hidden units.
    pub hidden: usize,
    /// `V`, vocabulary size.
    pub vocabulary: usize,
}

impl Sizes {
    /// `N = T · B`, positions of a minibatch; position `t · B + b` is row `b` at time `t`.
    pub fn positions(&self) -> usize {
        self.steps * self.batch
    }
}
