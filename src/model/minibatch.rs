//! A training step's input and metrics.

use super::Sizes;

/// Token ids of one minibatch, row-major as in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minibatch {
    /// X `(B, T)`.
    pub inputs: Vec<u32>,
    /// Y `(B, T)`: X shifted by one token.
    pub targets: Vec<u32>,
}

impl Minibatch {
    /// A minibatch for measuring speed that holds every token id.
    pub fn of_every_token(sizes: Sizes) -> Self {
        let ids: Vec<u32> = (0..sizes.positions()).map(|n| (n % sizes.vocabulary) as u32).collect();
        Self { inputs: ids.clone(), targets: ids }
    }
}

/// Loss and gradient norm of one minibatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Mean cross-entropy per token, in nats.
    pub loss: f32,
    /// Global L2 norm of all gradients, before clipping.
    pub grad_norm: f32,
}

/// `(B, T)` to `(T, B)`: the order in which the kernels read tokens.
pub fn by_time(sizes: Sizes, ids: &[u32]) -> Vec<u32> {
    (0..sizes.positions()).map(|n| ids[n % sizes.batch * sizes.steps + n / sizes.batch]).collect()
}
