//! Adam's oracles.

use crate::kernels::sgd::{decayed, set_metrics, updated};
use crate::network::oracle::{Memory, Oracles};

pub const ORACLES: Oracles = &[("adam_moments", adam_moments), ("adam_update", adam_update)];

const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// The moving averages of `g = clip_factor · dw + weight_decay · w` and of `g²`, and of 1.
fn adam_moments(m: &mut Memory, _: usize) {
    let factor = set_metrics(m);
    for param in m.network.params() {
        let g = decayed(m, &param.name, m.get(&param.name), factor);
        for ((name, beta), power) in ["exp_avg", "exp_avg_sq"].iter().zip(BETAS).zip([1, 2]) {
            let average = m.get_mut(&format!("{name}.{}", param.name));
            average
                .iter_mut()
                .zip(&g)
                .for_each(|(average, g)| *average = beta * *average + (1.0 - beta) * g.powi(power));
        }
    }
    let corrections = m.get_mut("corrections");
    corrections.iter_mut().zip(BETAS).for_each(|(correction, beta)| *correction = beta * *correction + 1.0 - beta);
}

/// `w -= learning_rate · m / (√v + ε)`, with the corrected averages m and v.
fn adam_update(m: &mut Memory, _: usize) {
    let rate = m.learning_rate;
    let [first, second] = m.get("corrections")[..] else { unreachable!("corrections are two numbers") };
    updated(m, |m, name, w| {
        let [averages, squares] = ["exp_avg", "exp_avg_sq"].map(|state| m.get(&format!("{state}.{name}")));
        let averages = averages.iter().zip(squares).map(|(m, v)| m / first / ((v / second).sqrt() + EPSILON));
        w.iter().zip(averages).map(|(w, step)| w - rate * step).collect()
    });
}
