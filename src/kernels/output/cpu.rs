//! The output layer's kernels on the CPU.

use std::ops::Range;

use dense::product;

use crate::model::Sizes;
use crate::network::memory::{STATE, Tensors, Weights, grad, rows};

/// `logits_t = h_t · w_hq + b_q`
pub fn output_forward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let vocabulary = m.sizes.vocabulary;
    let logits = &mut m.floats.get_mut("logits")[positions.start * vocabulary..positions.end * vocabulary];
    let bias = w.tensor("b_q");
    logits.chunks_exact_mut(vocabulary).for_each(|row| row.copy_from_slice(bias));
    product(logits, m.sides.get(STATE), w.right("w_hq"));
}

/// `dh_t = dlogits_t · w_hqᵀ`
pub fn output_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, vocabulary, .. } = m.sizes;
    let [dlogits, dh] = m.floats.get_many(["dlogits", "dh"]);
    let dh = &mut dh[positions.start * hidden..positions.end * hidden];
    dh.fill(0.0);
    m.sides.left("error", batch).pack_by_across(rows(dlogits, &positions, vocabulary));
    product(dh, m.sides.get("error"), w.right_transposed("w_hq"));
}

/// `dw_hq += h_tᵀ · dlogits_t`, summed over the positions.
pub fn w_hq_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let Sizes { batch, hidden, vocabulary, .. } = m.sizes;
    let after = &m.floats.get("states")[batch * hidden..];
    m.sides.left("states_t", hidden).pack_by_depth(rows(after, &positions, hidden));
    m.sides.right("dlogits", vocabulary).pack_by_depth(rows(m.floats.get("dlogits"), &positions, vocabulary));
    product(grad(&mut m.grads, m.layer, "w_hq"), m.sides.get("states_t"), m.sides.get("dlogits"));
}
