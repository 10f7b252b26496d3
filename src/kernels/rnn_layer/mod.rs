//! The plain RNN as a layer that others may lie above, and PyTorch's `nn.RNN`: `h_t = tanh(W_x x_t + b_x + W_h h_{t-1} +
//! b_h)`. The book's first network, one layer from scratch, is [`rnn`](super::rnn), which does it in fewer kernels.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::ORACLES;

use super::layer::{
    self, BIAS_GRADS, GENERATE_LOOK_UP, GENERATE_PRODUCT, INPUT_LOOK_UP, LOOK_UP_GRADS, MINIBATCH, join,
};
use super::shared::{BACKWARD_STEPS, FORWARD_STEPS, ROW_PRODUCT, TANH, TIME_STEPS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Files, Kernel, Module, Param, Runs, Tensor};

const OWN: [Tensor; 4] = [
    // What the input gives.
    Tensor::floats("gates", &[Dim::T, Dim::B, Dim::H]),
    // Slot 0 is the initial state, slot t + 1 is h_t.
    Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
    Tensor::floats("dh", &[Dim::T, Dim::B, Dim::H]),
    Tensor::floats("dz", &[Dim::T, Dim::B, Dim::H]),
];

/// The second bias that networks from scratch do not have, and its gradient.
const NO_BIAS: [Tensor; 2] = [Tensor::floats("b_x", &[Dim::H]), Tensor::floats("db_x", &[Dim::H])];

const LOWEST: [Tensor; 7] = join(MINIBATCH, OWN);
const SCRATCH_LOWEST: [Tensor; 9] = join(LOWEST, NO_BIAS);
const SCRATCH_UPPER: [Tensor; 6] = join(OWN, NO_BIAS);

const BASE: Module = Module {
    tensors: &LOWEST,
    forward: &[&INPUT_LOOK_UP, &RNN_FORWARD],
    backward: &[&RNN_BACKWARD],
    gradients: &[&W_H_GRAD, &LOOK_UP_GRADS],
    generate: &[&GENERATE_LOOK_UP, &RNN_GENERATE],
    generate_tensors: &[
        Tensor::floats("generated_gates", &[Dim::H]),
        Tensor::floats("generated_states", &[Dim::Count(2), Dim::H]),
    ],
    ..Module::EMPTY
};

const UPPER: Module = Module {
    tensors: &OWN,
    forward: &[&INPUT_PRODUCT, &RNN_FORWARD],
    backward: &[&RNN_BACKWARD, &INPUT_BACKWARD],
    gradients: &[&W_H_GRAD, &W_X_GRAD, &BIAS_GRADS],
    generate: &[&GENERATE_PRODUCT, &RNN_GENERATE],
    ..BASE
};

const fn scratch(w_x: &'static [Dim]) -> [Param; 3] {
    [
        Param::scratch("w_x", w_x, Files::Gates(&["w_xh"])).of_input(),
        Param::scratch("w_h", &[Dim::H, Dim::H], Files::Gates(&["w_hh"])).with_transposed(),
        Param::scratch("b_h", &[Dim::H], Files::Same),
    ]
}

/// The lowest of several layers from scratch, and those above it.
pub const SCRATCH: [Module; 2] = [
    Module { name: "rnn_scratch", params: &scratch(&[Dim::Rows, Dim::H]), tensors: &SCRATCH_LOWEST, ..BASE },
    Module { name: "rnn_scratch_upper", params: &scratch(&[Dim::H, Dim::H]), tensors: &SCRATCH_UPPER, ..UPPER },
];

/// PyTorch's `nn.RNN`: the lowest layer, and those above it.
pub const CONCISE: [Module; 2] = [
    Module { name: "rnn_concise", params: &layer::concise(&[Dim::Rows, Dim::H], &[Dim::H, Dim::H], [&[0]; 2]), ..BASE },
    Module {
        name: "rnn_concise_upper",
        params: &layer::concise(&[Dim::H, Dim::H], &[Dim::H, Dim::H], [&[0]; 2]),
        ..UPPER
    },
];

const INPUT_PRODUCT: Kernel = layer::input_product(1);
const INPUT_BACKWARD: Kernel = layer::input_backward(1);
const W_H_GRAD: Kernel = layer::w_h_grad(1);
const W_X_GRAD: Kernel = layer::w_x_grad(1);

const RNN_FORWARD: Kernel = Kernel {
    name: "rnn_forward",
    runs: Runs::EachStep,
    bindings: &[("gates", Read), ("w_h", Read), ("states", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(2 * b * h, b * h).times(t),
};

const RNN_BACKWARD: Kernel = Kernel {
    name: "rnn_backward",
    runs: Runs::EachStep,
    bindings: &[("states", Read), ("dh", Read), ("w_h_t", Read), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    // The last step has no product.
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(4 * b * h, 2 * b * h).times(t - 1),
};

const RNN_GENERATE: Kernel = Kernel {
    name: "rnn_generate",
    runs: Runs::Once,
    bindings: &[("w_h", Read), ("generated_gates", Read), ("generated_states", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.hidden)),
    work: |&Counts { h, .. }| Work::product(1, h, h),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: RNN_FORWARD.name,
        wgsl: wgsl!("rnn_forward.wgsl"),
        uses: &[TANH, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::rnn_forward }),
    },
    Code {
        kernel: RNN_BACKWARD.name,
        wgsl: wgsl!("rnn_backward.wgsl"),
        uses: &[TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::rnn_backward }),
    },
    Code {
        kernel: RNN_GENERATE.name,
        wgsl: wgsl!("rnn_generate.wgsl"),
        uses: &[TANH, UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
];
