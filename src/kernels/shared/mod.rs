//! WGSL that several kernels have in front of them.

/// Sizes, groups, places: in front of every kernel.
pub const COMMON: &str = include_str!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = include_str!("tanh.wgsl");
/// A product in register blocks,
pub const BLOCK_PRODUCT: &str = include_str!("block_product.wgsl");
/// or by quads of threads that share what they load.
pub const QUAD_PRODUCT: &str = include_str!("quad_product.wgsl");
/// What both do with a block.
pub const FINISH_BLOCK: &str = include_str!("finish_block.wgsl");
/// Where a thread has a tile to itself,
pub const ONE_PART: &str = include_str!("one_part.wgsl");
/// or shares it with others.
pub const SPLIT_PARTS: &str = include_str!("split_parts.wgsl");
