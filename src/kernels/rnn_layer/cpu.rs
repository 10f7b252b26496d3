//! The plain recurrent layer on the CPU.

use std::ops::Range;

use dense::product;

use crate::model::Sizes;
use crate::network::memory::{STATE, STATES, Tensors, Weights, rows};

/// `h_t = tanh(gates_t + h_{t-1} · w_h)`
pub fn rnn_forward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [gates, states] = m.floats.get_many(["gates", STATES]);
    let now = &mut states[(positions.start + batch) * hidden..][..batch * hidden];
    now.copy_from_slice(rows(gates, &positions, hidden));
    product(now, m.sides.get(STATE), w.right("w_h"));
    dense::tanh(now);
    m.sides.left(STATE, batch).pack_by_across(now);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hᵀ) ⊙ (1 - h_t²)`
pub fn rnn_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let [states, dh, dz] = m.floats.get_many([STATES, "dh", "dz"]);
    let (now, later) = dz[positions.start * hidden..].split_at_mut(batch * hidden);
    now.copy_from_slice(rows(dh, &positions, hidden));
    if !later.is_empty() {
        m.sides.left("error", batch).pack_by_across(&later[..batch * hidden]);
        product(now, m.sides.get("error"), w.right_transposed("w_h"));
    }
    dense::through_tanh(now, &states[(positions.start + batch) * hidden..][..batch * hidden]);
}
