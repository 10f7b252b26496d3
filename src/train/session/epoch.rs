//! The results of an epoch, and the states of epochs that are not finished.

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::cpu::HeldOut;
use crate::engine::Results;
use crate::model::Cursor;
use crate::protocol::{EpochReport, Sample};
use crate::text::sampling::Epoch;

/// The results of an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochResult {
    /// Finished epochs, this one included.
    pub epoch: u32,
    /// Mean cross-entropy per token, in nats.
    pub loss: f64,
    /// exp(`loss`).
    pub perplexity: f64,
    /// Gradient norm of each minibatch, before clipping.
    pub grad_norms: Vec<f32>,
    pub tokens_per_second: f64,
    /// Perplexity of the held-out tokens, if any.
    pub validation: Option<f64>,
    /// The sample after it, if [`Session::set_sample`](super::Session::set_sample) asked for one.
    pub sample: Option<Sample>,
}

impl EpochResult {
    /// The report for the page, with a sample taken after the epoch.
    pub fn report(self, sample: Sample) -> EpochReport {
        let Self { epoch, loss, perplexity, grad_norms, tokens_per_second, validation, .. } = self;
        EpochReport { epoch, perplexity, loss, grad_norms, tokens_per_second, validation, sample }
    }
}

/// An epoch that is being submitted.
pub(super) struct CurrentEpoch {
    pub epoch: Epoch,
    pub cursor: Cursor,
    /// Seconds of training before it.
    pub since: f64,
}

/// An epoch that is submitted, and whose results were requested.
pub(super) struct EndedEpoch {
    pub results: Results,
    pub minibatches: usize,
    /// As it was after the epoch's windows were drawn.
    pub rng: Xoshiro256PlusPlus,
    /// Seconds of training before it.
    pub since: f64,
    /// The prefix of its sample.
    pub prefix: String,
}

/// The results of an epoch while its held-out tokens are being read.
pub(super) struct Validation {
    pub result: EpochResult,
    pub rng: Xoshiro256PlusPlus,
    pub held_out: HeldOut,
}
