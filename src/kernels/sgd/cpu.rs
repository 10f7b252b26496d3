//! SGD with gradient clipping on the CPU.

use std::ops::Range;

use crate::network::record::Recorder;

/// `‖g‖`: global L2 norm of all gradients.
pub fn grad_norm(p: &mut Recorder<'_>, _: Range<usize>) {
    p.grad_norm();
}

/// `w -= learning_rate · (clip_factor · dw + weight_decay · w)` with `clip_factor = min(1, θ / ‖g‖)` and θ the clipping
/// threshold; then packs the weights again.
pub fn sgd_update(p: &mut Recorder<'_>, _: Range<usize>) {
    let (learning_rate, decay) = (p.numbers.learning_rate, p.network.weight_decay);
    let (parameters, grads, minus_one) = (p.parameters(), p.grads(), p.constant(-1.0));
    let clip_factor = p.clip_factor();
    let minus_rate = p.times(learning_rate, minus_one);
    let factor = p.times(minus_rate, clip_factor);
    if decay > 0.0 {
        let decay = p.constant(decay);
        let kept = p.one_less(learning_rate, decay);
        p.scale(parameters, kept);
    }
    p.add_scaled(parameters, factor, grads);
    p.pack_weights();
}
