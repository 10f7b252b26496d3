//! Checkpoints: saving runs in the browser's storage or as files, and resuming them.

#[cfg(target_arch = "wasm32")]
pub mod keeping;
#[cfg(target_arch = "wasm32")]
mod life;
#[cfg(target_arch = "wasm32")]
pub mod orders;
pub mod record;
pub mod saved;
#[cfg(target_arch = "wasm32")]
pub mod storage;
pub mod trouble;
#[cfg(target_arch = "wasm32")]
pub mod view;
