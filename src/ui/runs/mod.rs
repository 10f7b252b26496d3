//! The current run and earlier ones: their state, progress, names and comparison.

pub mod compare;
pub mod curve;
pub mod figures;
pub mod names;
pub mod pace;
pub mod queue;
pub mod reference;
pub mod run;
#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod state;
pub mod table;
#[cfg(target_arch = "wasm32")]
pub mod view;
