//! PyTorch's gated recurrent unit, `nn.GRU`, which resets after the product: `r, u = σ(…)`, `n = tanh(W_xn x_t + b_xn + r ⊙
//! (W_hn h_{t-1} + b_hn))`, `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`. `u` is the update gate, PyTorch's z. The book's GRU from
//! scratch is [`gru_scratch`](super::gru_scratch).

mod cpu;
pub mod note;
mod oracle;

pub use cpu::{interpolate, interpolate_backward};
pub use oracle::ORACLES;

use super::layer::{
    self, BIAS_GRADS, GENERATE_LOOK_UP, GENERATE_PRODUCT, INPUT_LOOK_UP, LOOK_UP_GRADS, MINIBATCH, join,
};
use super::shared::{BACKWARD_STEPS, FORWARD_STEPS, ROW_PRODUCT, SIGMOID, TANH, TIME_STEPS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Kernel, Module, Runs, Tensor};

/// The state's part of the candidate, r, u, and the input's part of the candidate. The state has the first three, the
/// input the last three.
const GATES: Dim = Dim::Gates(4);
const THREE: Dim = Dim::Gates(3);

const OWN: [Tensor; 5] = [
    // What the input gives, which each step turns into the gates; the last becomes the candidate.
    Tensor::floats("gates", &[Dim::T, Dim::B, GATES]),
    // Slot 0 is the initial state, slot t + 1 is h_t.
    Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
    Tensor::floats("dh", &[Dim::T, Dim::B, Dim::H]),
    // The gradient of the state that comes from the step after without a product.
    Tensor::floats("dstates", &[Dim::B, Dim::H]),
    Tensor::floats("dz", &[Dim::T, Dim::B, GATES]),
];

const LOWEST: [Tensor; 8] = join(MINIBATCH, OWN);

/// The order of PyTorch's gates, r, z, n, among the input's and among the state's.
const ORDERS: [&[usize]; 2] = [&[0, 1, 2], &[1, 2, 0]];

/// The lowest layer, and those above it.
pub const CONCISE: [Module; 2] = [
    Module {
        name: "gru_concise",
        params: &layer::concise(&[Dim::Rows, THREE], &[Dim::H, THREE], ORDERS),
        tensors: &LOWEST,
        forward: &[&INPUT_LOOK_UP, &GRU_FORWARD],
        backward: &[&GRU_BACKWARD],
        gradients: &[&W_H_GRAD, &LOOK_UP_GRADS],
        generate: &[&GENERATE_LOOK_UP, &GRU_GENERATE],
        generate_tensors: GENERATE_TENSORS,
        ..Module::EMPTY
    },
    Module {
        name: "gru_concise_upper",
        params: &layer::concise(&[Dim::H, THREE], &[Dim::H, THREE], ORDERS),
        tensors: &OWN,
        forward: &[&INPUT_PRODUCT, &GRU_FORWARD],
        backward: &[&GRU_BACKWARD, &INPUT_BACKWARD],
        gradients: &[&W_H_GRAD, &W_X_GRAD, &BIAS_GRADS],
        generate: &[&GENERATE_PRODUCT, &GRU_GENERATE],
        generate_tensors: GENERATE_TENSORS,
        ..Module::EMPTY
    },
];

const GENERATE_TENSORS: &[Tensor] =
    &[Tensor::floats("generated_gates", &[GATES]), Tensor::floats("generated_states", &[Dim::Count(2), Dim::H])];

const INPUT_PRODUCT: Kernel = layer::input_product(3);
const INPUT_BACKWARD: Kernel = layer::input_backward(3);
const W_H_GRAD: Kernel = layer::w_h_grad(3);
const W_X_GRAD: Kernel = layer::w_x_grad(3);

const GRU_FORWARD: Kernel = Kernel {
    name: "gru_forward",
    runs: Runs::EachStep,
    bindings: &[("w_h", Read), ("gates", Write), ("states", Write)],
    extent: Extent::GateProduct { rows: Dim::B, inner: Dim::H, gates: 3 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, 3 * h).and(20 * b * h, 6 * b * h).times(t),
};

const GRU_BACKWARD: Kernel = Kernel {
    name: "gru_backward",
    runs: Runs::EachStep,
    bindings: &[("gates", Read), ("states", Read), ("dh", Read), ("w_h_t", Read), ("dstates", Write), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: THREE, columns: Dim::H, sharers: 32 },
    // The last step has no product.
    work: |&Counts { b, t, h, .. }| Work::product(b, 3 * h, h).and(20 * b * h, 11 * b * h).times(t - 1),
};

const GRU_GENERATE: Kernel = Kernel {
    name: "gru_generate",
    runs: Runs::Once,
    bindings: &[("w_h", Read), ("generated_gates", Read), ("generated_states", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 6 * p.hidden)),
    work: |&Counts { h, .. }| Work::product(1, h, 3 * h),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: GRU_FORWARD.name,
        wgsl: wgsl!("gru_forward.wgsl"),
        uses: &[TANH, SIGMOID, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::gru_forward }),
    },
    Code {
        kernel: GRU_BACKWARD.name,
        wgsl: wgsl!("gru_backward.wgsl"),
        uses: &[TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::gru_backward }),
    },
    Code {
        kernel: GRU_GENERATE.name,
        wgsl: wgsl!("gru_generate.wgsl"),
        uses: &[TANH, SIGMOID, UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
];
