//! SGD with gradient clipping on the CPU.

use std::ops::Range;

use crate::network::memory::{Tensors, Weights};

/// `‖g‖`: global L2 norm of all gradients.
pub fn grad_norm(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    m.grad_norm = grads.tensors().map(|(_, grad)| dense::sum_of_squares(grad)).sum::<f64>().sqrt() as f32;
}

/// `min(1, θ / ‖g‖)` with θ the clipping threshold.
pub fn clip_factor(m: &Tensors) -> f32 {
    let clip = m.hyperparameters.clip;
    if m.grad_norm > clip { clip / m.grad_norm } else { 1.0 }
}

/// `w -= learning_rate · (clip_factor · dw + weight_decay · w)`; then packs the weights again.
pub fn sgd_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let rate = m.hyperparameters.learning_rate * clip_factor(m);
    let decay = m.hyperparameters.learning_rate * m.network.weight_decay;
    let grads = m.grads.as_ref().expect("a network that is trained");
    if decay > 0.0 {
        dense::scale(&mut w.parameters.numbers, 1.0 - decay);
    }
    dense::add_scaled(&mut w.parameters.numbers, -rate, &grads.numbers);
    w.pack();
}
