//! The charts: the perplexity of every run by epoch, and the gradient norm of the shown run.

pub mod axis;
pub mod label;
pub mod picture;
#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod svg;
#[cfg(target_arch = "wasm32")]
pub mod view;
