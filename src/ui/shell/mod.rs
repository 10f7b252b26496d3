//! The frame of the page: its layout, the masthead, the sticky bar, the error panel, and updates.

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
mod arrange;
#[cfg(target_arch = "wasm32")]
pub mod controls;
#[cfg(target_arch = "wasm32")]
pub mod drop;
#[cfg(target_arch = "wasm32")]
pub mod errors;
#[cfg(target_arch = "wasm32")]
mod keys;
#[cfg(target_arch = "wasm32")]
pub mod masthead;
#[cfg(target_arch = "wasm32")]
pub mod offline;
pub mod stage;
pub mod status;
