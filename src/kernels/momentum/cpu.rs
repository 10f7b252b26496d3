//! SGD with momentum on the CPU.

use std::ops::Range;

use crate::network::record::Recorder;

/// `v = momentum · v + clip_factor · dw + weight_decay · w`, `w -= learning_rate · v`; then packs the weights again.
pub fn momentum_update(p: &mut Recorder<'_>, _: Range<usize>) {
    let (momentum, decay) = (p.network.momentum, p.network.weight_decay);
    let (parameters, grads, velocity) = (p.parameters(), p.grads(), p.state("velocity"));
    let (factor, momentum, decay, minus_one) =
        (p.clip_factor(), p.constant(momentum), p.constant(decay), p.constant(-1.0));
    let rate = p.times(p.numbers.learning_rate, minus_one);
    p.scale(velocity, momentum);
    p.add_scaled(velocity, factor, grads);
    p.add_scaled(velocity, decay, parameters);
    p.add_scaled(parameters, rate, velocity);
    p.pack_weights();
}
