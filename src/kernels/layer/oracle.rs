//! The oracles of what all recurrent layers share. A row of gates has gate after gate of all hidden units.

use crate::kernels::generate::current_token;
use crate::network::Gates;
use crate::network::oracle::{Memory, Oracles, column_sums, product};
use crate::network::table::{BELOW, DBELOW, GENERATED_BELOW};

pub const ORACLES: Oracles = &[
    ("input_look_up", input_look_up),
    ("input_product", input_product),
    ("input_backward", input_backward),
    ("w_h_grad", w_h_grad),
    ("w_x_grad", w_x_grad),
    ("look_up_grads", look_up_grads),
    ("bias_grads", bias_grads),
    ("generate_look_up", generate_look_up),
    ("generate_product", generate_product),
];

/// Elements of a row of gates: all, those of the input, and those of the state.
fn widths(m: &Memory) -> [usize; 3] {
    let Gates { cell, input, state } = m.network.gates();
    [cell, input, state].map(|gates| gates * m.sizes.hidden)
}

/// `gates (rows, all)` from the input's part `(rows, input)` without biases.
fn with_biases(m: &Memory, of_input: &[f64]) -> Vec<f64> {
    let [all, input, state] = widths(m);
    let (b_x, b_h) = (m.get("b_x"), m.get("b_h"));
    let mut gates = Vec::new();
    for row in of_input.chunks_exact(input) {
        gates.extend((0..all).map(|i| {
            let of_state = if i < state { b_h[i] } else { 0.0 };
            let of_input = i.checked_sub(all - input).map_or(0.0, |j| row[j] + b_x[j]);
            of_state + of_input
        }));
    }
    gates
}

/// `w_x[x] + b_x + b_h` for tokens `x`.
fn look_up(m: &Memory, tokens: &[u32]) -> Vec<f64> {
    let input = widths(m)[1];
    let rows: Vec<f64> = tokens.iter().flat_map(|&x| &m.get("w_x")[x as usize * input..][..input]).copied().collect();
    with_biases(m, &rows)
}

/// `below · w_x + b_x + b_h` for rows of states `below`.
fn input_of(m: &Memory, below: &[f64]) -> Vec<f64> {
    let (h, input, w_x) = (m.sizes.hidden, widths(m)[1], m.get("w_x"));
    let shape = (below.len() / h, h, input);
    with_biases(m, &product(shape, |row, k| below[row * h + k], |k, column| w_x[k * input + column]))
}

fn input_look_up(m: &mut Memory, _: usize) {
    m.set("gates", look_up(m, m.ids("inputs")));
}

/// The states of the layer below without the initial ones, `(N, H)`.
fn below(m: &Memory) -> &[f64] {
    &m.get(BELOW)[m.sizes.batch * m.sizes.hidden..]
}

fn input_product(m: &mut Memory, _: usize) {
    m.set("gates", input_of(m, below(m)));
}

/// `dz (rows, gates)` of `width` gates of each row, from `first` on.
fn part(rows: &[f64], all: usize, first: usize, width: usize) -> Vec<f64> {
    rows.chunks_exact(all).flat_map(|row| &row[first..first + width]).copied().collect()
}

/// `dz (N, input)` of the input's gates.
fn dz_of_input(m: &Memory) -> Vec<f64> {
    let [all, input, _] = widths(m);
    part(m.get("dz"), all, all - input, input)
}

/// `dz (N, state)` of the state's gates.
fn dz_of_state(m: &Memory) -> Vec<f64> {
    let [all, _, state] = widths(m);
    part(m.get("dz"), all, 0, state)
}

/// `dbelow (N, H) = dz · w_xᵀ`
fn input_backward(m: &mut Memory, _: usize) {
    let (h, n, input) = (m.sizes.hidden, m.sizes.positions(), widths(m)[1]);
    let (dz, w_x) = (dz_of_input(m), m.get("w_x"));
    let back = product((n, input, h), |row, k| dz[row * input + k], |k, column| w_x[column * input + k]);
    m.set(DBELOW, back);
}

/// `leftᵀ (H, N) · dz (N, across)`
pub fn weight_grad(m: &Memory, left: &[f64], dz: &[f64]) -> Vec<f64> {
    let (h, n) = (m.sizes.hidden, m.sizes.positions());
    let across = dz.len() / n;
    product((h, n, across), |row, n| left[n * h + row], |n, column| dz[n * across + column])
}

/// `dw_h = Σ_t h_{t-1}ᵀ · dz_t`
fn w_h_grad(m: &mut Memory, _: usize) {
    m.set("dw_h", weight_grad(m, m.get("states"), &dz_of_state(m)));
}

/// `dw_x = Σ_t below_tᵀ · dz_t`
fn w_x_grad(m: &mut Memory, _: usize) {
    m.set("dw_x", weight_grad(m, below(m), &dz_of_input(m)));
}

/// `db_x = Σ_n dz[n]`, `db_h = Σ_n dz[n]`, each of its own gates.
fn bias_grads(m: &mut Memory, _: usize) {
    let [_, input, state] = widths(m);
    m.set("db_x", column_sums(&dz_of_input(m), input));
    m.set("db_h", column_sums(&dz_of_state(m), state));
}

/// [`bias_grads`]; `dw_x`: row `v` is the sum of `dz[n]` over the positions n with `x_n = v`; `db_q = Σ_n dlogits[n]`.
fn look_up_grads(m: &mut Memory, t: usize) {
    bias_grads(m, t);
    let input = widths(m)[1];
    let mut sums = vec![0.0; m.sizes.vocabulary * input];
    for (&token, row) in m.ids("inputs").iter().zip(dz_of_input(m).chunks_exact(input)) {
        for (sum, &d) in sums[token as usize * input..].iter_mut().zip(row) {
            *sum += d;
        }
    }
    m.set("dw_x", sums);
    m.set("db_q", column_sums(m.get("dlogits"), m.sizes.vocabulary));
}

fn generate_look_up(m: &mut Memory, t: usize) {
    let token = current_token(m, t);
    m.set("generated_gates", look_up(m, &[token]));
}

fn generate_product(m: &mut Memory, t: usize) {
    let h = m.sizes.hidden;
    m.set("generated_gates", input_of(m, &m.get(GENERATED_BELOW)[(1 - t) * h..][..h]));
}
