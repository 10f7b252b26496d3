//! Adam on the CPU.

use std::ops::Range;

use dense::Matrix;

use crate::network::record::Recorder;

/// 1 − β₁ and 1 − β₂.
const NEW: [f32; 2] = [0.1, 0.001];

const EPSILON: f32 = 1e-8;

/// The moving averages of `g = clip_factor · dw + weight_decay · w` and of `g²`, and of 1.
pub fn adam_moments(p: &mut Recorder<'_>, _: Range<usize>) {
    let decay = p.network.weight_decay;
    let (factor, decay, one, zero) = (p.clip_factor(), p.constant(decay), p.constant(1.0), p.constant(0.0));
    let (of, corrections) = ([p.grads(), p.parameters()], p.state("corrections"));
    let averages = [p.state("exp_avg"), p.state("exp_avg_sq")];
    let news = NEW.map(|new| p.constant(new));
    let ones = Matrix::new(one as usize, 1, 1);
    for (i, new) in news.into_iter().enumerate() {
        p.average(corrections.columns(i, 1), [ones, ones], [one, zero, new]);
    }
    p.average(averages[0], of, [factor, decay, news[0]]);
    p.average_square(averages[1], of, [factor, decay, news[1]]);
}

/// `w -= learning_rate · m / (√v + ε)`, with the corrected averages m and v; then packs the weights again.
pub fn adam_update(p: &mut Recorder<'_>, _: Range<usize>) {
    let corrections = p.state("corrections").at;
    let rate = p.over(p.numbers.learning_rate, corrections);
    let root = p.root(corrections + 1);
    let (parameters, averages) = (p.parameters(), [p.state("exp_avg"), p.state("exp_avg_sq")]);
    let epsilon = p.constant(EPSILON);
    p.subtract_quotients(parameters, averages, [rate, root, epsilon]);
    p.pack_weights();
}
