//! WGSL that is put in front of several kernels; `src/gpu/wgsl.rs` joins the files.

/// Sizes and indices, for every kernel.
pub const COMMON: &str = include_str!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = include_str!("tanh.wgsl");
/// A matrix product in register blocks.
pub const BLOCK_PRODUCT: &str = include_str!("block_product.wgsl");
/// The same for devices with quads: four threads share what they load.
pub const QUAD_PRODUCT: &str = include_str!("quad_product.wgsl");
/// Writes the rows of a block; both products use it.
pub const FINISH_BLOCK: &str = include_str!("finish_block.wgsl");
/// For [`BLOCK_PRODUCT`]: one thread computes a tile.
pub const ONE_PART: &str = include_str!("one_part.wgsl");
/// For [`BLOCK_PRODUCT`]: several threads compute a tile, each a part of the sum.
pub const SPLIT_PARTS: &str = include_str!("split_parts.wgsl");
