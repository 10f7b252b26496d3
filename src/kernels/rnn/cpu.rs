//! The plain RNN's kernels on the CPU.

use std::ops::Range;

use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`
pub fn step_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (t, now, inputs) = (p.step(&positions), p.after(STATES, &positions), p.inputs(&positions));
    p.copy(now, p.param("b_h").repeated(positions.len()));
    p.add_looked_up(now, p.param("w_xh"), inputs);
    let (before, weights) = (p.state_side(t), p.weights("w_hh"));
    p.product_by_gates(now, before, weights);
    p.tanh(now);
    p.pack_state(t + 1);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hhᵀ) ⊙ (1 - h_t²)`, in place of `dh_t`.
pub fn step_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (dz, h) = (p.tensor("dz", &positions), p.after(STATES, &positions));
    p.add_later_error(dz, "w_hh", &positions);
    p.through_tanh(dz, h);
}

/// `dw_hh += h_{t-1}ᵀ · dz_t`, summed over the positions.
pub fn w_hh_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    // Slot t of `states` is h_{t-1}, so equal positions pair h_{t-1} with dz_t.
    let [states, dz] = [STATES, "dz"].map(|name| p.tensor(name, &positions));
    let grad = p.grad("w_hh");
    p.add_product_of_rows(grad, ["states_t", "dz"], [states, dz], &positions);
}

/// `dw_xh[x_t] += dz_t`, `db_h += dz_t`, `db_q += dlogits_t` for each position.
pub fn row_sum_grads(p: &mut Recorder<'_>, positions: Range<usize>) {
    let [dz, dlogits] = ["dz", "dlogits"].map(|name| p.tensor(name, &positions));
    p.add_rows_at(p.grad("w_xh"), dz, p.inputs(&positions));
    p.sum_rows(p.grad("b_h"), dz);
    p.sum_rows(p.grad("b_q"), dlogits);
}
