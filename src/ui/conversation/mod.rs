//! The conversation with the network.

pub mod talk;
#[cfg(target_arch = "wasm32")]
pub mod view;
