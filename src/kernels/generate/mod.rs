//! Prediction: picks the next token from the logits, the likeliest or a sampled one.

mod oracle;

pub use oracle::{ORACLES, add_logits, current_token};

use crate::model::pick::{LONGEST_ANSWER, LONGEST_PREFIX};
use crate::network::code::{Code, wgsl};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Kernel, Module, Runs, Tensor};

/// The most tokens whose logits are kept: those of an answer and the one after it.
pub const KEPT_LOGITS: usize = LONGEST_ANSWER + 1;

/// Numbers in `sequence` before the tokens.
pub const SEQUENCE_HEAD: usize = 3;

/// The longest prefix and continuation together, in tokens.
pub const SEQUENCE_LIMIT: usize = LONGEST_PREFIX + KEPT_LOGITS;

pub const PREDICTION: Module = Module {
    name: "prediction",
    // Only with sampling: without, a cell's own kernel picks the likeliest.
    generate: &[&GENERATE_LOGITS, &GENERATE_SCORE],
    generate_tensors: &[
        // Current position, in turn at 0 and 1; length of the prefix; then the tokens.
        Tensor::new("sequence", &[Dim::Count(SEQUENCE_LIMIT + SEQUENCE_HEAD)], Content::Ids),
        // Top k, seed, bits of the f32 temperature.
        Tensor::new("sampling_parameters", &[Dim::Count(3)], Content::Ids),
        // The logits of the next token, in parts that each come from the hidden units of one workgroup.
        Tensor::floats("logit_parts", &[Dim::Count(2), Dim::UnitGroups, Dim::Rows]),
        // The logits of each token beyond the prefix.
        Tensor::floats("generated_logits", &[Dim::Count(KEPT_LOGITS), Dim::Rows]),
    ],
    ..Module::EMPTY
};

pub const GENERATE_LOGITS: Kernel = Kernel {
    name: "generate_logits",
    runs: Runs::Once,
    bindings: &[("sequence", Read), ("logit_parts", Read), ("generated_logits", Write)],
    extent: Extent::Threads(|p| (p.sizes.vocabulary, p.hidden / 32 + 1)),
    work: |&Counts { h, v, .. }| Work::new(h / 32 * v, h / 32 * v + v),
};

pub const GENERATE_SCORE: Kernel = Kernel {
    name: "generate_score",
    runs: Runs::Once,
    bindings: &[("sequence", Read), ("sampling_parameters", Read), ("generated_logits", Read), ("logit_parts", Write)],
    extent: Extent::Threads(|p| (p.sizes.vocabulary, 2 * p.sizes.vocabulary)),
    work: |&Counts { v, .. }| Work::new(2 * v * v, 2 * v),
};

/// The CPU engine picks with `model::pick` instead.
pub const CODE: &[Code] = &[
    Code { kernel: GENERATE_LOGITS.name, wgsl: wgsl!("generate_logits.wgsl"), uses: &[], cpu: None },
    Code { kernel: GENERATE_SCORE.name, wgsl: wgsl!("generate_score.wgsl"), uses: &[], cpu: None },
];
