//! The plain RNN's oracles.

use crate::kernels::generate::{add_logits, current_token};
use crate::model::Sizes;
use crate::network::oracle::{Memory, Oracles, column_sums, product};

pub const ORACLES: Oracles = &[
    ("step_forward", step_forward),
    ("step_backward", step_backward),
    ("w_hh_grad", w_hh_grad),
    ("row_sum_grads", row_sum_grads),
    ("generate_step", generate_step),
];

/// `tanh(w_xh[x] + h · w_hh + b_h)` `(rows, H)` for tokens `x (rows)` and states `h (rows, H)`.
fn next_states(m: &Memory, tokens: &[u32], states: &[f64]) -> Vec<f64> {
    let h = m.sizes.hidden;
    let [w_xh, w_hh, b_h] = ["w_xh", "w_hh", "b_h"].map(|name| m.get(name));
    let mut next = product((tokens.len(), h, h), |row, k| states[row * h + k], |k, column| w_hh[k * h + column]);
    for (i, z) in next.iter_mut().enumerate() {
        let token = tokens[i / h] as usize;
        *z = (*z + w_xh[token * h + i % h] + b_h[i % h]).tanh();
    }
    next
}

/// `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`; slot `t` of `states` is `h_{t-1}`.
fn step_forward(m: &mut Memory, t: usize) {
    let Sizes { batch, hidden, .. } = m.sizes;
    let slot = batch * hidden;
    let next = next_states(m, &m.ids("inputs")[t * batch..][..batch], &m.get("states")[t * slot..]);
    m.get_mut("states")[(t + 1) * slot..][..slot].copy_from_slice(&next);
}

/// `dz_t = (dh_t + dz_{t+1} · w_hhᵀ) ⊙ (1 - h_t²)`, in place: `dz` holds `dh` up to step `t` and `dz` after it.
fn step_backward(m: &mut Memory, t: usize) {
    let Sizes { batch, hidden: h, .. } = m.sizes;
    let slot = batch * h;
    let (w_hh, later) = (m.get("w_hh"), &m.get("dz")[(t + 1) * slot..]);
    let inner = if later.is_empty() { 0 } else { h };
    let back = product((batch, inner, h), |row, k| later[row * h + k], |k, column| w_hh[column * h + k]);
    let states = m.get("states")[(t + 1) * slot..][..slot].to_vec();
    for ((d, back), state) in m.get_mut("dz")[t * slot..].iter_mut().zip(back).zip(states) {
        *d = (*d + back) * (1.0 - state * state);
    }
}

/// `dw_hh (H, H) = Σ_t h_{t-1}ᵀ · dz_t`
fn w_hh_grad(m: &mut Memory, _: usize) {
    let h = m.sizes.hidden;
    let (states, dz) = (m.get("states"), m.get("dz"));
    let shape = (h, m.sizes.positions(), h);
    m.set("dw_hh", product(shape, |row, n| states[n * h + row], |n, column| dz[n * h + column]));
}

/// `dw_xh (V, H)`: row `v` is the sum of `dz[n]` over the positions n with `x_n = v`; `db_h (H) = Σ_n dz[n]`,
/// `db_q (V) = Σ_n dlogits[n]`.
fn row_sum_grads(m: &mut Memory, _: usize) {
    let Sizes { hidden: h, vocabulary, .. } = m.sizes;
    let mut sums = vec![0.0; vocabulary * h];
    for (&token, row) in m.ids("inputs").iter().zip(m.get("dz").chunks_exact(h)) {
        for (sum, &d) in sums[token as usize * h..].iter_mut().zip(row) {
            *sum += d;
        }
    }
    m.set("dw_xh", sums);
    m.set("db_h", column_sums(m.get("dz"), h));
    m.set("db_q", column_sums(m.get("dlogits"), vocabulary));
}

/// A step of prediction: from slot `t` of `generated_states (2, H)` to the other.
fn generate_step(m: &mut Memory, t: usize) {
    let token = current_token(m, t);
    let h = m.sizes.hidden;
    let next = next_states(m, &[token], &m.get("generated_states")[t * h..][..h]);
    add_logits(m, t, &next);
    m.get_mut("generated_states")[(1 - t) * h..][..h].copy_from_slice(&next);
}
