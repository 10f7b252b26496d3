//! The LSTM's kernels on the CPU.

use std::ops::Range;

use dense::{add_products, add_scaled, multiply, product, product_among, sigmoid, tanh, through_sigmoid, through_tanh};

use crate::model::Sizes;
use crate::network::memory::{STATE, STATES, Tensors, Weights};

/// `z = gates_t + h_{t-1} · w_h`; `i, f, o = σ(z)`, `g = tanh(z)`; `c_t = f ⊙ c_{t-1} + i ⊙ g`; `h_t = o ⊙ tanh(c_t)`.
pub fn lstm_forward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, cells, states] = m.floats.get_many(["gates", "cells", STATES]);
    let gates = &mut gates[4 * positions.start * hidden..4 * positions.end * hidden];
    product_among(gates, 4 * hidden, m.sides.get(STATE), w.right("w_h"));
    let (before, now) = cells[positions.start * hidden..].split_at_mut(batch * hidden);
    let states = &mut states[(positions.start + batch) * hidden..][..batch * hidden];
    let rows = gates.chunks_exact_mut(4 * hidden).zip(before.chunks_exact(hidden));
    for (((gates, before), c), h) in rows.zip(now.chunks_exact_mut(hidden)).zip(states.chunks_exact_mut(hidden)) {
        sigmoid(&mut gates[..2 * hidden]);
        tanh(&mut gates[2 * hidden..3 * hidden]);
        sigmoid(&mut gates[3 * hidden..]);
        let [i, f, g, o] = quarters(gates);
        c.copy_from_slice(before);
        multiply(c, f);
        add_products(c, i, g);
        h.copy_from_slice(c);
        tanh(h);
        multiply(h, o);
    }
    m.sides.left(STATE, batch).pack_by_across(states);
}

/// The gates of a row.
fn quarters(row: &[f32]) -> [&[f32]; 4] {
    let (first, second) = row.split_at(row.len() / 2);
    let ((i, f), (g, o)) = (first.split_at(first.len() / 2), second.split_at(second.len() / 2));
    [i, f, g, o]
}

/// `dz_t` of all gates, from `dh_t + dz_{t+1} · w_hᵀ`, which replaces `dh_t`, and from `dc_{t+1} ⊙ f_{t+1}` in `dcells`.
pub fn lstm_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, cells, dh, dcells, dz] = m.floats.get_many(["gates", "cells", "dh", "dcells", "dz"]);
    let dh = &mut dh[positions.start * hidden..positions.end * hidden];
    let (now, later) = dz[4 * positions.start * hidden..].split_at_mut(4 * batch * hidden);
    if later.is_empty() {
        dcells.fill(0.0);
    } else {
        m.sides.left("error", batch).pack_by_across(&later[..4 * batch * hidden]);
        product(dh, m.sides.get("error"), w.right_transposed("w_h"));
    }
    let (mut tanh_c, mut dc) = (vec![0.0; hidden], vec![0.0; hidden]);
    let gates = gates[4 * positions.start * hidden..].chunks_exact(4 * hidden).zip(dh.chunks_exact(hidden));
    let before = cells[positions.start * hidden..].chunks_exact(hidden);
    let after = cells[(positions.start + batch) * hidden..].chunks_exact(hidden);
    let written = now.chunks_exact_mut(4 * hidden).zip(dcells.chunks_exact_mut(hidden));
    for ((((gates, d), before), after), (dz, dcell)) in gates.zip(before).zip(after).zip(written) {
        let [i, f, g, o] = quarters(gates);
        let (dz_if, dz_go) = dz.split_at_mut(2 * hidden);
        let ((dz_i, dz_f), (dz_g, dz_o)) = (dz_if.split_at_mut(hidden), dz_go.split_at_mut(hidden));
        tanh_c.copy_from_slice(after);
        tanh(&mut tanh_c);
        set_product(dz_o, d, &tanh_c);
        through_sigmoid(dz_o, o);
        set_product(&mut dc, d, o);
        through_tanh(&mut dc, &tanh_c);
        add_scaled(&mut dc, 1.0, dcell);
        set_product(dz_i, &dc, g);
        through_sigmoid(dz_i, i);
        set_product(dz_f, &dc, before);
        through_sigmoid(dz_f, f);
        set_product(dz_g, &dc, i);
        through_tanh(dz_g, g);
        set_product(dcell, &dc, f);
    }
}

/// `x = a ⊙ b`
fn set_product(x: &mut [f32], a: &[f32], b: &[f32]) {
    x.copy_from_slice(a);
    multiply(x, b);
}
