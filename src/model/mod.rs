//! What a run is told and tells: settings, sizes, minibatches, rates, how tokens are picked, what goes wrong.

pub mod config;
pub mod divergence;
mod file_fault;
pub mod minibatch;
pub mod pick;
pub mod profile;
pub mod race;
pub mod run;
mod setting;
pub mod sizes;

pub use config::Config;
pub use file_fault::FileFault;
pub use minibatch::Minibatch;
pub use pick::Pick;
pub use sizes::Sizes;
