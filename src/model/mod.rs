//! What a run is told and tells: settings, sizes, minibatches, rates, how tokens are picked, what goes wrong.

pub mod config;
mod cursor;
pub mod divergence;
mod file_fault;
mod hyperparameters;
pub mod minibatch;
pub mod pick;
pub mod profile;
pub mod race;
mod setting;
pub mod sizes;

pub use config::Config;
pub use cursor::{Cursor, MinibatchId, StateAt};
pub use file_fault::FileFault;
pub use hyperparameters::Hyperparameters;
pub use minibatch::Minibatch;
pub use pick::Pick;
pub use sizes::Sizes;
