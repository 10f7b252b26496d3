//! The race of the devices, as it is told and remembered.

use serde::{Deserialize, Serialize};

use super::Sizes;

/// A contestant's result in the race of the devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lap {
    pub name: String,
    /// Tokens trained on per second; none if it was not timed, or failed.
    pub tokens_per_second: Option<f64>,
}

/// A race, and what was trained in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRace {
    pub sizes: Sizes,
    pub laps: Vec<Lap>,
}
