//! Text generation: the network continues the visitor's prefix.

#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod talk;
#[cfg(target_arch = "wasm32")]
pub mod view;
