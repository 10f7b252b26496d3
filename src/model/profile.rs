//! The profile of a training step, as the page shows it.

use serde::{Deserialize, Serialize};

/// The time of a training step, kernel by kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub device: String,
    /// Bytes of all the network's tensors, on the GPU or in memory.
    pub bytes: u64,
    /// In the order of the training step.
    pub kernels: Vec<KernelTime>,
    /// Tokens of a minibatch.
    pub tokens: u32,
    /// Seconds per minibatch in training.
    pub minibatch: f64,
    /// Seconds of CPU time to pack a minibatch's tokens and record its dispatches, while the device works.
    pub recording: f64,
    /// Seconds of the read-back at the end of an epoch.
    pub read_back: f64,
}

/// One kernel, timed alone by repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    pub name: String,
    /// Dispatches per minibatch; on the CPU, calls.
    pub dispatches: u32,
    /// Seconds of all of them.
    pub seconds: f64,
    /// Floating-point operations and bytes of all of them: see `network::work`.
    pub flops: u64,
    pub bytes: u64,
}
