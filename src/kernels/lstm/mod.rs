//! Long short-term memory: `i, f, o = σ(…)`, `g = tanh(…)` of `W_x x_t + b_x + W_h h_{t-1} + b_h`, `c_t = f ⊙ c_{t-1} +
//! i ⊙ g`, `h_t = o ⊙ tanh(c_t)`. The book's from scratch and PyTorch's `nn.LSTM` differ in biases and initialisation only.
//! The book calls the candidate `g` c̃; its parameters are `w_xc`, `w_hc`, `b_c`.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::ORACLES;

use super::layer::{
    self, BIAS_GRADS, GENERATE_LOOK_UP, GENERATE_PRODUCT, INPUT_LOOK_UP, LOOK_UP_GRADS, MINIBATCH, join,
};
use super::shared::{BACKWARD_STEPS, FORWARD_STEPS, ROW_PRODUCT, SIGMOID, TANH, TIME_STEPS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Files, Kernel, Module, Param, Runs, Tensor};

/// i, f, g, o.
const GATES: Dim = Dim::Gates(4);

const OWN: [Tensor; 6] = [
    // What the input gives, which each step turns into the gates.
    Tensor::floats("gates", &[Dim::T, Dim::B, GATES]),
    // Slot 0 is the initial state, slot t + 1 is h_t; the cell state's likewise.
    Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
    Tensor::carried("cells", &[Dim::T1, Dim::B, Dim::H]),
    Tensor::floats("dh", &[Dim::T, Dim::B, Dim::H]),
    // The gradient of the cell state that comes from the step after.
    Tensor::floats("dcells", &[Dim::B, Dim::H]),
    Tensor::floats("dz", &[Dim::T, Dim::B, GATES]),
];

/// The second bias that networks from scratch do not have, and its gradient.
const NO_BIAS: [Tensor; 2] = [Tensor::floats("b_x", &[GATES]), Tensor::floats("db_x", &[GATES])];

const LOWEST: [Tensor; 9] = join(MINIBATCH, OWN);
const SCRATCH_LOWEST: [Tensor; 11] = join(LOWEST, NO_BIAS);
const SCRATCH_UPPER: [Tensor; 8] = join(OWN, NO_BIAS);

const BASE: Module = Module {
    tensors: &LOWEST,
    forward: &[&INPUT_LOOK_UP, &LSTM_FORWARD],
    backward: &[&LSTM_BACKWARD],
    gradients: &[&W_H_GRAD, &LOOK_UP_GRADS],
    generate: &[&GENERATE_LOOK_UP, &LSTM_GENERATE],
    generate_tensors: &[
        Tensor::floats("generated_gates", &[GATES]),
        Tensor::floats("generated_states", &[Dim::Count(2), Dim::H]),
        Tensor::floats("generated_cells", &[Dim::Count(2), Dim::H]),
    ],
    ..Module::EMPTY
};

const UPPER: Module = Module {
    tensors: &OWN,
    forward: &[&INPUT_PRODUCT, &LSTM_FORWARD],
    backward: &[&LSTM_BACKWARD, &INPUT_BACKWARD],
    gradients: &[&W_H_GRAD, &W_X_GRAD, &BIAS_GRADS],
    generate: &[&GENERATE_PRODUCT, &LSTM_GENERATE],
    ..BASE
};

const W_X: Files = Files::Gates(&["w_xi", "w_xf", "w_xc", "w_xo"]);
const W_H: Files = Files::Gates(&["w_hi", "w_hf", "w_hc", "w_ho"]);
const B_H: Files = Files::Gates(&["b_i", "b_f", "b_c", "b_o"]);

const fn scratch(w_x: &'static [Dim]) -> [Param; 3] {
    [
        Param::scratch("w_x", w_x, W_X).of_input(),
        Param::scratch("w_h", &[Dim::H, GATES], W_H).with_transposed(),
        Param::scratch("b_h", &[GATES], B_H),
    ]
}

/// The book's from scratch: the lowest layer, and those above it.
pub const SCRATCH: [Module; 2] = [
    Module { name: "lstm_scratch", params: &scratch(&[Dim::Rows, GATES]), tensors: &SCRATCH_LOWEST, ..BASE },
    Module { name: "lstm_scratch_upper", params: &scratch(&[Dim::H, GATES]), tensors: &SCRATCH_UPPER, ..UPPER },
];

/// The order of PyTorch's gates.
const ALL: &[usize] = &[0, 1, 2, 3];

/// PyTorch's `nn.LSTM`: the lowest layer, and those above it.
pub const CONCISE: [Module; 2] = [
    Module { name: "lstm_concise", params: &layer::concise(&[Dim::Rows, GATES], &[Dim::H, GATES], [ALL; 2]), ..BASE },
    Module {
        name: "lstm_concise_upper",
        params: &layer::concise(&[Dim::H, GATES], &[Dim::H, GATES], [ALL; 2]),
        ..UPPER
    },
];

const INPUT_PRODUCT: Kernel = layer::input_product(4);
const INPUT_BACKWARD: Kernel = layer::input_backward(4);
const W_H_GRAD: Kernel = layer::w_h_grad(4);
const W_X_GRAD: Kernel = layer::w_x_grad(4);

const LSTM_FORWARD: Kernel = Kernel {
    name: "lstm_forward",
    runs: Runs::EachStep,
    bindings: &[("w_h", Read), ("gates", Write), ("cells", Write), ("states", Write)],
    extent: Extent::GateProduct { rows: Dim::B, inner: Dim::H, gates: 4 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, 4 * h).and(20 * b * h, 6 * b * h).times(t),
};

const LSTM_BACKWARD: Kernel = Kernel {
    name: "lstm_backward",
    runs: Runs::EachStep,
    bindings: &[("gates", Read), ("cells", Read), ("dh", Read), ("w_h_t", Read), ("dcells", Write), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: GATES, columns: Dim::H, sharers: 32 },
    // The last step has no product.
    work: |&Counts { b, t, h, .. }| Work::product(b, 4 * h, h).and(30 * b * h, 12 * b * h).times(t - 1),
};

const LSTM_GENERATE: Kernel = Kernel {
    name: "lstm_generate",
    runs: Runs::Once,
    bindings: &[("w_h", Read), ("generated_gates", Read), ("generated_cells", Write), ("generated_states", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 8 * p.hidden)),
    work: |&Counts { h, .. }| Work::product(1, h, 4 * h),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: LSTM_FORWARD.name,
        wgsl: wgsl!("lstm_forward.wgsl"),
        uses: &[TANH, SIGMOID, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::lstm_forward }),
    },
    Code {
        kernel: LSTM_BACKWARD.name,
        wgsl: wgsl!("lstm_backward.wgsl"),
        uses: &[TANH, TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::lstm_backward }),
    },
    Code {
        kernel: LSTM_GENERATE.name,
        wgsl: wgsl!("lstm_generate.wgsl"),
        uses: &[TANH, SIGMOID, UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
];
