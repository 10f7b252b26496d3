//! The plain RNN's kernels on the CPU.

use std::ops::Range;

use dense::product;

use crate::model::Sizes;
use crate::network::memory::{STATE, Tensors, Weights, grad, rows};

/// `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`
pub fn step_forward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let now = &mut m.floats.get_mut("states")[(positions.start + batch) * hidden..][..batch * hidden];
    let [w_xh, b_h] = ["w_xh", "b_h"].map(|name| w.tensor(name));
    for (z, &token) in now.chunks_exact_mut(hidden).zip(&m.inputs[positions]) {
        z.copy_from_slice(&w_xh[token as usize * hidden..][..hidden]);
        dense::add_scaled(z, 1.0, b_h);
    }
    product(now, m.sides.get(STATE), w.right("w_hh"));
    dense::tanh(now);
    m.sides.left(STATE, batch).pack_by_across(now);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hhᵀ) ⊙ (1 - h_t²)`, in place of `dh_t`.
pub fn step_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [states, dz] = m.floats.get_many(["states", "dz"]);
    let (now, later) = dz[positions.start * hidden..].split_at_mut(batch * hidden);
    if !later.is_empty() {
        m.sides.left("error", batch).pack_by_across(&later[..batch * hidden]);
        product(now, m.sides.get("error"), w.right_transposed("w_hh"));
    }
    dense::through_tanh(now, &states[(positions.start + batch) * hidden..][..batch * hidden]);
}

/// `dw_hh += h_{t-1}ᵀ · dz_t`, summed over the positions.
pub fn w_hh_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let hidden = m.sizes.hidden;
    // Slot t of `states` is h_{t-1}, so equal positions pair h_{t-1} with dz_t.
    m.sides.left("states_t", hidden).pack_by_depth(rows(m.floats.get("states"), &positions, hidden));
    m.sides.right("dz", hidden).pack_by_depth(rows(m.floats.get("dz"), &positions, hidden));
    product(grad(&mut m.grads, m.layer, "w_hh"), m.sides.get("states_t"), m.sides.get("dz"));
}

/// `dw_xh[x_t] += dz_t`, `db_h += dz_t`, `db_q += dlogits_t` for each position.
pub fn row_sum_grads(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { hidden, vocabulary, .. } = m.sizes;
    let dz = rows(m.floats.get("dz"), &positions, hidden);
    let dw_xh = grad(&mut m.grads, m.layer, "w_xh");
    for (row, &token) in dz.chunks_exact(hidden).zip(&m.inputs[positions.clone()]) {
        dense::add_scaled(&mut dw_xh[token as usize * hidden..][..hidden], 1.0, row);
    }
    for (tensor, bias, across) in [("dz", "b_h", hidden), ("dlogits", "b_q", vocabulary)] {
        let sums = grad(&mut m.grads, m.layer, bias);
        for row in rows(m.floats.get(tensor), &positions, across).chunks_exact(across) {
            dense::add_scaled(sums, 1.0, row);
        }
    }
}
