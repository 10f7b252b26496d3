//! On the CPU: what all recurrent layers share. A row of `gates` and `dz` has gate after gate of all hidden units.

use std::ops::Range;

use dense::Matrix;

use crate::network::Gates;
use crate::network::memory::STATES;
use crate::network::record::Recorder;
use crate::network::table::BELOW;

/// The columns of a row of gates, or of its gradient, that are the input's.
fn of_input(p: &Recorder<'_>, gates: Matrix) -> Matrix {
    let Gates { cell, input, .. } = p.network.gates();
    let hidden = p.sizes().hidden;
    gates.columns((cell - input) * hidden, input * hidden)
}

/// The columns that are the state's.
fn of_state(p: &Recorder<'_>, gates: Matrix) -> Matrix {
    gates.columns(0, p.network.gates().state * p.sizes().hidden)
}

/// The biases of the gates, from the state's and, if there is one, the input's.
fn begin_with_biases(p: &mut Recorder<'_>, gates: Matrix) {
    let rows = gates.rows as usize;
    p.zero(gates);
    let b_h = p.param("b_h").repeated(rows);
    p.copy(of_state(p, gates), b_h);
    if let Some(b_x) = p.find_param("b_x") {
        p.add(of_input(p, gates), b_x.repeated(rows));
    }
}

/// `gates = w_x[x] + b_x + b_h`
pub fn input_look_up(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let (gates, inputs) = (p.tensor("gates", &positions), p.inputs(&positions));
        begin_with_biases(p, gates);
        p.add_looked_up(of_input(p, gates), p.param("w_x"), inputs);
    });
}

/// `gates_t = below_t · w_x + b_x + b_h`; the layer below has packed its states.
pub fn input_product(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let gates = p.tensor("gates", &positions);
        begin_with_biases(p, gates);
        let (below, weights) = (p.state_side_below(p.step(&positions) + 1), p.weights("w_x"));
        p.product_by_gates(of_input(p, gates), below, weights);
    });
}

/// `dbelow_t = dz_t · w_xᵀ`
pub fn input_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let [dz, dbelow] = ["dz", "dbelow"].map(|name| p.tensor(name, &positions));
        let dz = of_input(p, dz);
        let left = p.left_alone("error_below", &positions, dz.columns as usize);
        p.zero(dbelow);
        p.pack_by_across(left, dz);
        p.product(dbelow, left, p.weights_transposed("w_x"));
    });
}

/// `dw_h += h_{t-1}ᵀ · dz_t`, summed over the positions.
pub fn w_h_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    // Slot t of `states` is h_{t-1}, so equal positions pair h_{t-1} with dz_t.
    let [states, dz] = [STATES, "dz"].map(|name| p.tensor(name, &positions));
    let (grad, dz) = (p.grad("w_h"), of_state(p, dz));
    p.add_product_of_rows(grad, ["states_t", "dz"], [states, dz], &positions);
}

/// `dw_x += below_tᵀ · dz_t`, summed over the positions.
pub fn w_x_grad(p: &mut Recorder<'_>, positions: Range<usize>) {
    let (below, dz) = (p.after(BELOW, &positions), p.tensor("dz", &positions));
    let (grad, dz) = (p.grad("w_x"), of_input(p, dz));
    p.add_product_of_rows(grad, ["below_t", "dz_x"], [below, dz], &positions);
}

/// `db_x += dz_t`, `db_h += dz_t` for each position, each of its own gates.
pub fn bias_grads(p: &mut Recorder<'_>, positions: Range<usize>) {
    let dz = p.tensor("dz", &positions);
    p.sum_rows(p.grad("b_h"), of_state(p, dz));
    if p.find_param("b_x").is_some() {
        p.sum_rows(p.grad("b_x"), of_input(p, dz));
    }
}

/// [`bias_grads`], `dw_x[x_t] += dz_t`, `db_q += dlogits_t` for each position.
pub fn look_up_grads(p: &mut Recorder<'_>, positions: Range<usize>) {
    bias_grads(p, positions.clone());
    let [dz, dlogits] = ["dz", "dlogits"].map(|name| p.tensor(name, &positions));
    p.add_rows_at(p.grad("w_x"), of_input(p, dz), p.inputs(&positions));
    p.sum_rows(p.grad("b_q"), dlogits);
}

/// `dx = dz · w_xᵀ (N, V)`: the gradient of the lowest layer's inputs as one-hot vectors, for those who look inside.
pub fn input_gradients(p: &mut Recorder<'_>, dx: Matrix) {
    let (dz, w_x) = (p.tensor("dz", &(0..p.sizes().positions())), p.param("w_x"));
    let dz = of_input(p, dz);
    let left = p.left("dz_of_input", 0, dz.rows as usize, dz.columns as usize);
    let right = p.right("w_x_t", 0, w_x.rows as usize, w_x.columns as usize);
    p.pack_by_across(left, dz);
    p.pack_by_across(right, w_x);
    p.zero(dx);
    p.product(dx, left, right);
}
