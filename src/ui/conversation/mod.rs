//! The conversation with the network.

#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod talk;
#[cfg(target_arch = "wasm32")]
pub mod view;
