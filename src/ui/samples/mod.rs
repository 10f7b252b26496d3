//! What the network writes after every epoch.

pub mod rows;
#[cfg(target_arch = "wasm32")]
pub mod view;
