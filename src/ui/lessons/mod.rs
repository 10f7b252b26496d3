//! The lessons: prose whose links drive the page. `assets/lessons` has them in both languages.

pub mod action;
pub mod prose;
#[cfg(target_arch = "wasm32")]
pub mod signals;
#[cfg(target_arch = "wasm32")]
pub mod view;
