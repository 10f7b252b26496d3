//! The plain data of a run: settings, sizes, minibatches, hyperparameters, sampling parameters, metrics, faults.

pub mod config;
mod cursor;
pub mod divergence;
pub mod file_fault;
mod hyperparameters;
pub mod inside;
pub mod minibatch;
pub mod minute;
mod number;
pub mod pick;
pub mod preset;
pub mod profile;
pub mod race;
mod setting;
pub mod sizes;
pub mod trained;

pub use config::Config;
pub use cursor::{Cursor, MinibatchId, StateAt};
pub use file_fault::FileFault;
pub use hyperparameters::Hyperparameters;
pub use minibatch::Minibatch;
pub use pick::Pick;
pub use sizes::Sizes;
