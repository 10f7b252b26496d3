//! Prediction: picks the next token from the logits, the likeliest or a sampled one.

mod oracle;

pub use oracle::ORACLES;

use crate::model::pick::{LONGEST_ANSWER, LONGEST_PREFIX};
use crate::network::code::{Code, wgsl};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Kernel, Module, Runs, Tensor};

/// The most tokens whose logits are kept: those of an answer and the one after it.
pub const KEPT_LOGITS: usize = LONGEST_ANSWER + 1;

/// The longest prefix and continuation together, in tokens.
pub const SEQUENCE_LIMIT: usize = LONGEST_PREFIX + KEPT_LOGITS;

pub const PREDICTION: Module = Module {
    name: "prediction",
    // Without sampling, the first is skipped.
    generate: &[&GENERATE_SCORE, &GENERATE_PICK],
    generate_tensors: &[
        // Current position, length of the prefix, then the tokens.
        Tensor::new("sequence", &[Dim::Count(SEQUENCE_LIMIT + 2)], Content::Ids),
        // Top k, seed, bits of the f32 temperature.
        Tensor::new("sampling_parameters", &[Dim::Count(3)], Content::Ids),
        Tensor::floats("next_logits", &[Dim::V]),
        // The logits of each token beyond the prefix.
        Tensor::floats("generated_logits", &[Dim::Count(KEPT_LOGITS), Dim::Rows]),
    ],
    ..Module::EMPTY
};

pub const GENERATE_SCORE: Kernel = Kernel {
    name: "generate_score",
    runs: Runs::Once,
    bindings: &[("sequence", Read), ("sampling_parameters", Read), ("generated_logits", Read), ("next_logits", Write)],
    extent: Extent::Threads(|p| (p.sizes.vocabulary, 2 * p.sizes.vocabulary)),
    work: |&Counts { v, .. }| Work::new(2 * v * v, 2 * v),
};

pub const GENERATE_PICK: Kernel = Kernel {
    name: "generate_pick",
    runs: Runs::Once,
    bindings: &[("next_state", Read), ("next_logits", Read), ("state", Write), ("sequence", Write)],
    extent: Extent::Groups(|p| (1, p.sizes.vocabulary)),
    work: |&Counts { h, v, .. }| Work::new(v, 2 * h + v),
};

/// The CPU engine picks with `model::pick` instead.
pub const CODE: &[Code] = &[
    Code { kernel: GENERATE_SCORE.name, wgsl: wgsl!("generate_score.wgsl"), uses: &[], cpu: None },
    Code { kernel: GENERATE_PICK.name, wgsl: wgsl!("generate_pick.wgsl"), uses: &[], cpu: None },
];
