//! The kernels of PyTorch's GRU on the CPU. A row of `gates` has the state's part of the candidate, r, u, and the input's
//! part of the candidate, then the candidate.

use std::ops::Range;

use dense::Matrix;

use crate::network::memory::STATES;
use crate::network::record::Recorder;

/// `z = gates_t + h_{t-1} · w_h`; `r, u = σ(z)`, `n = tanh(x_n + r ⊙ z_n)`; `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`.
pub fn gru_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (hidden, t) = (p.sizes().hidden, p.step(&positions));
    let gates = p.tensor("gates", &positions);
    let (state, weights) = (p.state_side(t), p.weights("w_h"));
    p.product_by_gates(gates, state, weights);
    let [of_state, r, u, n] = [0, 1, 2, 3].map(|gate| gates.columns(gate * hidden, hidden));
    p.sigmoid(r);
    p.sigmoid(u);
    p.add_products(n, r, of_state);
    p.tanh(n);
    interpolate(p, u, n, &positions);
}

/// `dz_t` of all gates, from `dh_t + dz_{t+1} · w_hᵀ + dstates`, which replaces `dh_t`; `dstates` becomes `dh_t ⊙ u_t`.
pub fn gru_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let hidden = p.sizes().hidden;
    let [gates, dz] = ["gates", "dz"].map(|name| p.tensor(name, &positions));
    let [of_state, r, u, n] = [0, 1, 2, 3].map(|gate| gates.columns(gate * hidden, hidden));
    let [dz_n, dz_r, dz_u, dx_n] = [0, 1, 2, 3].map(|gate| dz.columns(gate * hidden, hidden));
    interpolate_backward(p, "w_h", [u, n], [dz_u, dx_n], &positions);
    p.set_product(dz_n, dx_n, r);
    p.set_product(dz_r, dx_n, of_state);
    p.through_sigmoid(dz_r, r);
}

/// The end of every GRU's step: `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`, as `n + u ⊙ (h_{t-1} − n)`.
pub fn interpolate(p: &mut Recorder<'_>, u: Matrix, n: Matrix, positions: &Range<usize>) {
    let (before, h) = (p.tensor(STATES, positions), p.after(STATES, positions));
    p.copy(h, before);
    p.subtract(h, n);
    p.multiply(h, u);
    p.add(h, n);
    p.pack_state(p.step(positions) + 1);
}

/// Its way back: `dh_t += dz_{t+1} · wᵀ + dstates`, `dstates = dh_t ⊙ u`, and from these `dz` of u and n.
pub fn interpolate_backward(
    p: &mut Recorder<'_>,
    weights: &str,
    [u, n]: [Matrix; 2],
    [dz_u, dz_n]: [Matrix; 2],
    positions: &Range<usize>,
) {
    let [states, dh] = [STATES, "dh"].map(|name| p.tensor(name, positions));
    let dstates = p.of_batch("dstates");
    if p.add_later_error(dh, weights, positions) {
        p.add(dh, dstates);
    }
    p.set_product(dstates, dh, u);
    p.copy(dz_n, dh);
    p.subtract(dz_n, dstates);
    p.through_tanh(dz_n, n);
    p.copy(dz_u, states);
    p.subtract(dz_u, n);
    p.multiply(dz_u, dh);
    p.through_sigmoid(dz_u, u);
}
