//! The oracles of SGD with gradient clipping.

use crate::network::oracle::{Memory, Oracles, transposed};

pub const ORACLES: Oracles = &[("grad_norm", grad_norm), ("sgd_update", sgd_update)];

/// `squares`: `‖g‖²` over all gradients, and `loss_sums`: the sum of all losses, each as one partial sum.
fn grad_norm(m: &mut Memory, _: usize) {
    let grads = m.network.params().map(|param| format!("d{}", param.name)).collect::<Vec<_>>();
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

/// `metrics`: mean loss in nats, global L2 norm, clip factor, 1 if a weight is not finite. Then `w -= learning_rate · clip_factor · dw` for all
/// parameters, and updates the transposed copies.
fn sgd_update(m: &mut Memory, _: usize) {
    let loss = m.get("loss_sums").iter().sum::<f64>() / m.sizes.positions() as f64;
    let norm = m.get("squares").iter().sum::<f64>().sqrt();
    let factor = clip_factor_of(norm, m.clip);
    m.set("metrics", vec![loss, norm, factor, 0.0]);
    let (network, rate) = (m.network, m.learning_rate * factor);
    let mut finite = true;
    for param in network.params() {
        let grads = m.get(&format!("d{}", param.name)).to_vec();
        for (w, g) in m.get_mut(param.name).iter_mut().zip(grads) {
            *w -= rate * g;
            finite &= (*w as f32).is_finite();
        }
        if param.transposed {
            let copy = transposed(m.get(param.name), network.shape(param)[1]);
            m.set(&format!("{}_t", param.name), copy);
        }
    }
    m.get_mut("metrics")[3] = if finite { 0.0 } else { 1.0 };
}
