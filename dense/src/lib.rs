//! Matrix products and elementwise functions in f32, on one thread with the machine's SIMD.
//!
//! Both sides of a product are packed into [`Panels`], so that [`product()`]'s inner loop reads memory sequentially; a
//! side of several products is packed once.
//!
//! A separate package, because it is compiled for speed and the rest of the page for size.

mod elementwise;
mod panels;
mod product;
mod simd;
mod tile;

pub use elementwise::{
    add_products, add_scaled, cross_entropy, moments, multiply, scale, sigmoid, subtract_quotients, sum_of_squares,
    tanh, through_sigmoid, through_tanh,
};
pub use panels::Panels;
pub use product::{product, product_among};
pub use simd::name;
#[cfg(not(target_arch = "wasm32"))]
pub use simd::without_simd;
