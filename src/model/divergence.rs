//! Divergence of a run: which quantity overflowed where, and hyperparameters that usually help.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::hyperparameters::Hyperparameters;
use super::minibatch::Metrics;

/// The quantity that stopped being finite, in the order of computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    Loss,
    GradNorm,
    /// The parameters after the epoch's last update.
    Weights,
    /// exp of the epoch's mean loss, in f32: infinite above 88 nats.
    Perplexity,
}

/// Where a run diverged, and hyperparameters to continue with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    pub quantity: Quantity,
    /// Finished epochs before the one that diverged.
    pub epoch: u32,
    /// The minibatch that diverged, from 0; the epoch's last one for weights and perplexity.
    pub minibatch: u32,
    /// Learning rate and clip threshold that usually help.
    pub proposal: Hyperparameters,
}

/// Above this threshold clipping has hardly any effect; the book's is 1.
const LOOSE: f32 = 5.0;

/// The first quantity of an epoch that is not finite, and its minibatch; `finite` says whether all its parameters are.
///
/// WGSL compilers may assume that there is no NaN or infinity, so `sgd_update.wgsl` looks at the bits of parameters, and the
/// rest is checked here, after the read-back.
pub fn find(metrics: &[Metrics], finite: bool, perplexity: f64) -> Option<(Quantity, usize)> {
    let broken = metrics.iter().position(|m| !m.loss.is_finite() || !m.grad_norm.is_finite());
    if let Some(m) = broken {
        return Some((if metrics[m].loss.is_finite() { Quantity::GradNorm } else { Quantity::Loss }, m));
    }
    let last = metrics.len().saturating_sub(1);
    // Such weights are useless to continue from, even if they are finite.
    let lost = !(perplexity as f32).is_finite();
    if !finite {
        return Some((Quantity::Weights, last));
    }
    lost.then_some((Quantity::Perplexity, last))
}

/// A clip threshold of 1 if it was loose, else a tenth of the learning rate.
pub fn propose(hyperparameters: Hyperparameters) -> Hyperparameters {
    if hyperparameters.clip > LOOSE {
        Hyperparameters { clip: 1.0, ..hyperparameters }
    } else {
        Hyperparameters { learning_rate: hyperparameters.learning_rate / 10.0, ..hyperparameters }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.quantity {
            Quantity::Loss => "The loss",
            Quantity::GradNorm => "The gradient norm",
            Quantity::Weights => "A weight",
            Quantity::Perplexity => "The perplexity",
        };
        let Hyperparameters { learning_rate, clip } = self.proposal;
        write!(
            f,
            "{what} stopped being a finite number in minibatch {} of epoch {}: go on from the epoch before with Learning \
             rate (lr) {learning_rate} and Gradient clipping (clip) {clip}.",
            self.minibatch + 1,
            self.epoch + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_first_is_found() {
        let good = Metrics { loss: 3.0, grad_norm: 1.0 };
        let no_loss = Metrics { loss: f32::NAN, grad_norm: f32::NAN };
        let no_norm = Metrics { grad_norm: f32::INFINITY, ..good };
        for (metrics, finite, perplexity, expected) in [
            ([good, good, good], true, 20.0, None),
            ([good, no_loss, no_norm], false, f64::NAN, Some((Quantity::Loss, 1))),
            ([good, no_norm, no_loss], false, f64::NAN, Some((Quantity::GradNorm, 1))),
            ([good, good, good], false, 20.0, Some((Quantity::Weights, 2))),
            ([good, good, good], true, 1e38, None),
            ([good, good, good], true, 1e39, Some((Quantity::Perplexity, 2))),
        ] {
            assert_eq!(find(&metrics, finite, perplexity), expected);
        }
    }

    #[test]
    fn loose_clipping_is_tightened_and_else_the_learning_rate_lowered() {
        let hyperparameters = Hyperparameters { learning_rate: 100.0, clip: 1e9 };
        let first = propose(hyperparameters);
        assert_eq!(first, Hyperparameters { learning_rate: 100.0, clip: 1.0 });
        assert_eq!(propose(first), Hyperparameters { learning_rate: 10.0, clip: 1.0 });
    }
}
