//! What an engine is made of.

use super::code::Library;
use super::description::Network;
use super::parameters::Parameters;
use crate::model::Hyperparameters;

/// Everything that an engine is made of.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    pub network: Network,
    /// The code of its kernels.
    pub library: Library,
    /// The most minibatches of a run.
    pub minibatches: usize,
    pub hyperparameters: Hyperparameters,
    /// The network's parameters at the beginning.
    pub parameters: &'a Parameters,
}
