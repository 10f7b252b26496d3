//! The output layer's kernels on the CPU.

use std::ops::Range;

use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `logits_t = h_t · w_hq + b_q`
pub fn output_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let (logits, b_q) = (p.tensor("logits", &positions), p.param("b_q"));
        p.copy(logits, b_q.repeated(positions.len()));
        let (state, weights) = (p.state_side(p.step(&positions) + 1), p.weights("w_hq"));
        p.product_by_gates(logits, state, weights);
    });
}

/// `dh_t = dlogits_t · w_hqᵀ`
pub fn output_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let [dlogits, dh] = ["dlogits", "dh"].map(|name| p.tensor(name, &positions));
        let left = p.left_alone("error_logits", &positions, dlogits.columns as usize);
        p.zero(dh);
        p.pack_by_across(left, dlogits);
        p.product(dh, left, p.weights_transposed("w_hq"));
    });
}

/// `dw_hq += h_tᵀ · dlogits_t`, summed over the positions.
pub fn w_hq_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (after, dlogits) = (p.after(STATES, &positions), p.tensor("dlogits", &positions));
    let grad = p.grad("w_hq");
    p.add_product_of_rows(grad, ["after_t", "dlogits"], [after, dlogits], &positions);
}
