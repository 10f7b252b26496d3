//! What an engine is built from.

use super::code::Library;
use super::description::Network;
use super::parameters::Parameters;
use crate::model::Hyperparameters;

/// What an engine is built from.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    pub network: Network,
    /// The code of its kernels.
    pub library: Library,
    /// The most minibatches between two read-backs of their metrics.
    pub minibatches: usize,
    pub hyperparameters: Hyperparameters,
    /// The initial parameters.
    pub parameters: &'a Parameters,
}
