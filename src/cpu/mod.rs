//! The network on the CPU. Kernels are the CPU functions of `src/kernels`, recorded once, in the order of the network's
//! plan, as operations of [`dense`], which all threads run together.
//!
//! `cores` has the threads and the memory. `engine` trains: it writes a minibatch's tokens into the memory, has the
//! operations run piece by piece, and yields to the event loop in between (`yielding`). `reader` is the forward pass
//! alone, with which `generate` predicts and `held_out` computes the loss of held-out tokens; `passage` is forward and
//! backward pass over a text whose tensors are to be looked at.

mod cores;
mod engine;
mod generate;
mod held_out;
mod passage;
mod reader;
mod step;
mod yielding;

pub use cores::Cores;
pub use engine::Engine;
pub use held_out::HeldOut;
pub use passage::Passage;
