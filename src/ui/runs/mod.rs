//! The runs that there were and the one under way: how far they came, what they are called, how they compare.

pub mod compare;
pub mod curve;
pub mod figures;
pub mod names;
pub mod reference;
pub mod run;
#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod state;
#[cfg(target_arch = "wasm32")]
pub mod view;
