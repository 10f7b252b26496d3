//! The text to train on, the book's or the visitor's own.

pub mod own;
#[cfg(target_arch = "wasm32")]
pub mod signals;
#[cfg(target_arch = "wasm32")]
pub mod view;
