//! The mathematics in plain Rust, generic over f32 and f64: the oracle of every kernel.
//!
//! A function here has the name of its kernel in `shaders/` and computes the same tensors, without padding. Nothing is
//! done for speed that would hide the formula. Positions are ordered as on the GPU: position `t · B + b`.

mod engine;
mod held_out;
mod kernels;
mod profile;
mod turn;

pub use crate::model::minibatch::by_time;
pub use engine::Engine;
pub use held_out::HeldOut;
pub use kernels::*;

use num_traits::Float;

use crate::model::{Minibatch, Parameters, Sizes};

/// Everything that one training step computes, before the parameters change.
#[derive(Debug, Clone, PartialEq)]
pub struct Step<F> {
    /// `(T + 1, B, H)`; slot 0 is the state that entered.
    pub states: Vec<F>,
    /// `(N, V)`
    pub logits: Vec<F>,
    /// Mean cross-entropy, in nats.
    pub loss: F,
    /// Gradients before clipping.
    pub grads: Parameters<F>,
    /// Global L2 norm of `grads`.
    pub grad_norm: F,
}

/// Forward and backward over one minibatch, from the state `h0` `(B, H)`.
pub fn forward_backward<F: Float>(
    sizes: Sizes,
    parameters: &Parameters<F>,
    h0: &[F],
    minibatch: &Minibatch,
) -> Step<F> {
    let inputs = by_time(sizes, &minibatch.inputs);
    let targets = by_time(sizes, &minibatch.targets);
    let mut states = h0.to_vec();
    for t in 0..sizes.steps {
        let h = step_forward(sizes, parameters, &inputs[t * sizes.batch..], &states[t * sizes.batch * sizes.hidden..]);
        states.extend(h);
    }
    let after = &states[h0.len()..];
    let logits = output_forward(sizes, parameters, after);
    let (losses, dlogits) = softmax_cross_entropy(sizes, &targets, &logits);
    let mut dz = output_backward(sizes, parameters, &dlogits);
    for t in (0..sizes.steps).rev() {
        step_backward(sizes, parameters, after, t, &mut dz);
    }
    let (b_h, b_q) = bias_grad(sizes, &dz, &dlogits);
    let grads = Parameters {
        w_xh: w_xh_grad(sizes, &inputs, &dz),
        w_hh: w_hh_grad(sizes, &states, &dz),
        b_h,
        w_hq: w_hq_grad(sizes, after, &dlogits),
        b_q,
    };
    let grad_norm = grad_norm(&grads);
    let loss = losses.iter().fold(F::zero(), |sum, &loss| sum + loss) / count(losses.len());
    Step { states, logits, loss, grads, grad_norm }
}

/// One whole training step: [`forward_backward`], clipping at `clip`, SGD with `learning_rate`.
pub fn train<F: Float>(
    sizes: Sizes,
    parameters: &mut Parameters<F>,
    h0: &[F],
    minibatch: &Minibatch,
    learning_rate: F,
    clip: F,
) -> Step<F> {
    let step = forward_backward(sizes, parameters, h0, minibatch);
    sgd_update(parameters, &step.grads, learning_rate * clip_factor(step.grad_norm, clip));
    step
}

fn count<F: Float>(n: usize) -> F {
    F::from(n).expect("a count is a float")
}
