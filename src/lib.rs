//! Trains the character RNN of *Dive into Deep Learning* ("Implementation of recurrent neural networks from scratch")
//! with WebGPU compute kernels, or on the CPU.
//!
//! The data flow, which is also the order to read the modules in:
//!
//! ```text
//! text ──> minibatches ──> gpu (training step) ──> train (metrics, samples) ──> protocol ──> ui
//! ```

pub mod cpu;
pub mod engine;
pub mod error;
pub mod gpu;
pub mod inside;
pub mod kernels;
pub mod model;
pub mod network;
pub mod oracle;
pub mod protocol;
pub mod text;
pub mod train;
pub mod ui;

pub use error::{Error, Result};
