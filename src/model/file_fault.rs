//! Faults of a parameter file or a checkpoint, each as half a sentence that [`crate::error::Error`] completes.

use serde::{Deserialize, Serialize};

use super::config::SettingError;

/// The beginning of `format` in the metadata of every version of a checkpoint.
pub const CHECKPOINT_FORMAT: &str = "time-traveller checkpoint";

/// The beginning of what a clone without Git LFS has in place of a large file.
pub const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";

/// Bytes at the start of a file that tell what it is instead of a safetensors file.
const START: usize = 512;

/// The first fault of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum FileFault {
    #[error("it is a Git LFS pointer, not the file itself, which `git lfs pull` brings")]
    LfsPointer,
    #[error("it is a web page, not the file that it shows or links to")]
    WebPage,
    #[error("it is a plain text, which can be trained on but holds no network")]
    Text,
    #[error("it is not a safetensors file ({0})")]
    NotSafetensors(String),
    #[error("it is not a checkpoint, because its metadata lack format (parameters alone go into “Start from a file”)")]
    NotACheckpoint,
    #[error("its format is “{given}”, not “{wanted}”")]
    Format { given: String, wanted: String },
    #[error("its metadata lack {0}")]
    Lacks(String),
    #[error("its settings are wrong: {0}")]
    Settings(SettingError),
    #[error("its window offset is “{given}”, not a whole number from 0 to {largest}")]
    WindowOffset { given: String, largest: u32 },
    #[error("its vocabulary is empty or has a character twice")]
    Vocabulary,
    #[error("there is no tensor {0}")]
    NoTensor(String),
    #[error("{name} is {given}, not {wanted}")]
    Type { name: String, given: String, wanted: String },
    #[error("{name} has the shape {given:?}, not {wanted:?}")]
    Shape { name: String, given: Vec<usize>, wanted: Vec<usize> },
    #[error("element {element} of {name} is {given}")]
    NotFinite { name: String, element: usize, given: String },
    #[error("its samples are not a list of texts ({0})")]
    Samples(String),
    #[error("it has {epochs} epochs and {samples} samples")]
    SampleCount { epochs: usize, samples: usize },
    #[error("it has {given} epochs of {most}")]
    EpochCount { given: usize, most: u32 },
    #[error("epoch {epoch} has the loss {loss} and {tokens_per_second} tokens per second")]
    Epoch { epoch: u32, loss: f64, tokens_per_second: f64 },
    #[error("the number of epoch {epoch}’s minibatches is {given}")]
    Minibatches { epoch: u32, given: f64 },
    #[error("epoch {epoch} has the gradient norm {given}")]
    GradNorm { epoch: u32, given: f32 },
    #[error("grad_norms has {0} numbers more than the epochs have minibatches")]
    GradNormsLeft(usize),
    #[error("epoch {epoch} has the validation perplexity {given}")]
    Validation { epoch: u32, given: f64 },
    #[error("its learning rate or clip threshold is wrong: {0}")]
    Hyperparameters(SettingError),
    #[error(
        "its learning rate or clip threshold changes at epoch {epoch}, minibatch {minibatch}, which are not whole \
         numbers from 0"
    )]
    HyperparametersPosition { epoch: f64, minibatch: f64 },
    #[error("its changes of learning rate or clip threshold do not start at epoch 0, minibatch 0, or are not in order")]
    HyperparametersOrder,
    #[error("its branches are not a list of epochs and settings ({0})")]
    Branches(String),
    #[error("its branches are not in order, of another network, or at epochs that it does not have")]
    BranchesOrder,
    #[error("its vocabulary is not that of its text")]
    OtherVocabulary,
}

impl FileFault {
    /// The fault of a file that a reader of safetensors files has refused for this reason.
    pub fn not_safetensors(file: &[u8], why: String) -> Self {
        let start = &file[..file.len().min(START)];
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let begins = |tag: &[u8]| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        if begins(LFS_POINTER) {
            Self::LfsPointer
        } else if begins(b"<!doctype html") || begins(b"<html") {
            Self::WebPage
        } else if is_text(start) {
            Self::Text
        } else {
            Self::NotSafetensors(why)
        }
    }
}

/// Whether the start of a file is text in UTF-8; it may end within a character.
fn is_text(start: &[u8]) -> bool {
    let is_utf8 = std::str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_utf8 && !start.is_empty() && !start.iter().any(|&byte| byte < b' ' && !byte.is_ascii_whitespace())
}
