//! Networks on the CPU, on one thread: training by the plan of their kernels, prediction, held-out tokens.

mod engine;
mod generate;
mod held_out;
mod reader;
mod yielding;

pub use engine::Engine;
pub use held_out::HeldOut;
