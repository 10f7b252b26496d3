//! Runs that are saved: when, in the browser's storage or a file, and how they go on.

#[cfg(target_arch = "wasm32")]
pub mod keeping;
#[cfg(target_arch = "wasm32")]
pub mod orders;
pub mod record;
pub mod saved;
#[cfg(target_arch = "wasm32")]
pub mod storage;
pub mod trouble;
#[cfg(target_arch = "wasm32")]
pub mod view;
