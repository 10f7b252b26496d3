//! The results of an epoch, and the state of an epoch that is not finished.

use crate::cpu::HeldOut;
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
}

impl EpochResult {
    /// The report for the page, with a sample taken after the epoch.
    pub fn report(self, sample: Sample) -> EpochReport {
        let Self { epoch, loss, perplexity, grad_norms, tokens_per_second, validation } = self;
        EpochReport { epoch, perplexity, loss, grad_norms, tokens_per_second, validation, sample }
    }
}

/// An epoch that is not finished.
pub(super) struct CurrentEpoch {
    pub epoch: Epoch,
    pub cursor: Cursor,
    /// Seconds of training before it.
    pub since: f64,
    /// Set once all minibatches are done, if tokens are held out.
    pub validation: Option<Validation>,
}

/// The results of an epoch while its held-out tokens are being read.
pub(super) struct Validation {
    pub result: EpochResult,
    pub held_out: HeldOut,
}
