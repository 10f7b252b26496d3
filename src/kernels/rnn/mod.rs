//! The plain RNN: `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`, initialised from N(0, 0.01²) as in the book's chapter
//! “Recurrent Neural Network Implementation from Scratch”.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::ORACLES;

use super::shared::{ADD_LOGITS, BACKWARD_STEPS, CURRENT_TOKEN, FORWARD_STEPS, TANH, TIME_STEPS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Files, Kernel, Module, Param, Runs, Tensor};

pub const RNN: Module = Module {
    name: "rnn",
    params: &[
        Param::scratch("w_xh", &[Dim::Rows, Dim::H], Files::Same),
        Param::scratch("w_hh", &[Dim::H, Dim::H], Files::Same).with_transposed(),
        Param::scratch("b_h", &[Dim::H], Files::Same),
    ],
    tensors: &[
        Tensor::new("inputs", &[Dim::T, Dim::B], Content::Minibatch),
        // Positions sorted by input token, and where each token's begin: see row_sum_grads.wgsl.
        Tensor::new("starts", &[Dim::Starts], Content::Minibatch),
        Tensor::new("positions", &[Dim::N], Content::Minibatch),
        // Slot 0 is the initial state, slot t + 1 is h_t.
        Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
        // The output layer writes dh, which the backward pass turns into dz, the gradient of tanh's argument.
        Tensor::floats("dz", &[Dim::T, Dim::B, Dim::H]),
    ],
    forward: &[&STEP_FORWARD],
    backward: &[&STEP_BACKWARD],
    gradients: &[&W_HH_GRAD, &ROW_SUM_GRADS],
    generate: &[&GENERATE_STEP],
    generate_tensors: &[Tensor::floats("generated_states", &[Dim::Count(2), Dim::H])],
    ..Module::EMPTY
};

pub const STEP_FORWARD: Kernel = Kernel {
    name: "step_forward",
    runs: Runs::EachStep,
    bindings: &[("inputs", Read), ("w_xh", Read), ("b_h", Read), ("w_hh", Read), ("states", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    // One product a step, plus the look-up and the bias.
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(3 * b * h, b * h + h).times(t),
};

pub const STEP_BACKWARD: Kernel = Kernel {
    name: "step_backward",
    runs: Runs::EachStep,
    bindings: &[("states", Read), ("w_hh_t", Read), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    // The last step has no product. Beside the product, each step reads dh and h and writes dz.
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(4 * b * h, 2 * b * h).times(t - 1),
};

pub const W_HH_GRAD: Kernel = Kernel {
    name: "w_hh_grad",
    runs: Runs::Once,
    bindings: &[("states", Read), ("dz", Read), ("dw_hh", Write)],
    extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: Dim::H, sharers: 4 },
    work: |&Counts { n, h, .. }| Work::product(h, n, h),
};

/// `dw_xh`, `db_h` and, which saves a dispatch, the output layer's `db_q`. Any cell that looks up `w_xh[x]` of shape
/// `(V, H)` and adds a bias `b_h` can use it.
pub const ROW_SUM_GRADS: Kernel = Kernel {
    name: "row_sum_grads",
    runs: Runs::Once,
    bindings: &[
        ("starts", Read),
        ("positions", Read),
        ("dz", Read),
        ("dlogits", Read),
        ("db_h", Write),
        ("db_q", Write),
        ("dw_xh", Write),
    ],
    // A workgroup computes 8 columns of one bias, or 256 elements of `dw_xh`.
    extent: Extent::Groups(|p| {
        let biases = p.hidden.div_ceil(8) + p.vocabulary.div_ceil(8);
        (biases + (p.sizes.vocabulary * p.hidden).div_ceil(256), 8 * p.positions())
    }),
    work: |&Counts { n, h, v, .. }| Work::new(n * (2 * h + v), n * (2 * h + v) + v * h + h + v + n),
};

pub const GENERATE_STEP: Kernel = Kernel {
    name: "generate_step",
    runs: Runs::Once,
    bindings: &[
        ("w_xh", Read),
        ("w_hh", Read),
        ("b_h", Read),
        ("w_hq_t", Read),
        ("b_q", Read),
        ("sequence", Write),
        ("generated_states", Write),
        ("logit_parts", Write),
    ],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * (2 * p.hidden + 3 * p.sizes.vocabulary))),
    work: |&Counts { h, v, .. }| Work::product(1, h, h + v),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: STEP_FORWARD.name,
        wgsl: wgsl!("step_forward.wgsl"),
        uses: &[TANH, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::step_forward }),
    },
    Code {
        kernel: STEP_BACKWARD.name,
        wgsl: wgsl!("step_backward.wgsl"),
        uses: &[TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::step_backward }),
    },
    Code {
        kernel: W_HH_GRAD.name,
        wgsl: wgsl!("w_hh_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_hh_grad }),
    },
    Code {
        kernel: ROW_SUM_GRADS.name,
        wgsl: wgsl!("row_sum_grads.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::row_sum_grads }),
    },
    // The CPU engine predicts with step_forward.
    Code {
        kernel: GENERATE_STEP.name,
        wgsl: wgsl!("generate_step.wgsl"),
        uses: &[TANH, UNITS_OF_GROUP, CURRENT_TOKEN, ADD_LOGITS],
        cpu: None,
    },
];
