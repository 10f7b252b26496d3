//! The network on the CPU. Kernels are the CPU functions of `src/kernels`, recorded once, in the order of the network's
//! plan, as operations of [`dense`], which all threads run together.
//!
//! `cores` has the threads and the memory. `engine` trains: it writes a minibatch's tokens into the memory, has the
//! operations run piece by piece, and yields to the event loop in between (`yielding`). `reader` is the forward pass
//! alone, with which `generate` predicts and `held_out` computes the loss of held-out tokens.

mod cores;
mod engine;
mod generate;
mod held_out;
mod reader;
mod step;
mod yielding;

pub use cores::Cores;
pub use engine::Engine;
pub use held_out::HeldOut;
