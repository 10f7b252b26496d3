//! SGD with momentum, as `torch.optim.SGD`, of clipped gradients: `v ← μ v + g + λ w`, `w ← w − η v`.

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

pub const MOMENTUM: Module = Module {
    name: "momentum",
    tensors: TENSORS,
    state: &[State::OfParameters("velocity")],
    update: &[&GRAD_NORM, &MOMENTUM_UPDATE],
    ..Module::EMPTY
};

const MOMENTUM_UPDATE: Kernel = Kernel {
    name: "momentum_update",
    runs: Runs::Once,
    bindings: &[
        (GRADS, Read),
        ("squares", Read),
        ("loss_sums", Read),
        (TRANSPOSES, Read),
        ("metrics", Write),
        ("velocity", Write),
        (PARAMETERS, Write),
        (TRANSPOSED, Write),
    ],
    extent: Extent::Threads(|p| ((p.parameters / 4).div_ceil(UPDATES), 20 * UPDATES)),
    work: |&Counts { parameters, transposed, .. }| Work::new(5 * parameters, 5 * parameters + transposed),
};

pub const CODE: &[Code] = &[Code {
    kernel: MOMENTUM_UPDATE.name,
    wgsl: wgsl!("momentum_update.wgsl"),
    uses: &[CLIP_FACTOR, SET_PARAMETERS],
    cpu: Some(Cpu { parts: Parts::Whole, record: cpu::momentum_update }),
}];
