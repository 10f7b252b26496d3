//! Faults of a parameter file or a checkpoint, each as half a sentence that [`crate::error::Error`] completes.

use serde::{Deserialize, Serialize};

use super::config::SettingError;

/// The first fault of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum FileFault {
    #[error("it is not a safetensors file ({0})")]
    NotSafetensors(String),
    #[error("it is not a checkpoint, because its metadata lack format")]
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
    #[error("it belongs to another vocabulary (of size {its}; the text’s has {ours})")]
    OtherVocabulary { its: usize, ours: usize },
    #[error("it belongs to another text, with the same vocabulary")]
    OtherText,
}
