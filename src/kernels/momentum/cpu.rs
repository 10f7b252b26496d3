//! SGD with momentum on the CPU.

use std::ops::Range;

use crate::kernels::sgd::clip_factor;
use crate::network::memory::{Tensors, Weights};

/// `v = momentum · v + clip_factor · dw + weight_decay · w`, `w -= learning_rate · v`; then packs the weights again.
pub fn momentum_update(w: &mut Weights, m: &mut Tensors, _: Range<usize>) {
    let factor = clip_factor(m);
    let grads = m.grads.as_ref().expect("a network that is trained");
    let (numbers, velocity) = (&mut w.parameters.numbers, &mut w.parameters.state[..]);
    dense::scale(velocity, m.network.momentum);
    dense::add_scaled(velocity, factor, &grads.numbers);
    dense::add_scaled(velocity, m.network.weight_decay, numbers);
    dense::add_scaled(numbers, -m.hyperparameters.learning_rate, velocity);
    w.pack();
}
