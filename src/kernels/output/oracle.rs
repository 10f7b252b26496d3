//! The output layer's oracles.

use crate::kernels::generate::add_logits;
use crate::model::Sizes;
use crate::network::oracle::{Memory, Oracles, product};

pub const ORACLES: Oracles = &[
    ("output_forward", output_forward),
    ("output_backward", output_backward),
    ("w_hq_grad", w_hq_grad),
    ("generate_output", generate_output),
];

/// `logits (N, V) = h (N, H) · w_hq + b_q`
pub fn logits_of(m: &Memory) -> Vec<f64> {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (states, w_hq, b_q) = (hidden_states(m), m.get("w_hq"), m.get("b_q"));
    let shape = (m.sizes.positions(), h, v);
    let mut logits = product(shape, |row, k| states[row * h + k], |k, column| w_hq[k * v + column]);
    for (i, logit) in logits.iter_mut().enumerate() {
        *logit += b_q[i % v];
    }
    logits
}

/// The hidden states `h_t` of all time steps `(N, H)`, without the initial one.
fn hidden_states(m: &Memory) -> &[f64] {
    &m.get("states")[m.sizes.batch * m.sizes.hidden..]
}

fn output_forward(m: &mut Memory, _: usize) {
    m.set("logits", logits_of(m));
}

/// `dh (N, H) = dlogits (N, V) · w_hqᵀ`
pub fn dh_of(m: &Memory) -> Vec<f64> {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (dlogits, w_hq) = (m.get("dlogits"), m.get("w_hq"));
    product((m.sizes.positions(), v, h), |row, k| dlogits[row * v + k], |k, column| w_hq[column * v + k])
}

fn output_backward(m: &mut Memory, _: usize) {
    m.set("dh", dh_of(m));
}

/// `dw_hq (H, V) = Σ_t h_tᵀ · dlogits_t`
fn w_hq_grad(m: &mut Memory, _: usize) {
    let Sizes { hidden: h, vocabulary: v, .. } = m.sizes;
    let (states, dlogits) = (hidden_states(m), m.get("dlogits"));
    let shape = (h, m.sizes.positions(), v);
    m.set("dw_hq", product(shape, |row, n| states[n * h + row], |n, column| dlogits[n * v + column]));
}

/// The parts of the logits that follow from slot `1 - t` of `generated_states (2, H)`.
fn generate_output(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let state = m.get("generated_states")[(1 - t) * h..][..h].to_vec();
    add_logits(m, t, &state);
}
