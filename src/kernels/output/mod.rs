//! The output layer: `logits (N, V) = h (N, H) · w_hq + b_q`, for all time steps at once.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::{ORACLES, dh_of, logits_of};

use super::shared::{ADD_LOGITS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Files, Kernel, Module, Param, Runs, Tensor};

pub const OUTPUT: Module = Module {
    name: "output",
    params: &[
        Param::scratch("w_hq", &[Dim::H, Dim::V], Files::Same).with_transposed(),
        Param::scratch("b_q", &[Dim::V], Files::Same),
    ],
    tensors: &[Tensor::floats("logits", &[Dim::T, Dim::B, Dim::V])],
    forward: &[&OUTPUT_FORWARD],
    backward: &[&OUTPUT_BACKWARD],
    gradients: &[&W_HQ_GRAD],
    ..Module::EMPTY
};

/// For recurrent layers whose own kernels do not add up the logits in prediction.
pub const SCRATCH: Module = Module { name: "output_scratch", generate: &[&GENERATE_OUTPUT], ..OUTPUT };

/// PyTorch's `nn.Linear`.
pub const CONCISE: Module = Module {
    name: "output_concise",
    params: &[
        Param::concise("w_hq", &[Dim::H, Dim::V], Files::Transposed("linear.weight", &[0])).with_transposed(),
        Param::concise("b_q", &[Dim::V], Files::Transposed("linear.bias", &[0])),
    ],
    ..SCRATCH
};

pub const OUTPUT_FORWARD: Kernel = Kernel {
    name: "output_forward",
    runs: Runs::Once,
    bindings: &[("states", Read), ("w_hq", Read), ("b_q", Read), ("logits", Write)],
    extent: Extent::Product { rows: Dim::N, inner: Dim::H, columns: Dim::V, sharers: 16 },
    work: |&Counts { n, h, v, .. }| Work::product(n, h, v).and(n * v, v),
};

/// A cell's backward pass goes on from `dh`; some turn it into `dz` in place.
pub const OUTPUT_BACKWARD: Kernel = Kernel {
    name: "output_backward",
    runs: Runs::Once,
    bindings: &[("dlogits", Read), ("w_hq_t", Read), ("dh", Write)],
    extent: Extent::Product { rows: Dim::N, inner: Dim::V, columns: Dim::H, sharers: 1 },
    work: |&Counts { n, h, v, .. }| Work::product(n, v, h),
};

pub const W_HQ_GRAD: Kernel = Kernel {
    name: "w_hq_grad",
    runs: Runs::Once,
    bindings: &[("states", Read), ("dlogits", Read), ("dw_hq", Write)],
    extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: Dim::V, sharers: 32 },
    work: |&Counts { n, h, v, .. }| Work::product(h, n, v),
};

/// The parts of the next token's logits.
pub const GENERATE_OUTPUT: Kernel = Kernel {
    name: "generate_output",
    runs: Runs::Once,
    bindings: &[("generated_states", Read), ("w_hq_t", Read), ("b_q", Read), ("logit_parts", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.sizes.vocabulary)),
    work: |&Counts { h, v, .. }| Work::product(1, h, v),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: OUTPUT_FORWARD.name,
        wgsl: wgsl!("output_forward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::output_forward }),
    },
    Code {
        kernel: OUTPUT_BACKWARD.name,
        wgsl: wgsl!("output_backward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::output_backward }),
    },
    Code {
        kernel: W_HQ_GRAD.name,
        wgsl: wgsl!("w_hq_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_hq_grad }),
    },
    // The CPU engine predicts with output_forward.
    Code {
        kernel: GENERATE_OUTPUT.name,
        wgsl: wgsl!("generate_output.wgsl"),
        uses: &[UNITS_OF_GROUP, ADD_LOGITS],
        cpu: None,
    },
];
