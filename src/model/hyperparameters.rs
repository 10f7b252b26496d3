//! What the optimizer goes by.

use serde::{Deserialize, Serialize};

/// What an update goes by. They can change between two minibatches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hyperparameters {
    pub learning_rate: f32,
    /// Threshold of gradient clipping.
    pub clip: f32,
}
