//! The output layer's oracles.

use crate::model::Sizes;
use crate::network::oracle::{Memory, Oracles, product};

pub const ORACLES: Oracles =
    &[("output_forward", output_forward), ("output_backward", output_backward), ("w_hq_grad", w_hq_grad)];

/// `logits (rows, V) = h (rows, H) · w_hq + b_q`
fn logits(m: &Memory, rows: usize, states: &[f64]) -> Vec<f64> {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (w_hq, b_q) = (m.get("w_hq"), m.get("b_q"));
    let mut logits = product((rows, h, v), |row, k| states[row * h + k], |k, column| w_hq[k * v + column]);
    for (i, logit) in logits.iter_mut().enumerate() {
        *logit += b_q[i % v];
    }
    logits
}

/// The hidden states `h_t` of all time steps `(N, H)`, without the initial one.
fn hidden_states(m: &Memory) -> &[f64] {
    &m.get("states")[m.sizes.batch * m.sizes.hidden..]
}

/// `logits (N, V) = h (N, H) · w_hq + b_q`
fn output_forward(m: &mut Memory, _: usize) {
    m.set("logits", logits(m, m.sizes.positions(), hidden_states(m)));
}

/// `dh (N, H) = dlogits (N, V) · w_hqᵀ`
fn output_backward(m: &mut Memory, _: usize) {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (dlogits, w_hq) = (m.get("dlogits"), m.get("w_hq"));
    let shape = (m.sizes.positions(), v, h);
    m.set("dz", product(shape, |row, k| dlogits[row * v + k], |k, column| w_hq[column * v + k]));
}

/// `dw_hq (H, V) = Σ_t h_tᵀ · dlogits_t`
fn w_hq_grad(m: &mut Memory, _: usize) {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (states, dlogits) = (hidden_states(m), m.get("dlogits"));
    let shape = (h, m.sizes.positions(), v);
    m.set("dw_hq", product(shape, |row, n| states[n * h + row], |n, column| dlogits[n * v + column]));
}
