//! Adam on the CPU.

use std::ops::Range;

use crate::kernels::sgd::clip_factor;
use crate::network::memory::{Tensors, Weights};

/// 1 − β₁ and 1 − β₂.
const NEW: [f32; 2] = [0.1, 0.001];

const EPSILON: f32 = 1e-8;

/// The parts of Adam's state: the moving averages of gradients and of their squares, and the corrections.
fn parts(state: &mut [f32]) -> [&mut [f32]; 3] {
    let count = (state.len() - 2) / 2;
    let (averages, corrections) = state.split_at_mut(2 * count);
    let (exp_avg, exp_avg_sq) = averages.split_at_mut(count);
    [exp_avg, exp_avg_sq, corrections]
}

/// The moving averages of `g = clip_factor · dw + weight_decay · w` and of `g²`, and of 1.
pub fn adam_moments(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let (factor, decay) = (clip_factor(m), m.network.weight_decay);
    let grads = m.grads.as_ref().expect("a network that is trained");
    let [exp_avg, exp_avg_sq, corrections] = parts(&mut w.parameters.state);
    corrections.iter_mut().zip(NEW).for_each(|(correction, new)| *correction += new * (1.0 - *correction));
    dense::moments([exp_avg, exp_avg_sq], [&grads.numbers, &w.parameters.numbers], [factor, decay], NEW);
}

/// `w -= learning_rate · m / (√v + ε)`, with the corrected averages m and v; then packs the weights again.
pub fn adam_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let [exp_avg, exp_avg_sq, corrections] = parts(&mut w.parameters.state);
    let rate = m.hyperparameters.learning_rate / corrections[0];
    let root = corrections[1].sqrt();
    dense::subtract_quotients(&mut w.parameters.numbers, [exp_avg, exp_avg_sq], [rate, root, EPSILON]);
    w.pack();
}
