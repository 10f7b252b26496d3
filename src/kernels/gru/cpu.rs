//! The kernels of PyTorch's GRU on the CPU. A row of `gates` has the state's part of the candidate, r, u, and the input's
//! part of the candidate, then the candidate.

use std::ops::Range;

use dense::{add_products, add_scaled, multiply, product, product_among, sigmoid, tanh, through_sigmoid, through_tanh};

use crate::model::Sizes;
use crate::network::memory::{STATE, STATES, Tensors, Weights};

/// `z = gates_t + h_{t-1} · w_h`; `r, u = σ(z)`, `n = tanh(x_n + r ⊙ z_n)`; `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`.
pub fn gru_forward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states] = m.floats.get_many(["gates", STATES]);
    let gates = &mut gates[4 * positions.start * hidden..4 * positions.end * hidden];
    product_among(gates, 4 * hidden, m.sides.get(STATE), w.right("w_h"));
    let (before, now) = states[positions.start * hidden..].split_at_mut(batch * hidden);
    let now = &mut now[..batch * hidden];
    let rows = gates.chunks_exact_mut(4 * hidden).zip(before.chunks_exact(hidden));
    for ((gates, before), h) in rows.zip(now.chunks_exact_mut(hidden)) {
        sigmoid(&mut gates[hidden..3 * hidden]);
        let (of_state, rest) = gates.split_at_mut(hidden);
        let (r_and_u, n) = rest.split_at_mut(2 * hidden);
        let (r, u) = r_and_u.split_at(hidden);
        add_products(n, r, of_state);
        tanh(n);
        // n + u ⊙ (h_{t-1} − n)
        h.copy_from_slice(before);
        add_scaled(h, -1.0, n);
        multiply(h, u);
        add_scaled(h, 1.0, n);
    }
    m.sides.left(STATE, batch).pack_by_across(now);
}

/// `dz_t` of all gates, from `dh_t + dz_{t+1} · w_hᵀ + dstates`, which replaces `dh_t`; `dstates` becomes `dh_t ⊙ u_t`.
pub fn gru_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states, dh, dstates, dz] = m.floats.get_many(["gates", STATES, "dh", "dstates", "dz"]);
    let dh = &mut dh[positions.start * hidden..positions.end * hidden];
    let (now, later) = dz[4 * positions.start * hidden..].split_at_mut(4 * batch * hidden);
    if !later.is_empty() {
        let left = m.sides.left("error", batch);
        left.pack_by_across_among(&later[..4 * batch * hidden], 3 * hidden, 4 * hidden);
        product(dh, m.sides.get("error"), w.right_transposed("w_h"));
        add_scaled(dh, 1.0, dstates);
    }
    dstates.copy_from_slice(dh);
    let gates = gates[4 * positions.start * hidden..].chunks_exact(4 * hidden);
    let rows = gates.zip(states[positions.start * hidden..].chunks_exact(hidden)).zip(dh.chunks_exact(hidden));
    let written = now.chunks_exact_mut(4 * hidden).zip(dstates.chunks_exact_mut(hidden));
    for (((gates, before), d), (dz, dstate)) in rows.zip(written) {
        let (of_state, r) = gates[..2 * hidden].split_at(hidden);
        let (u, n) = gates[2 * hidden..].split_at(hidden);
        let (dz_nr, dz_ux) = dz.split_at_mut(2 * hidden);
        let ((dz_n, dz_r), (dz_u, dx_n)) = (dz_nr.split_at_mut(hidden), dz_ux.split_at_mut(hidden));
        multiply(dstate, u);
        dx_n.copy_from_slice(d);
        add_scaled(dx_n, -1.0, dstate);
        through_tanh(dx_n, n);
        dz_n.copy_from_slice(dx_n);
        multiply(dz_n, r);
        dz_r.copy_from_slice(dx_n);
        multiply(dz_r, of_state);
        through_sigmoid(dz_r, r);
        dz_u.copy_from_slice(before);
        add_scaled(dz_u, -1.0, n);
        multiply(dz_u, d);
        through_sigmoid(dz_u, u);
    }
}
