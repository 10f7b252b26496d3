//! The network on the CPU, on one thread, with the products of [`dense`]. Kernels are the CPU functions of
//! `src/kernels`, called in the order of the network's plan.
//!
//! `engine` trains: it copies a minibatch's tokens and its initial state into the tensors of `src/network/memory.rs`,
//! calls the kernels range by range of positions, and yields to the event loop in between (`yielding`). `reader` is the
//! forward pass alone, with which `generate` predicts and `held_out` computes the loss of held-out tokens.

mod engine;
mod generate;
mod held_out;
mod reader;
mod yielding;

pub use engine::Engine;
pub use held_out::HeldOut;
