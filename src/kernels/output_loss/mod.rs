//! The output layer fused with the loss, for small vocabularies on a GPU: one dispatch instead of three, and the logits
//! never leave the workgroup that computes them.

mod oracle;

pub use oracle::ORACLES;

use super::cross_entropy::CROSS_ENTROPY;
use super::output;
use crate::network::code::{Code, wgsl};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Extent, Kernel, Module, Network, Runs};

/// Positions of a workgroup: `ROWS` in `output_loss.wgsl`.
const ROWS: usize = 8;

/// The least threads of a workgroup.
pub const FUSED_THREADS: usize = 128;

/// The largest vocabulary: a thread adds four logits of one of a workgroup's positions.
const FUSED_VOCABULARY: usize = 4 * FUSED_THREADS / ROWS;

/// The network with its output layer fused with the loss, if its vocabulary is small enough. There is no tensor `logits`.
pub fn fused(network: Network) -> Network {
    let is_small = network.sizes.vocabulary <= FUSED_VOCABULARY;
    let output = FUSED_OUTPUTS.into_iter().find(|fused| fused.name == network.output.name);
    match output {
        Some(output) if is_small => Network { output, loss: &FUSED_LOSS, ..network },
        _ => network,
    }
}

const FUSED_OUTPUTS: [&Module; 3] =
    [&without_kernels(output::OUTPUT), &without_kernels(output::SCRATCH), &without_kernels(output::CONCISE)];

/// An output layer whose kernels the loss has taken over.
const fn without_kernels(output: Module) -> Module {
    Module { tensors: &[], forward: &[], backward: &[], ..output }
}

const FUSED_LOSS: Module = Module { forward: &[&OUTPUT_LOSS], ..CROSS_ENTROPY };

pub const OUTPUT_LOSS: Kernel = Kernel {
    name: "output_loss",
    runs: Runs::Once,
    bindings: &[
        ("targets", Read),
        ("states", Read),
        ("w_hq", Read),
        ("b_q", Read),
        ("w_hq_t", Read),
        ("losses", Write),
        ("dlogits", Write),
        ("dh", Write),
    ],
    extent: Extent::TileGroups(|p| (p.positions().div_ceil(ROWS), 4 * ROWS * p.hidden * p.vocabulary)),
    work: |&Counts { n, h, v, .. }| Work::new(4 * n * h * v + 7 * n * v, 2 * n * h + 2 * h * v + v + n * v + 2 * n),
};

/// The CPU engine, whose dispatches cost nothing, calls the three kernels.
pub const CODE: &[Code] = &[Code { kernel: OUTPUT_LOSS.name, wgsl: wgsl!("output_loss.wgsl"), uses: &[], cpu: None }];
