//! The oracles of the plain recurrent layer.

use crate::network::oracle::{Memory, Oracles, product};

pub const ORACLES: Oracles =
    &[("rnn_forward", rnn_forward), ("rnn_backward", rnn_backward), ("rnn_generate", rnn_generate)];

/// `tanh(gates + h · w_h)` for rows of gates and states.
fn next_states(m: &Memory, gates: &[f64], states: &[f64]) -> Vec<f64> {
    let (h, w_h) = (m.sizes.hidden, m.get("w_h"));
    let shape = (gates.len() / h, h, h);
    let z = product(shape, |row, k| states[row * h + k], |k, column| w_h[k * h + column]);
    z.iter().zip(gates).map(|(z, gate)| (z + gate).tanh()).collect()
}

/// `h_t = tanh(gates_t + h_{t-1} · w_h)`
fn rnn_forward(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let next = next_states(m, &m.get("gates")[t * slot..][..slot], &m.get("states")[t * slot..]);
    m.get_mut("states")[(t + 1) * slot..][..slot].copy_from_slice(&next);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hᵀ) ⊙ (1 - h_t²)`
fn rnn_backward(m: &mut Memory, t: usize) {
    let (batch, h) = (m.sizes.batch, m.sizes.hidden);
    let slot = batch * h;
    let (w_h, later) = (m.get("w_h"), &m.get("dz")[(t + 1) * slot..]);
    let inner = if later.is_empty() { 0 } else { h };
    let back = product((batch, inner, h), |row, k| later[row * h + k], |k, column| w_h[column * h + k]);
    let (dh, states) = (&m.get("dh")[t * slot..], &m.get("states")[(t + 1) * slot..]);
    let dz: Vec<f64> = (0..slot).map(|i| (dh[i] + back[i]) * (1.0 - states[i] * states[i])).collect();
    m.get_mut("dz")[t * slot..][..slot].copy_from_slice(&dz);
}

/// A step of prediction: from slot `t` of `generated_states (2, H)` to the other.
fn rnn_generate(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let next = next_states(m, m.get("generated_gates"), &m.get("generated_states")[t * h..][..h]);
    m.get_mut("generated_states")[(1 - t) * h..][..h].copy_from_slice(&next);
}
