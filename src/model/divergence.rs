//! A run that left the finite numbers: what broke where, and what usually helps.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Parameters;
use super::minibatch::Metrics;
use super::run::Rates;

/// What broke, in the order in which it is computed: what stopped being a finite number, or else the mean loss, which
/// grew beyond all sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    Loss,
    GradNorm,
    /// The parameters after the epoch's last update.
    Weights,
    /// The exponential of the epoch's mean loss.
    Perplexity,
    /// The epoch's mean loss: more than [`BEYOND`] times that of a blind guess.
    MeanLoss,
}

/// Where a run diverged, and what to try.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    pub quantity: Quantity,
    /// Finished epochs before the one that broke.
    pub epoch: u32,
    /// The minibatch that broke, from 0; of what is of a whole epoch, its last.
    pub minibatch: u32,
    /// Rates that usually help.
    pub proposal: Rates,
}

/// A network that knows nothing guesses among `V` tokens and loses ln V. One that loses so many times that is not learning
/// any more: its logits are huge and wrong.
pub const BEYOND: i32 = 10;

/// A threshold above which clipping hardly clips; the book's is 1.
const LOOSE: f32 = 5.0;

/// The first quantity of an epoch that broke, and its minibatch; `vocabulary` is V.
///
/// WGSL may assume that there is no NaN and no infinity, so they are looked for here, after the read-back.
pub fn find(
    metrics: &[Metrics],
    parameters: &Parameters,
    perplexity: f64,
    vocabulary: usize,
) -> Option<(Quantity, usize)> {
    let broken = metrics.iter().position(|m| !m.loss.is_finite() || !m.grad_norm.is_finite());
    if let Some(m) = broken {
        return Some((if metrics[m].loss.is_finite() { Quantity::GradNorm } else { Quantity::Loss }, m));
    }
    let last = metrics.len().saturating_sub(1);
    if !parameters.tensors().into_iter().flatten().all(|weight| weight.is_finite()) {
        return Some((Quantity::Weights, last));
    }
    if !perplexity.is_finite() {
        return Some((Quantity::Perplexity, last));
    }
    (perplexity > (vocabulary as f64).powi(BEYOND)).then_some((Quantity::MeanLoss, last))
}

/// Gradients that are clipped at 1, or a tenth of the learning rate where they hardly get longer than that.
pub fn propose(rates: Rates) -> Rates {
    if rates.clip > LOOSE {
        Rates { clip: 1.0, ..rates }
    } else {
        Rates { learning_rate: rates.learning_rate / 10.0, ..rates }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.quantity {
            Quantity::Loss => "The loss",
            Quantity::GradNorm => "The gradient norm",
            Quantity::Weights => "A weight",
            Quantity::Perplexity => "The perplexity",
            Quantity::MeanLoss => "The mean loss",
        };
        let how = match self.quantity {
            Quantity::MeanLoss => "grew beyond ten times that of a blind guess",
            _ => "stopped being a finite number",
        };
        let Rates { learning_rate, clip } = self.proposal;
        write!(
            f,
            "{what} {how} in minibatch {} of epoch {}: go on from the epoch before with Learning \
             rate (lr) {learning_rate} and Gradient clipping (clip) {clip}.",
            self.minibatch + 1,
            self.epoch + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sizes;

    const SIZES: Sizes = Sizes { batch: 1, steps: 1, hidden: 3, vocabulary: 2 };

    #[test]
    fn what_breaks_first_is_found() {
        let good = Metrics { loss: 3.0, grad_norm: 1.0 };
        let no_loss = Metrics { loss: f32::NAN, grad_norm: f32::NAN };
        let no_norm = Metrics { grad_norm: f32::INFINITY, ..good };
        let sound = Parameters::init(SIZES, 1);
        let mut broken = sound.clone();
        broken.w_hq[2] = f32::NAN;
        for (metrics, parameters, perplexity, expected) in [
            ([good, good, good], &sound, 20.0, None),
            ([good, no_loss, no_norm], &broken, f64::NAN, Some((Quantity::Loss, 1))),
            ([good, no_norm, no_loss], &broken, f64::NAN, Some((Quantity::GradNorm, 1))),
            ([good, good, good], &broken, 20.0, Some((Quantity::Weights, 2))),
            ([good, good, good], &sound, f64::INFINITY, Some((Quantity::Perplexity, 2))),
            ([good, good, good], &sound, 1025.0, Some((Quantity::MeanLoss, 2))),
            ([good, good, good], &sound, 1023.0, None),
        ] {
            assert_eq!(find(&metrics, parameters, perplexity, 2), expected);
        }
    }

    #[test]
    fn loose_clipping_is_tightened_and_else_the_learning_rate_lowered() {
        let rates = Rates { learning_rate: 100.0, clip: 1e9 };
        let first = propose(rates);
        assert_eq!(first, Rates { learning_rate: 100.0, clip: 1.0 });
        assert_eq!(propose(first), Rates { learning_rate: 10.0, clip: 1.0 });
    }
}
