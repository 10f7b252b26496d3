//! The network: its shapes, the explanations, and the timings of its kernels.

pub mod explain;
pub mod profile;
pub mod shapes;
#[cfg(target_arch = "wasm32")]
pub mod signals;
#[cfg(target_arch = "wasm32")]
pub mod view;
