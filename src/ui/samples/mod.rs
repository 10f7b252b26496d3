//! The samples: what the network generates after every epoch.

pub mod parts;
pub mod preview;
pub mod rows;
#[cfg(target_arch = "wasm32")]
pub mod view;
