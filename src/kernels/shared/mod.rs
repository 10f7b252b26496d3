//! WGSL that is put in front of several kernels; `src/gpu/wgsl.rs` joins the files.

use crate::network::code::wgsl;

/// Sizes and indices, for every kernel.
pub const COMMON: &str = wgsl!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = wgsl!("tanh.wgsl");
/// Which part of a matrix product a workgroup computes; in front of one of the three products.
pub const PATCH: &str = wgsl!("patch.wgsl");
/// The product of one time step, in a dispatch of its own or in one for all time steps.
pub const TIME_STEPS: &str = wgsl!("time_steps.wgsl");
/// Picks the token that a step of prediction reads, and adds the logits of the next; for a cell's `generate` kernel.
pub const NEXT_TOKEN: &str = wgsl!("next_token.wgsl");
/// A matrix product in register blocks; one thread computes a tile.
pub const BLOCK_PRODUCT: &str = wgsl!("block_product.wgsl");
/// The same with several threads for a tile, each with a part of the sum.
pub const SPLIT_PRODUCT: &str = wgsl!("split_product.wgsl");
/// The same for devices with quads: four threads share what they load.
pub const QUAD_PRODUCT: &str = wgsl!("quad_product.wgsl");
/// Writes the rows of a block; block and quad product use it.
pub const FINISH_BLOCK: &str = wgsl!("finish_block.wgsl");
