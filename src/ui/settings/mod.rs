//! The settings: the form, the address that holds it, what a link asks for beside them, and the file that a run starts
//! from.

pub mod address;
pub mod file;
pub mod form;
pub mod link;
pub mod program;
#[cfg(target_arch = "wasm32")]
pub mod signals;
#[cfg(target_arch = "wasm32")]
pub mod view;
