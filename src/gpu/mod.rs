//! The network on the GPU: device, layout, pipelines, the recorded training step, generation.
//!
//! Which kernels there are, what they bind and in which order they run, say the tables of `src/kernels`.

pub mod device;
pub mod engine;
mod fit;
mod generate;
mod inspect;
pub mod layout;
mod pace;
pub mod pipelines;
mod platform;
mod profile;
mod step;
pub mod tile;
pub mod wgsl;

pub use device::Gpu;
pub use engine::Engine;
