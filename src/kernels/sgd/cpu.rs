//! Gradient descent on the CPU.

use std::ops::Range;

use crate::network::memory::{Tensors, Weights};

/// Global L2 norm of the gradients.
pub fn grad_norm(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    m.grad_norm = grads.tensors().map(|(_, grad)| dense::sum_of_squares(grad)).sum::<f64>().sqrt() as f32;
}

/// `clip / norm` if the norm is above `clip`, else 1.
pub fn clip_factor(_: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    m.clip_factor = if m.grad_norm > m.hyperparameters.clip { m.hyperparameters.clip / m.grad_norm } else { 1.0 };
}

/// `w -= learning_rate · clip_factor · dw`, and the weights packed anew.
pub fn sgd_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let grads = m.grads.as_ref().expect("a network that is trained");
    let rate = m.hyperparameters.learning_rate * m.clip_factor;
    dense::add_scaled(&mut w.parameters.numbers, -rate, &grads.numbers);
    w.pack();
}
