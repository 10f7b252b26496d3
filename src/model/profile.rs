//! Where the time of a training step goes, as it is told.

use serde::{Deserialize, Serialize};

/// Where the time of a training step goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub device: String,
    /// Bytes of all the network's tensors, on the GPU or in memory.
    pub bytes: u64,
    /// In the order of the training step.
    pub kernels: Vec<KernelTime>,
    /// Tokens of a minibatch.
    pub tokens: u32,
    /// Seconds of a whole minibatch, as training has it.
    pub minibatch: f64,
    /// Seconds in which its tokens are packed and its dispatches recorded, beside the device's own work.
    pub recording: f64,
    /// Seconds of the read-back at the end of an epoch.
    pub read_back: f64,
}

/// One kernel alone, repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    pub name: String,
    /// Dispatches in a minibatch; pieces, on the CPU.
    pub dispatches: u32,
    /// Seconds of all of them.
    pub seconds: f64,
    /// Floating-point operations and bytes of all of them: see `network::work`.
    pub flops: u64,
    pub bytes: u64,
}
