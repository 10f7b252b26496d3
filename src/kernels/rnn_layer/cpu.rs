//! The plain recurrent layer on the CPU.

use std::ops::Range;

use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `h_t = tanh(gates_t + h_{t-1} · w_h)`
pub fn rnn_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (t, gates, now) = (p.step(&positions), p.tensor("gates", &positions), p.after(STATES, &positions));
    p.copy(now, gates);
    let (before, weights) = (p.state_side(t), p.weights("w_h"));
    p.product_by_gates(now, before, weights);
    p.tanh(now);
    p.pack_state(t + 1);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hᵀ) ⊙ (1 - h_t²)`; the sum replaces `dh_t`.
pub fn rnn_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let [dh, dz] = ["dh", "dz"].map(|name| p.tensor(name, &positions));
    let h = p.after(STATES, &positions);
    p.add_later_error(dh, "w_h", &positions);
    p.copy(dz, dh);
    p.through_tanh(dz, h);
}
