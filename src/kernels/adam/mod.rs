//! Adam, as `torch.optim.Adam` with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8, of clipped gradients: `m ← β₁ m + (1 − β₁) g`,
//! `v ← β₂ v + (1 − β₂) g²`, `w ← w − η m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ⁿ)`, `v̂ = v / (1 − β₂ⁿ)` in update n. Weight decay λ
//! adds λ w to g.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::ORACLES;

use super::sgd::{GRAD_NORM, TENSORS, UPDATES};
use super::shared::{CLIP_FACTOR, SET_PARAMETERS};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::{GRADS, PARAMETERS, TRANSPOSED, TRANSPOSES};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Extent, Kernel, Module, Runs, State};

pub const ADAM: Module = Module {
    name: "adam",
    tensors: TENSORS,
    // The names are PyTorch's. The corrections are 1 − β₁ⁿ and 1 − β₂ⁿ.
    state: &[State::OfParameters("exp_avg"), State::OfParameters("exp_avg_sq"), State::Numbers("corrections", 2)],
    update: &[&GRAD_NORM, &ADAM_MOMENTS, &ADAM_UPDATE],
    ..Module::EMPTY
};

/// Two kernels, since one would bind more than WebGPU's eight buffers. What lies in the buffer of the parameters is bound
/// for writing even where it is only read: a buffer can't be bound in both ways.
const ADAM_MOMENTS: Kernel = Kernel {
    name: "adam_moments",
    runs: Runs::Once,
    bindings: &[
        (GRADS, Read),
        ("squares", Read),
        ("loss_sums", Read),
        ("metrics", Write),
        (PARAMETERS, Write),
        ("exp_avg", Write),
        ("exp_avg_sq", Write),
        ("corrections", Write),
    ],
    extent: Extent::Threads(|p| ((p.parameters / 4).div_ceil(UPDATES), 28 * UPDATES)),
    work: |&Counts { parameters, .. }| Work::new(7 * parameters, 6 * parameters),
};

const ADAM_UPDATE: Kernel = Kernel {
    name: "adam_update",
    runs: Runs::Once,
    bindings: &[
        (TRANSPOSES, Read),
        ("metrics", Write),
        ("exp_avg", Write),
        ("exp_avg_sq", Write),
        ("corrections", Write),
        (PARAMETERS, Write),
        (TRANSPOSED, Write),
    ],
    extent: Extent::Threads(|p| ((p.parameters / 4).div_ceil(UPDATES), 24 * UPDATES)),
    work: |&Counts { parameters, transposed, .. }| Work::new(6 * parameters, 4 * parameters + transposed),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: ADAM_MOMENTS.name,
        wgsl: wgsl!("adam_moments.wgsl"),
        uses: &[CLIP_FACTOR],
        cpu: Some(Cpu { parts: Parts::Whole, record: cpu::adam_moments }),
    },
    Code {
        kernel: ADAM_UPDATE.name,
        wgsl: wgsl!("adam_update.wgsl"),
        uses: &[SET_PARAMETERS],
        cpu: Some(Cpu { parts: Parts::Whole, record: cpu::adam_update }),
    },
];
