//! The kernels of the book's GRU on the CPU. A row of `gates` has u, r and the candidate n.

use std::ops::Range;

use dense::{add_products, add_scaled, multiply, product, product_among, sigmoid, tanh, through_sigmoid, through_tanh};

use crate::model::Sizes;
use crate::network::memory::{STATE, STATES, Tensors, Weights, grad, rows};

/// `u, r = σ(gates_t + h_{t-1} · w_hg)`; `reset_states_t = r ⊙ h_{t-1}`
pub fn gru_gates(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states, reset] = m.floats.get_many(["gates", STATES, "reset_states"]);
    let gates = &mut gates[3 * positions.start * hidden..3 * positions.end * hidden];
    product_among(gates, 3 * hidden, m.sides.get(STATE), w.right("w_hg"));
    let reset = &mut reset[positions.start * hidden..positions.end * hidden];
    reset.copy_from_slice(rows(states, &positions, hidden));
    for (gates, reset) in gates.chunks_exact_mut(3 * hidden).zip(reset.chunks_exact_mut(hidden)) {
        sigmoid(&mut gates[..2 * hidden]);
        multiply(reset, &gates[hidden..2 * hidden]);
    }
    m.sides.left("reset", batch).pack_by_across(reset);
}

/// `n = tanh(gates_t + reset_states_t · w_hn)`; `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`
pub fn gru_candidate(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states] = m.floats.get_many(["gates", STATES]);
    let gates = &mut gates[3 * positions.start * hidden..3 * positions.end * hidden];
    product_among(&mut gates[2 * hidden..], 3 * hidden, m.sides.get("reset"), w.right("w_hn"));
    let (before, now) = states[positions.start * hidden..].split_at_mut(batch * hidden);
    let now = &mut now[..batch * hidden];
    let rows = gates.chunks_exact_mut(3 * hidden).zip(before.chunks_exact(hidden));
    for ((gates, before), h) in rows.zip(now.chunks_exact_mut(hidden)) {
        let (u_and_r, n) = gates.split_at_mut(2 * hidden);
        tanh(n);
        // n + u ⊙ (h_{t-1} − n)
        h.copy_from_slice(before);
        add_scaled(h, -1.0, n);
        multiply(h, &u_and_r[..hidden]);
        add_scaled(h, 1.0, n);
    }
    m.sides.left(STATE, batch).pack_by_across(now);
}

/// `dz_t` of u and n, from `dh_t + dz_{t+1} · w_hgᵀ + dstates`, which replaces `dh_t`; `dstates` becomes `dh_t ⊙ u_t`.
pub fn gru_candidate_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states, dh, dstates, dz] = m.floats.get_many(["gates", STATES, "dh", "dstates", "dz"]);
    let dh = &mut dh[positions.start * hidden..positions.end * hidden];
    let (now, later) = dz[3 * positions.start * hidden..].split_at_mut(3 * batch * hidden);
    if !later.is_empty() {
        let left = m.sides.left("error", batch);
        left.pack_by_across_among(&later[..3 * batch * hidden], 2 * hidden, 3 * hidden);
        product(dh, m.sides.get("error"), w.right_transposed("w_hg"));
        add_scaled(dh, 1.0, dstates);
    }
    dstates.copy_from_slice(dh);
    let gates = gates[3 * positions.start * hidden..].chunks_exact(3 * hidden);
    let rows = gates.zip(states[positions.start * hidden..].chunks_exact(hidden)).zip(dh.chunks_exact(hidden));
    let written = now.chunks_exact_mut(3 * hidden).zip(dstates.chunks_exact_mut(hidden));
    for (((gates, before), d), (dz, dstate)) in rows.zip(written) {
        let (u, n) = (&gates[..hidden], &gates[2 * hidden..]);
        let (dz_u, dz_n) = dz.split_at_mut(2 * hidden);
        let dz_u = &mut dz_u[..hidden];
        multiply(dstate, u);
        dz_n.copy_from_slice(d);
        add_scaled(dz_n, -1.0, dstate);
        through_tanh(dz_n, n);
        dz_u.copy_from_slice(before);
        add_scaled(dz_u, -1.0, n);
        multiply(dz_u, d);
        through_sigmoid(dz_u, u);
    }
}

/// `d = dz_n · w_hnᵀ`; `dz_r = d ⊙ h_{t-1} ⊙ r ⊙ (1 − r)`; `dstates += d ⊙ r`
pub fn gru_gates_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states, dstates, dz] = m.floats.get_many(["gates", STATES, "dstates", "dz"]);
    let dz = &mut dz[3 * positions.start * hidden..3 * positions.end * hidden];
    let left = m.sides.left("error_n", batch);
    left.pack_by_across_among(&dz[2 * hidden..], hidden, 3 * hidden);
    let mut d = vec![0.0; batch * hidden];
    product(&mut d, m.sides.get("error_n"), w.right_transposed("w_hn"));
    let gates = gates[3 * positions.start * hidden..].chunks_exact(3 * hidden);
    let rows = gates.zip(states[positions.start * hidden..].chunks_exact(hidden)).zip(d.chunks_exact(hidden));
    let written = dz.chunks_exact_mut(3 * hidden).zip(dstates.chunks_exact_mut(hidden));
    for (((gates, before), d), (dz, dstate)) in rows.zip(written) {
        let (r, dz_r) = (&gates[hidden..2 * hidden], &mut dz[hidden..2 * hidden]);
        dz_r.copy_from_slice(d);
        multiply(dz_r, before);
        through_sigmoid(dz_r, r);
        add_products(dstate, d, r);
    }
}

/// `dw_hg += h_{t-1}ᵀ · (dz_u, dz_r)_t`, summed over the positions.
pub fn w_hg_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let hidden = m.sizes.hidden;
    m.sides.left("states_t", hidden).pack_by_depth(rows(m.floats.get(STATES), &positions, hidden));
    let dz = rows(m.floats.get("dz"), &positions, 3 * hidden);
    m.sides.right("dz_g", 2 * hidden).pack_by_depth_among(dz, 3 * hidden);
    product(grad(&mut m.grads, m.layer, "w_hg"), m.sides.get("states_t"), m.sides.get("dz_g"));
}

/// `dw_hn += reset_states_tᵀ · dz_n`, summed over the positions.
pub fn w_hn_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let hidden = m.sizes.hidden;
    m.sides.left("reset_t", hidden).pack_by_depth(rows(m.floats.get("reset_states"), &positions, hidden));
    let dz = &rows(m.floats.get("dz"), &positions, 3 * hidden)[2 * hidden..];
    m.sides.right("dz_n", hidden).pack_by_depth_among(dz, 3 * hidden);
    product(grad(&mut m.grads, m.layer, "w_hn"), m.sides.get("reset_t"), m.sides.get("dz_n"));
}
