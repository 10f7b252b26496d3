//! The kernels of the book's GRU on the CPU. A row of `gates` has u, r and the candidate n.

use std::ops::Range;

use dense::Matrix;

use crate::kernels::gru::{interpolate, interpolate_backward};
use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `u, r = σ(gates_t + h_{t-1} · w_hg)`; `reset_states_t = r ⊙ h_{t-1}`
pub fn gru_gates(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [gates, states, reset] = ["gates", STATES, "reset_states"].map(|name| p.tensor(name, &positions));
    let (state, weights) = (p.state_side(p.step(&positions)), p.weights("w_hg"));
    p.product_by_gates(gates.columns(0, 2 * hidden), state, weights);
    let [u, r] = [0, 1].map(|gate| gates.columns(gate * hidden, hidden));
    p.sigmoid(u);
    p.sigmoid(r);
    p.set_product(reset, states, r);
    let left = p.left_of_step("reset", &positions, hidden);
    p.pack_by_across(left, reset);
}

/// `n = tanh(gates_t + reset_states_t · w_hn)`; `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`
pub fn gru_candidate(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let gates = p.tensor("gates", &positions);
    let [u, n] = [0, 2].map(|gate| gates.columns(gate * hidden, hidden));
    let (reset, weights) = (p.left_of_step("reset", &positions, hidden), p.weights("w_hn"));
    p.product_by_gates(n, reset, weights);
    p.tanh(n);
    interpolate(p, u, n, &positions);
}

/// `dz_t` of u and n, from `dh_t + dz_{t+1} · w_hgᵀ + dstates`, which replaces `dh_t`; `dstates` becomes `dh_t ⊙ u_t`.
pub fn gru_candidate_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [gates, dz] = ["gates", "dz"].map(|name| p.tensor(name, &positions));
    let of_u_and_n = |m: Matrix| [0, 2].map(|gate| m.columns(gate * hidden, hidden));
    interpolate_backward(p, "w_hg", of_u_and_n(gates), of_u_and_n(dz), &positions);
}

/// `d = dz_n · w_hnᵀ`; `dz_r = d ⊙ h_{t-1} ⊙ r ⊙ (1 − r)`; `dstates += d ⊙ r`
pub fn gru_gates_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [gates, states, dz] = ["gates", STATES, "dz"].map(|name| p.tensor(name, &positions));
    let dstates = p.of_batch("dstates");
    let [dz_r, dz_n] = [1, 2].map(|gate| dz.columns(gate * hidden, hidden));
    let r = gates.columns(hidden, hidden);
    let left = p.left_of_step("error_n", &positions, hidden);
    p.pack_by_across(left, dz_n);
    // d, until it becomes dz_r
    p.zero(dz_r);
    p.product(dz_r, left, p.weights_transposed("w_hn"));
    p.add_products(dstates, dz_r, r);
    p.multiply(dz_r, states);
    p.through_sigmoid(dz_r, r);
}

/// `dw_hg += h_{t-1}ᵀ · (dz_u, dz_r)_t`, summed over the positions.
pub fn w_hg_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [states, dz] = [STATES, "dz"].map(|name| p.tensor(name, &positions));
    let grad = p.grad("w_hg");
    p.add_product_of_rows(grad, ["states_t", "dz_g"], [states, dz.columns(0, 2 * hidden)], &positions);
}

/// `dw_hn += reset_states_tᵀ · dz_n`, summed over the positions.
pub fn w_hn_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [reset, dz] = ["reset_states", "dz"].map(|name| p.tensor(name, &positions));
    let grad = p.grad("w_hn");
    p.add_product_of_rows(grad, ["reset_t", "dz_n"], [reset, dz.columns(2 * hidden, hidden)], &positions);
}
