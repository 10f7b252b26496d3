//! What an engine is built from, and what it returns.

use super::code::Library;
use super::description::Network;
use super::parameters::Parameters;
use crate::model::Hyperparameters;
use crate::model::minibatch::Metrics;

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

/// What an engine is asked for at the end of a sequence of minibatches, beside its metrics.
#[derive(Clone, Copy, Default)]
pub struct EpochRequest<'a> {
    /// What a sample continues.
    pub prefix: &'a [u32],
    /// The sample's length beyond the prefix; 0 for none.
    pub length: usize,
    /// Whether the parameters are wanted; the CPU returns them in any case.
    pub parameters: bool,
}

/// What an engine returns of a sequence of minibatches.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochOutput {
    /// Of each minibatch.
    pub metrics: Vec<Metrics>,
    /// Whether all parameters are finite after the last one.
    pub finite: bool,
    /// The parameters after the last one, if they were asked for.
    pub parameters: Option<Parameters>,
    /// Where the device keeps these parameters, until those of the third sequence after it.
    pub kept: usize,
    /// The tokens of a sample by these parameters, prefix included; empty if none was requested.
    pub sample: Vec<u32>,
}
