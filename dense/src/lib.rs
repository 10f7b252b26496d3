//! Operations on matrices in f32 with the machine's SIMD, divided among threads.
//!
//! A program is a list of operations ([`Op`]) on matrices in one memory; each thread [`run`]s its share of every one, in
//! most of them columns of its own, and waits for the others at barriers. Both sides of a matrix product are packed into
//! [`Panels`], so that its inner loop reads memory sequentially; a side of several products is packed once.
//!
//! A separate package, because it is compiled for speed and the rest of the page for size.

#![cfg_attr(all(target_arch = "wasm32", not(test)), no_std)]

mod elementwise;
mod functions;
mod math;
mod memory;
mod op;
mod panels;
mod product;
mod run;
mod simd;
mod tile;

pub use memory::Memory;
pub use op::{Kind, Matrix, Op, Share, Use};
pub use panels::Panels;
pub use run::{Place, run};
pub use simd::name;
#[cfg(not(target_arch = "wasm32"))]
pub use simd::without_simd;
pub use tile::{DEPTH, Tile, tile};
