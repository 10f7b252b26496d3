//! The LSTM's kernels on the CPU. A row of `gates` and `dz` has i, f, g, o.

use std::ops::Range;

use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `z = gates_t + h_{t-1} · w_h`; `i, f, o = σ(z)`, `g = tanh(z)`; `c_t = f ⊙ c_{t-1} + i ⊙ g`; `h_t = o ⊙ tanh(c_t)`.
pub fn lstm_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (hidden, t) = (p.sizes().hidden, p.step(&positions));
    let gates = p.tensor("gates", &positions);
    let (state, weights) = (p.state_side(t), p.weights("w_h"));
    p.product_by_gates(gates, state, weights);
    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates.columns(gate * hidden, hidden));
    p.sigmoid(i);
    p.sigmoid(f);
    p.tanh(g);
    p.sigmoid(o);
    let (before, c, h) = (p.tensor("cells", &positions), p.after("cells", &positions), p.after(STATES, &positions));
    p.set_product(c, before, f);
    p.add_products(c, i, g);
    p.copy(h, c);
    p.tanh(h);
    p.multiply(h, o);
    p.pack_state(t + 1);
}

/// `dz_t` of all gates, from `dh_t + dz_{t+1} · w_hᵀ`, which replaces `dh_t`, and from `dc_{t+1} ⊙ f_{t+1}` in `dcells`.
pub fn lstm_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [gates, before, dh, dz] = ["gates", "cells", "dh", "dz"].map(|name| p.tensor(name, &positions));
    let (after, dcells) = (p.after("cells", &positions), p.of_batch("dcells"));
    if !p.add_later_error(dh, "w_h", &positions) {
        p.zero(dcells);
    }
    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates.columns(gate * hidden, hidden));
    let [dz_i, dz_f, dz_g, dz_o] = [0, 1, 2, 3].map(|gate| dz.columns(gate * hidden, hidden));
    // tanh(c) and dc, until dz_f and dz_i take their places
    let (tanh_c, dc) = (dz_f, dz_i);
    p.copy(tanh_c, after);
    p.tanh(tanh_c);
    p.set_product(dz_o, dh, tanh_c);
    p.through_sigmoid(dz_o, o);
    p.set_product(dc, dh, o);
    p.through_tanh(dc, tanh_c);
    p.add(dc, dcells);
    p.set_product(dcells, dc, f);
    p.set_product(dz_g, dc, i);
    p.through_tanh(dz_g, g);
    p.set_product(dz_f, dc, before);
    p.through_sigmoid(dz_f, f);
    p.multiply(dz_i, g);
    p.through_sigmoid(dz_i, i);
}
