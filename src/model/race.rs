//! The result of a race of the devices, as it is sent to the page and stored.

use serde::{Deserialize, Serialize};

use super::Sizes;

/// A contestant's result in the race of the devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lap {
    pub name: String,
    /// Tokens trained on per second; `None` if it was not timed or failed.
    pub tokens_per_second: Option<f64>,
}

/// A race, and the network trained in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRace {
    /// Its modules; empty for the book's first network, as in the races of earlier versions.
    #[serde(default)]
    pub network: String,
    pub sizes: Sizes,
    pub laps: Vec<Lap>,
}
