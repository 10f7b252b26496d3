//! Stochastic gradient descent with gradient clipping as in the book: `g ← min(1, θ / ‖g‖) g`, `w ← w - η (g + λ w)`, with
//! learning rate η, threshold θ and weight decay λ.
//!
//! Independent of the network: all parameters are one vector, all gradients another, and a table lists the transposed
//! copies.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::{ORACLES, clip_factor_of, decayed, set_metrics, updated};

use super::shared::{CLIP_FACTOR, SET_PARAMETERS};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::{GRADS, PARAMETERS, TRANSPOSED, TRANSPOSES};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Kernel, Module, Runs, Tensor};

/// Workgroups of `grad_norm`, each of which writes a partial sum of squares and one of losses.
const NORM_GROUPS: usize = 16;

/// `vec4f` of parameters that a thread of `sgd_update` updates.
pub const UPDATES: usize = 4;

/// The tensors of every optimizer.
pub const TENSORS: &[Tensor] = &[
    Tensor::new("squares", &[Dim::Count(NORM_GROUPS)], Content::PartialSums),
    Tensor::new("loss_sums", &[Dim::Count(NORM_GROUPS)], Content::PartialSums),
    // Mean loss, gradient norm, clip factor, 1 if a parameter is not finite after the update and else 0.
    Tensor::floats("metrics", &[Dim::Count(4)]),
];

pub const SGD: Module = Module { name: "sgd", tensors: TENSORS, update: &[&GRAD_NORM, &SGD_UPDATE], ..Module::EMPTY };

pub const GRAD_NORM: Kernel = Kernel {
    name: "grad_norm",
    runs: Runs::Once,
    bindings: &[(GRADS, Read), ("losses", Read), ("squares", Write), ("loss_sums", Write), ("metrics", Write)],
    extent: Extent::TileGroups(|p| (NORM_GROUPS, (2 * p.parameters + p.positions()) / NORM_GROUPS)),
    work: |&Counts { n, parameters, .. }| Work::new(2 * parameters + n, parameters + n),
};

pub const SGD_UPDATE: Kernel = Kernel {
    name: "sgd_update",
    runs: Runs::Once,
    bindings: &[
        (GRADS, Read),
        ("squares", Read),
        ("loss_sums", Read),
        (TRANSPOSES, Read),
        ("metrics", Write),
        (PARAMETERS, Write),
        (TRANSPOSED, Write),
    ],
    extent: Extent::Threads(|p| ((p.parameters / 4).div_ceil(UPDATES), 8 * UPDATES)),
    // Reads w and g, writes w and, where there is one, the transposed copy.
    work: |&Counts { parameters, transposed, .. }| Work::new(2 * parameters, 3 * parameters + transposed),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: GRAD_NORM.name,
        wgsl: wgsl!("grad_norm.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Whole, record: cpu::grad_norm }),
    },
    Code {
        kernel: SGD_UPDATE.name,
        wgsl: wgsl!("sgd_update.wgsl"),
        uses: &[CLIP_FACTOR, SET_PARAMETERS],
        cpu: Some(Cpu { parts: Parts::Whole, record: cpu::sgd_update }),
    },
];
