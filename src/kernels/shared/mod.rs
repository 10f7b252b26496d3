//! WGSL that is put in front of several kernels; `src/gpu/wgsl.rs` joins the files.

use crate::network::code::wgsl;

/// Sizes and indices, for every kernel.
pub const COMMON: &str = wgsl!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = wgsl!("tanh.wgsl");
/// A matrix product in register blocks.
pub const BLOCK_PRODUCT: &str = wgsl!("block_product.wgsl");
/// The same for devices with quads: four threads share what they load.
pub const QUAD_PRODUCT: &str = wgsl!("quad_product.wgsl");
/// Writes the rows of a block; both products use it.
pub const FINISH_BLOCK: &str = wgsl!("finish_block.wgsl");
/// For [`BLOCK_PRODUCT`]: one thread computes a tile.
pub const ONE_PART: &str = wgsl!("one_part.wgsl");
/// For [`BLOCK_PRODUCT`]: several threads compute a tile, each a part of the sum.
pub const SPLIT_PARTS: &str = wgsl!("split_parts.wgsl");
