//! SGD with gradient clipping on the CPU.

use std::ops::Range;

use crate::network::memory::{Tensors, Weights};

/// `‖g‖`: global L2 norm of all gradients.
pub fn grad_norm(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    m.grad_norm = grads.tensors().map(|(_, grad)| dense::sum_of_squares(grad)).sum::<f64>().sqrt() as f32;
}

/// `min(1, θ / ‖g‖)` with θ the clipping threshold.
pub fn clip_factor(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    m.clip_factor = if m.grad_norm > m.hyperparameters.clip { m.hyperparameters.clip / m.grad_norm } else { 1.0 };
}

/// `w -= learning_rate · clip_factor · dw`; then packs the weights again.
pub fn sgd_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    let rate = m.hyperparameters.learning_rate * m.clip_factor;
    dense::add_scaled(&mut w.parameters.numbers, -rate, &grads.numbers);
    w.pack();
}
