//! What is around the rooms: the page as a whole, its head, the bar, the error panel, and its newer version.

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod controls;
#[cfg(target_arch = "wasm32")]
pub mod errors;
#[cfg(target_arch = "wasm32")]
pub mod masthead;
#[cfg(target_arch = "wasm32")]
pub mod offline;
pub mod status;
