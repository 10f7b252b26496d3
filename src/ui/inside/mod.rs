//! See inside: what the network remembers, what a unit tells, how the gradient fades, and a time step in slow motion; all
//! of one passage, which the worker reads with the network as it is.

pub mod look;
pub mod memory;
pub mod shaded;
#[cfg(target_arch = "wasm32")]
pub mod signals;
pub mod slow;
pub mod time;
pub mod units;
#[cfg(target_arch = "wasm32")]
pub mod view;
pub mod watch;
