//! The network on the GPU. Kernels, their bindings and their order come from the tables of `src/kernels` and the plan
//! of `src/network`.
//!
//! [`device`] opens the GPU. For a network and a tile shape ([`tile`]), [`layout`] pads the tensors and packs them into
//! buffers, [`wgsl`] joins the source of each kernel, [`pipelines`] compiles it, and `step` lists the dispatches of a
//! training step. [`engine`] uploads a minibatch's tokens, records the dispatches and submits them as `pacing` allows;
//! `results` reads losses, gradient norms, parameters and a sample back at the end of an epoch, while the device goes on
//! with the next. `generate` predicts with the same buffers.

pub mod device;
pub mod engine;
mod fit;
mod generate;
mod inspect;
pub mod layout;
mod pacing;
pub mod pipelines;
mod platform;
mod profile;
mod results;
mod step;
pub mod tile;
pub mod wgsl;

pub use device::Gpu;
pub use engine::Engine;
pub use results::Results;
