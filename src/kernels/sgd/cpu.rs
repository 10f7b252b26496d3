//! SGD with gradient clipping on the CPU.

use std::ops::Range;

use crate::model::Hyperparameters;
use crate::network::memory::{Tensors, Weights};

/// `‖g‖`: global L2 norm of all gradients.
pub fn grad_norm(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    m.grad_norm = grads.tensors().map(|(_, grad)| dense::sum_of_squares(grad)).sum::<f64>().sqrt() as f32;
}

/// `w -= learning_rate · min(1, θ / ‖g‖) · dw` with θ the clipping threshold; then packs the weights again.
pub fn sgd_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    let Hyperparameters { learning_rate, clip } = m.hyperparameters;
    let factor = if m.grad_norm > clip { clip / m.grad_norm } else { 1.0 };
    let rate = learning_rate * factor;
    dense::add_scaled(&mut w.parameters.numbers, -rate, &grads.numbers);
    w.pack();
}
