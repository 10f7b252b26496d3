//! The oracles of PyTorch's GRU. A row of `gates` has the state's part of the candidate, r, u, and the candidate, before a
//! step the input's part of it.

use crate::network::oracle::{Memory, Oracles, product, sigmoid};

pub const ORACLES: Oracles =
    &[("gru_forward", gru_forward), ("gru_backward", gru_backward), ("gru_generate", gru_generate)];

/// The gates and states that a step makes of rows of inputs and states.
fn step(m: &Memory, gates: &[f64], states: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (h, w_h) = (m.sizes.hidden, m.get("w_h"));
    let rows = gates.len() / (4 * h);
    let z = product((rows, h, 3 * h), |row, k| states[row * h + k], |k, column| w_h[k * 3 * h + column]);
    let (mut gates, mut next) = (gates.to_vec(), Vec::new());
    for (i, state) in states[..rows * h].iter().enumerate() {
        let (row, unit) = (i / h, i % h);
        let [of_state, reset, update, candidate] = [0, 1, 2, 3].map(|gate| (4 * row + gate) * h + unit);
        gates[of_state] += z[3 * row * h + unit];
        gates[reset] = sigmoid(gates[reset] + z[(3 * row + 1) * h + unit]);
        gates[update] = sigmoid(gates[update] + z[(3 * row + 2) * h + unit]);
        gates[candidate] = (gates[candidate] + gates[reset] * gates[of_state]).tanh();
        next.push(gates[update] * state + (1.0 - gates[update]) * gates[candidate]);
    }
    (gates, next)
}

/// A time step: slot `t` of `states` is before it, slot `t + 1` after it.
fn gru_forward(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let (gates, states) = step(m, &m.get("gates")[4 * t * slot..][..4 * slot], &m.get("states")[t * slot..]);
    m.get_mut("gates")[4 * t * slot..][..4 * slot].copy_from_slice(&gates);
    m.get_mut("states")[(t + 1) * slot..][..slot].copy_from_slice(&states);
}

/// `dh = dh_t + dz_{t+1} · w_hᵀ + dstates`, with `dstates = dh_{t+1} ⊙ u_{t+1}`; `dz_t` by the derivatives of σ and tanh.
fn gru_backward(m: &mut Memory, t: usize) {
    let (batch, h) = (m.sizes.batch, m.sizes.hidden);
    let slot = batch * h;
    let (w_h, later) = (m.get("w_h"), &m.get("dz")[4 * (t + 1) * slot..]);
    let inner = if later.is_empty() { 0 } else { 3 * h };
    let back = product((batch, inner, h), |row, k| later[row * 4 * h + k], |k, column| w_h[column * 3 * h + k]);
    let (mut dz, mut dstates) = (vec![0.0; 4 * slot], m.get("dstates").to_vec());
    if later.is_empty() {
        dstates.fill(0.0);
    }
    let gates = &m.get("gates")[4 * t * slot..];
    for i in 0..slot {
        let (row, unit) = (i / h, i % h);
        let at = |gate: usize| (4 * row + gate) * h + unit;
        let [of_state, reset, update, candidate] = [0, 1, 2, 3].map(|gate| gates[at(gate)]);
        let dh = m.get("dh")[t * slot + i] + back[i] + dstates[i];
        let dx = dh * (1.0 - update) * (1.0 - candidate * candidate);
        dz[at(0)] = dx * reset;
        dz[at(1)] = dx * of_state * reset * (1.0 - reset);
        dz[at(2)] = dh * (m.get("states")[t * slot + i] - candidate) * update * (1.0 - update);
        dz[at(3)] = dx;
        dstates[i] = dh * update;
    }
    m.get_mut("dz")[4 * t * slot..][..4 * slot].copy_from_slice(&dz);
    m.set("dstates", dstates);
}

/// A step of prediction: from slot `t` of `generated_states (2, H)` to the other.
fn gru_generate(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let (_, next) = step(m, m.get("generated_gates"), &m.get("generated_states")[t * h..][..h]);
    m.get_mut("generated_states")[(1 - t) * h..][..h].copy_from_slice(&next);
}
