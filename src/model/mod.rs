//! The network: its settings, its sizes, its parameters.

pub mod config;
pub mod divergence;
mod file_fault;
pub mod minibatch;
pub mod parameters;
pub mod parameters_file;
pub mod pick;
pub mod prefix;
pub mod run;
mod setting;
pub mod sizes;
pub mod work;

pub use config::Config;
pub use file_fault::FileFault;
pub use minibatch::Minibatch;
pub use parameters::Parameters;
pub use pick::Pick;
pub use sizes::Sizes;
