//! The oracles of the book's GRU. A row of `gates` has u, r and the candidate, before a step what the input gives.

use crate::kernels::layer::weight_grad;
use crate::network::oracle::{Memory, Oracles, product, sigmoid};

pub const ORACLES: Oracles = &[
    ("gru_gates", gru_gates),
    ("gru_candidate", gru_candidate),
    ("gru_candidate_backward", gru_candidate_backward),
    ("gru_gates_backward", gru_gates_backward),
    ("w_hg_grad", w_hg_grad),
    ("w_hn_grad", w_hn_grad),
    ("gru_generate_gates", gru_generate_gates),
    ("gru_generate_candidate", gru_generate_candidate),
];

/// Rows of `gates` with u and r, and `r ⊙ h`.
fn gates(m: &Memory, gates: &[f64], states: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (h, w_hg) = (m.sizes.hidden, m.get("w_hg"));
    let rows = gates.len() / (3 * h);
    let z = product((rows, h, 2 * h), |row, k| states[row * h + k], |k, column| w_hg[k * 2 * h + column]);
    let mut gates = gates.to_vec();
    let mut reset = Vec::new();
    for (i, state) in states[..rows * h].iter().enumerate() {
        let (row, unit) = (i / h, i % h);
        for gate in 0..2 {
            let at = (3 * row + gate) * h + unit;
            gates[at] = sigmoid(gates[at] + z[(2 * row + gate) * h + unit]);
        }
        reset.push(gates[(3 * row + 1) * h + unit] * state);
    }
    (gates, reset)
}

/// Rows of `gates` with the candidate, and the next states.
fn candidates(m: &Memory, gates: &[f64], reset: &[f64], states: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (h, w_hn) = (m.sizes.hidden, m.get("w_hn"));
    let rows = gates.len() / (3 * h);
    let z = product((rows, h, h), |row, k| reset[row * h + k], |k, column| w_hn[k * h + column]);
    let (mut gates, mut next) = (gates.to_vec(), Vec::new());
    for i in 0..rows * h {
        let (update, candidate) = (3 * (i / h) * h + i % h, (3 * (i / h) + 2) * h + i % h);
        gates[candidate] = (gates[candidate] + z[i]).tanh();
        next.push(gates[update] * states[i] + (1.0 - gates[update]) * gates[candidate]);
    }
    (gates, next)
}

fn gru_gates(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let (gates, reset) = gates(m, &m.get("gates")[3 * t * slot..][..3 * slot], &m.get("states")[t * slot..]);
    m.get_mut("gates")[3 * t * slot..][..3 * slot].copy_from_slice(&gates);
    m.get_mut("reset_states")[t * slot..][..slot].copy_from_slice(&reset);
}

/// Slot `t` of `states` is before the step, slot `t + 1` after it.
fn gru_candidate(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let gates = &m.get("gates")[3 * t * slot..][..3 * slot];
    let (gates, next) = candidates(m, gates, &m.get("reset_states")[t * slot..], &m.get("states")[t * slot..]);
    m.get_mut("gates")[3 * t * slot..][..3 * slot].copy_from_slice(&gates);
    m.get_mut("states")[(t + 1) * slot..][..slot].copy_from_slice(&next);
}

/// `dh = dh_t + (dz_u, dz_r)_{t+1} · w_hgᵀ + dstates`; `dz_u`, `dz_n` by the derivatives of σ and tanh; `dstates = dh ⊙ u`.
fn gru_candidate_backward(m: &mut Memory, t: usize) {
    let (batch, h) = (m.sizes.batch, m.sizes.hidden);
    let slot = batch * h;
    let (w_hg, later) = (m.get("w_hg"), &m.get("dz")[3 * (t + 1) * slot..]);
    let inner = if later.is_empty() { 0 } else { 2 * h };
    let back = product((batch, inner, h), |row, k| later[row * 3 * h + k], |k, column| w_hg[column * 2 * h + k]);
    let (mut dz, mut dstates) = (m.get("dz")[3 * t * slot..][..3 * slot].to_vec(), m.get("dstates").to_vec());
    if later.is_empty() {
        dstates.fill(0.0);
    }
    let gates = &m.get("gates")[3 * t * slot..];
    for i in 0..slot {
        let at = |gate: usize| (3 * (i / h) + gate) * h + i % h;
        let (update, candidate) = (gates[at(0)], gates[at(2)]);
        let dh = m.get("dh")[t * slot + i] + back[i] + dstates[i];
        dz[at(0)] = dh * (m.get("states")[t * slot + i] - candidate) * update * (1.0 - update);
        dz[at(2)] = dh * (1.0 - update) * (1.0 - candidate * candidate);
        dstates[i] = dh * update;
    }
    m.get_mut("dz")[3 * t * slot..][..3 * slot].copy_from_slice(&dz);
    m.set("dstates", dstates);
}

/// `d = dz_n · w_hnᵀ`; `dz_r = d ⊙ h_{t-1} ⊙ r ⊙ (1 - r)`; `dstates += d ⊙ r`
fn gru_gates_backward(m: &mut Memory, t: usize) {
    let (batch, h) = (m.sizes.batch, m.sizes.hidden);
    let slot = batch * h;
    let mut dz = m.get("dz")[3 * t * slot..][..3 * slot].to_vec();
    let (w_hn, of_candidate) = (m.get("w_hn"), |row: usize, k: usize| dz[(3 * row + 2) * h + k]);
    let back = product((batch, h, h), of_candidate, |k, column| w_hn[column * h + k]);
    let mut dstates = m.get("dstates").to_vec();
    for i in 0..slot {
        let at = (3 * (i / h) + 1) * h + i % h;
        let reset = m.get("gates")[3 * t * slot + at];
        dz[at] = back[i] * m.get("states")[t * slot + i] * reset * (1.0 - reset);
        dstates[i] += back[i] * reset;
    }
    m.get_mut("dz")[3 * t * slot..][..3 * slot].copy_from_slice(&dz);
    m.set("dstates", dstates);
}

/// `dz (N, …)` of gates `first..first + count`.
fn dz_of(m: &Memory, first: usize, count: usize) -> Vec<f64> {
    let h = m.sizes.hidden;
    m.get("dz").chunks_exact(3 * h).flat_map(|row| &row[first * h..(first + count) * h]).copied().collect()
}

/// `dw_hg = Σ_t h_{t-1}ᵀ · (dz_u, dz_r)_t`
fn w_hg_grad(m: &mut Memory, _: usize) {
    m.set("dw_hg", weight_grad(m, m.get("states"), &dz_of(m, 0, 2)));
}

/// `dw_hn = Σ_t (r ⊙ h_{t-1})ᵀ · dz_n`
fn w_hn_grad(m: &mut Memory, _: usize) {
    m.set("dw_hn", weight_grad(m, m.get("reset_states"), &dz_of(m, 2, 1)));
}

fn gru_generate_gates(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let (gates, reset) = gates(m, m.get("generated_gates"), &m.get("generated_states")[t * h..][..h]);
    m.set("generated_gates", gates);
    m.set("generated_reset", reset);
}

/// A step of prediction: from slot `t` of `generated_states (2, H)` to the other.
fn gru_generate_candidate(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let states = &m.get("generated_states")[t * h..][..h];
    let (_, next) = candidates(m, m.get("generated_gates"), m.get("generated_reset"), states);
    m.get_mut("generated_states")[(1 - t) * h..][..h].copy_from_slice(&next);
}
