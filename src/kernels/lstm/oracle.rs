//! The LSTM's oracles.

use crate::network::oracle::{Memory, Oracles, product, sigmoid};

pub const ORACLES: Oracles =
    &[("lstm_forward", lstm_forward), ("lstm_backward", lstm_backward), ("lstm_generate", lstm_generate)];

/// What a step makes of rows of inputs, cell states and states.
struct Next {
    gates: Vec<f64>,
    cells: Vec<f64>,
    states: Vec<f64>,
}

/// A step of rows `gates (rows, 4 · H)`, which are what the input gives.
fn step(m: &Memory, gates: &[f64], cells: &[f64], states: &[f64]) -> Next {
    let (h, w_h) = (m.sizes.hidden, m.get("w_h"));
    let rows = gates.len() / (4 * h);
    let z = product((rows, h, 4 * h), |row, k| states[row * h + k], |k, column| w_h[k * 4 * h + column]);
    let z: Vec<f64> = z.iter().zip(gates).map(|(z, gate)| z + gate).collect();
    let is_candidate = |i: usize| i % (4 * h) / h == 2;
    let gates: Vec<f64> =
        z.iter().enumerate().map(|(i, &z)| if is_candidate(i) { z.tanh() } else { sigmoid(z) }).collect();
    let gate = |row: usize, gate: usize, unit: usize| gates[(4 * row + gate) * h + unit];
    let cells: Vec<f64> = (0..rows * h)
        .map(|i| {
            let [input, forget, candidate] = [0, 1, 2].map(|g| gate(i / h, g, i % h));
            forget * cells[i] + input * candidate
        })
        .collect();
    let states = cells.iter().enumerate().map(|(i, c)| gate(i / h, 3, i % h) * c.tanh()).collect();
    Next { gates, cells, states }
}

/// A time step: slot `t` of `cells` and `states` is before it, slot `t + 1` after it.
fn lstm_forward(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let next =
        step(m, &m.get("gates")[4 * t * slot..][..4 * slot], &m.get("cells")[t * slot..], &m.get("states")[t * slot..]);
    m.get_mut("gates")[4 * t * slot..][..4 * slot].copy_from_slice(&next.gates);
    m.get_mut("cells")[(t + 1) * slot..][..slot].copy_from_slice(&next.cells);
    m.get_mut("states")[(t + 1) * slot..][..slot].copy_from_slice(&next.states);
}

/// `dh = dh_t + dz_{t+1} · w_hᵀ`; `dc = dcells + dh ⊙ o ⊙ (1 - tanh²(c_t))`, with `dcells = dc_{t+1} ⊙ f_{t+1}`; `dz_t` by
/// the derivatives of σ and tanh.
fn lstm_backward(m: &mut Memory, t: usize) {
    let (batch, h) = (m.sizes.batch, m.sizes.hidden);
    let slot = batch * h;
    let (w_h, later) = (m.get("w_h"), &m.get("dz")[4 * (t + 1) * slot..]);
    let inner = if later.is_empty() { 0 } else { 4 * h };
    let back = product((batch, inner, h), |row, k| later[row * 4 * h + k], |k, column| w_h[column * 4 * h + k]);
    let (mut dz, mut dcells) = (vec![0.0; 4 * slot], m.get("dcells").to_vec());
    if later.is_empty() {
        dcells.fill(0.0);
    }
    let gates = &m.get("gates")[4 * t * slot..];
    for i in 0..slot {
        let (row, unit) = (i / h, i % h);
        let at = |gate: usize| (4 * row + gate) * h + unit;
        let [input, forget, candidate, output] = [0, 1, 2, 3].map(|gate| gates[at(gate)]);
        let tanh_c = m.get("cells")[(t + 1) * slot + i].tanh();
        let dh = m.get("dh")[t * slot + i] + back[i];
        let dc = dcells[i] + dh * output * (1.0 - tanh_c * tanh_c);
        dz[at(0)] = dc * candidate * input * (1.0 - input);
        dz[at(1)] = dc * m.get("cells")[t * slot + i] * forget * (1.0 - forget);
        dz[at(2)] = dc * input * (1.0 - candidate * candidate);
        dz[at(3)] = dh * tanh_c * output * (1.0 - output);
        dcells[i] = dc * forget;
    }
    m.get_mut("dz")[4 * t * slot..][..4 * slot].copy_from_slice(&dz);
    m.set("dcells", dcells);
}

/// A step of prediction: from slot `t` of `generated_states` and `generated_cells (2, H)` to the other.
fn lstm_generate(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    let [cells, states] = ["generated_cells", "generated_states"].map(|name| &m.get(name)[t * h..][..h]);
    let next = step(m, m.get("generated_gates"), cells, states);
    m.get_mut("generated_cells")[(1 - t) * h..][..h].copy_from_slice(&next.cells);
    m.get_mut("generated_states")[(1 - t) * h..][..h].copy_from_slice(&next.states);
}
