//! The oracles of SGD with gradient clipping.

use crate::network::oracle::{Memory, Oracles, transposed};

pub const ORACLES: Oracles = &[("grad_norm", grad_norm), ("sgd_update", sgd_update)];

/// `squares`: `‖g‖²` over all gradients, and `loss_sums`: the sum of all losses, each as one partial sum.
fn grad_norm(m: &mut Memory, _: usize) {
    let grads = m.network.params().map(|param| param.gradient()).collect::<Vec<_>>();
    let sum = grads.iter().flat_map(|name| m.get(name)).fold(0.0, |sum, g| sum + g * g);
    let losses = m.get("losses").iter().fold(0.0, |sum, loss| sum + loss);
    m.set("squares", vec![sum]);
    m.set("loss_sums", vec![losses]);
    m.get_mut("metrics")[3] = 0.0;
}

/// `min(1, clip / norm)`
pub fn clip_factor_of(norm: f64, clip: f64) -> f64 {
    if norm > clip { clip / norm } else { 1.0 }
}

/// `metrics`: mean loss in nats, global L2 norm, clip factor, and 0, from the partial sums. Returns the clip factor.
pub fn set_metrics(m: &mut Memory) -> f64 {
    let loss = m.get("loss_sums").iter().sum::<f64>() / m.sizes.positions() as f64;
    let norm = m.get("squares").iter().sum::<f64>().sqrt();
    let factor = clip_factor_of(norm, m.clip);
    m.set("metrics", vec![loss, norm, factor, 0.0]);
    factor
}

/// Replaces all parameters and their transposed copies by `update(name of the parameter, its elements)`; the last of the
/// `metrics` becomes 1 if one is not finite.
pub fn updated(m: &mut Memory, update: impl Fn(&Memory, &str, &[f64]) -> Vec<f64>) {
    let network = m.network;
    let mut finite = true;
    for param in network.params() {
        let numbers = update(m, &param.name, m.get(&param.name));
        finite &= numbers.iter().all(|w| (*w as f32).is_finite());
        if param.transposed {
            m.set(&param.transposed_name(), transposed(&numbers, network.shape(&param)[1]));
        }
        m.set(&param.name, numbers);
    }
    m.get_mut("metrics")[3] = if finite { 0.0 } else { 1.0 };
}

/// The clipped gradient of a parameter, with weight decay: `factor · dw + λ w`.
pub fn decayed(m: &Memory, name: &str, w: &[f64], factor: f64) -> Vec<f64> {
    let grads = m.get(&format!("d{name}"));
    w.iter().zip(grads).map(|(w, g)| factor * g + f64::from(m.network.weight_decay) * w).collect()
}

/// `w -= learning_rate · (clip_factor · dw + weight_decay · w)` for all parameters.
fn sgd_update(m: &mut Memory, _: usize) {
    let (factor, rate) = (set_metrics(m), m.learning_rate);
    updated(m, |m, name, w| w.iter().zip(decayed(m, name, w, factor)).map(|(w, g)| w - rate * g).collect());
}
