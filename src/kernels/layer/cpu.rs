//! On the CPU: what all recurrent layers share. A row of `gates` and `dz` has gate after gate of all hidden units.

use std::ops::Range;

use dense::{product, product_among};

use crate::network::Gates;
use crate::network::memory::{STATE, STATES, Tensors, Weights, grad, rows};
use crate::network::table::BELOW;

/// Elements of a row of gates: all, those of the input, and those of the state.
fn widths(m: &Tensors) -> [usize; 3] {
    let Gates { cell, input, state } = m.network.gates();
    [cell, input, state].map(|gates| gates * m.sizes.hidden)
}

/// The biases of the gates, from the state's and, if there is one, the input's.
fn begin_with_biases(w: &Weights, m: &mut Tensors, positions: &Range<usize>) {
    let [all, input, state] = widths(m);
    let gates = &mut m.floats.get_mut("gates")[positions.start * all..positions.end * all];
    for row in gates.chunks_exact_mut(all) {
        row.fill(0.0);
        row[..state].copy_from_slice(w.tensor("b_h"));
        if w.has("b_x") {
            dense::add_scaled(&mut row[all - input..], 1.0, w.tensor("b_x"));
        }
    }
}

/// `gates = w_x[x] + b_x + b_h`
pub fn input_look_up(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    begin_with_biases(w, m, &positions);
    let [all, input, _] = widths(m);
    let gates = &mut m.floats.get_mut("gates")[positions.start * all..positions.end * all];
    for (row, &token) in gates.chunks_exact_mut(all).zip(&m.inputs[positions]) {
        dense::add_scaled(&mut row[all - input..], 1.0, &w.tensor("w_x")[token as usize * input..][..input]);
    }
}

/// `gates_t = below_t · w_x + b_x + b_h`; the layer below has just packed its states.
pub fn input_product(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    begin_with_biases(w, m, &positions);
    let [all, input, _] = widths(m);
    let gates = &mut m.floats.get_mut("gates")[positions.start * all..positions.end * all];
    product_among(&mut gates[all - input..], all, m.sides.below(STATE), w.right("w_x"));
}

/// `dbelow_t = dz_t · w_xᵀ`
pub fn input_backward(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let ([all, input, _], hidden) = (widths(m), m.sizes.hidden);
    let [dz, dbelow] = m.floats.get_many(["dz", "dbelow"]);
    let dbelow = &mut dbelow[positions.start * hidden..positions.end * hidden];
    dbelow.fill(0.0);
    let dz = &rows(dz, &positions, all)[all - input..];
    m.sides.left("error", m.sizes.batch).pack_by_across_among(dz, input, all);
    product(dbelow, m.sides.get("error"), w.right_transposed("w_x"));
}

/// `dw_h += h_{t-1}ᵀ · dz_t`, summed over the positions.
pub fn w_h_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let ([all, _, state], hidden) = (widths(m), m.sizes.hidden);
    // Slot t of `states` is h_{t-1}, so equal positions pair h_{t-1} with dz_t.
    m.sides.left("states_t", hidden).pack_by_depth(rows(m.floats.get(STATES), &positions, hidden));
    m.sides.right("dz", state).pack_by_depth_among(rows(m.floats.get("dz"), &positions, all), all);
    product(grad(&mut m.grads, m.layer, "w_h"), m.sides.get("states_t"), m.sides.get("dz"));
}

/// `dw_x += below_tᵀ · dz_t`, summed over the positions.
pub fn w_x_grad(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let ([all, input, _], hidden) = (widths(m), m.sizes.hidden);
    let below = &m.floats.get(BELOW)[m.sizes.batch * hidden..];
    m.sides.left("below_t", hidden).pack_by_depth(rows(below, &positions, hidden));
    let dz = &rows(m.floats.get("dz"), &positions, all)[all - input..];
    m.sides.right("dz_x", input).pack_by_depth_among(dz, all);
    product(grad(&mut m.grads, m.layer, "w_x"), m.sides.get("below_t"), m.sides.get("dz_x"));
}

/// `db_x += dz_t`, `db_h += dz_t` for each position, each of its own gates.
pub fn bias_grads(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let [all, input, state] = widths(m);
    for row in rows(m.floats.get("dz"), &positions, all).chunks_exact(all) {
        dense::add_scaled(grad(&mut m.grads, m.layer, "b_h"), 1.0, &row[..state]);
        if w.has("b_x") {
            dense::add_scaled(grad(&mut m.grads, m.layer, "b_x"), 1.0, &row[all - input..]);
        }
    }
}

/// [`bias_grads`], `dw_x[x_t] += dz_t`, `db_q += dlogits_t` for each position.
pub fn look_up_grads(w: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    bias_grads(w, m, positions.clone());
    let ([all, input, _], vocabulary) = (widths(m), m.sizes.vocabulary);
    let dw_x = grad(&mut m.grads, m.layer, "w_x");
    let dz = rows(m.floats.get("dz"), &positions, all);
    for (row, &token) in dz.chunks_exact(all).zip(&m.inputs[positions.clone()]) {
        dense::add_scaled(&mut dw_x[token as usize * input..][..input], 1.0, &row[all - input..]);
    }
    let db_q = grad(&mut m.grads, m.layer, "b_q");
    for row in rows(m.floats.get("dlogits"), &positions, vocabulary).chunks_exact(vocabulary) {
        dense::add_scaled(db_q, 1.0, row);
    }
}
