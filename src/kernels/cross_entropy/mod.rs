//! The loss: mean cross-entropy over the N positions, `L = -1/N Σ_n log softmax(logits[n])[y_n]`, in nats.

mod cpu;
pub mod note;
mod oracle;

pub use oracle::{ORACLES, softmax_of};

use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Kernel, Module, Runs, Tensor};

pub const CROSS_ENTROPY: Module = Module {
    name: "cross_entropy",
    tensors: &[
        Tensor::new("targets", &[Dim::T, Dim::B], Content::Minibatch),
        Tensor::floats("losses", &[Dim::T, Dim::B]),
        // Gradient of the loss.
        Tensor::floats("dlogits", &[Dim::T, Dim::B, Dim::V]),
    ],
    forward: &[&SOFTMAX_CROSS_ENTROPY],
    ..Module::EMPTY
};

pub const SOFTMAX_CROSS_ENTROPY: Kernel = Kernel {
    name: "softmax_cross_entropy",
    runs: Runs::Once,
    bindings: &[("targets", Read), ("logits", Read), ("losses", Write), ("dlogits", Write)],
    extent: Extent::Threads(|p| (p.positions(), 6 * p.vocabulary)),
    work: |&Counts { n, v, .. }| Work::new(6 * n * v, 2 * n * v + 2 * n),
};

pub const CODE: &[Code] = &[Code {
    kernel: SOFTMAX_CROSS_ENTROPY.name,
    wgsl: wgsl!("softmax_cross_entropy.wgsl"),
    uses: &[],
    cpu: Some(Cpu { parts: Parts::Forward, record: cpu::softmax_cross_entropy }),
}];
