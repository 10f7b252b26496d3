//! The output layer: `logits (N, V) = h (N, H) · w_hq + b_q`, for all time steps at once.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::{ORACLES, dh_of, logits_of};

use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Init, Kernel, Module, Param, Runs, Tensor};

pub const OUTPUT: Module = Module {
    name: "output",
    params: &[
        Param { name: "w_hq", shape: &[Dim::H, Dim::V], init: Init::Normal(0.01), transposed: true },
        Param { name: "b_q", shape: &[Dim::V], init: Init::Zero, transposed: false },
    ],
    tensors: &[Tensor::floats("logits", &[Dim::T, Dim::B, Dim::V])],
    forward: &[&OUTPUT_FORWARD],
    backward: &[&OUTPUT_BACKWARD],
    gradients: &[&W_HQ_GRAD],
    ..Module::EMPTY
};

pub const OUTPUT_FORWARD: Kernel = Kernel {
    name: "output_forward",
    runs: Runs::Once,
    bindings: &[("states", Read), ("w_hq", Read), ("b_q", Read), ("logits", Write)],
    extent: Extent::Product { rows: Dim::N, inner: Dim::H, columns: Dim::V, sharers: 16 },
    work: |&Counts { n, h, v, .. }| Work::product(n, h, v).and(n * v, v),
};

/// Writes `dh` to `dz`, where the cell's backward pass turns it into `dz`.
pub const OUTPUT_BACKWARD: Kernel = Kernel {
    name: "output_backward",
    runs: Runs::Once,
    bindings: &[("dlogits", Read), ("w_hq_t", Read), ("dz", Write)],
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

pub const CODE: &[Code] = &[
    Code {
        kernel: OUTPUT_FORWARD.name,
        wgsl: wgsl!("output_forward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Forward, run: cpu::output_forward }),
    },
    Code {
        kernel: OUTPUT_BACKWARD.name,
        wgsl: wgsl!("output_backward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Forward, run: cpu::output_backward }),
    },
    Code {
        kernel: W_HQ_GRAD.name,
        wgsl: wgsl!("w_hq_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, run: cpu::w_hq_grad }),
    },
];
