//! The optimizer's hyperparameters.

use serde::{Deserialize, Serialize};

/// Hyperparameters of the optimizer that can change between two minibatches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hyperparameters {
    pub learning_rate: f32,
    /// Threshold of the global gradient norm.
    pub clip: f32,
}
