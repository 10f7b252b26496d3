//! Matrix products and elementwise functions in f32, on one thread with the machine's SIMD.
//!
//! A product's two sides are packed into [`Panels`] first, so that its inner loop reads memory in one direction; a side
//! that takes part in many products is packed once.
//!
//! A package of its own because it is compiled for speed where the rest of the page is compiled for size.

mod elementwise;
mod panels;
mod product;
mod simd;
mod tile;

pub use elementwise::{add_scaled, cross_entropy, exp_and_sum, sum_of_squares, tanh, through_tanh};
pub use panels::Panels;
pub use product::product;
pub use simd::name;
#[cfg(not(target_arch = "wasm32"))]
pub use simd::without_simd;
