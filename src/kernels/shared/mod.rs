//! WGSL that several kernels have in front of them.

use crate::network::code::wgsl;

/// Sizes, groups, places: in front of every kernel.
pub const COMMON: &str = wgsl!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = wgsl!("tanh.wgsl");
/// A product in register blocks,
pub const BLOCK_PRODUCT: &str = wgsl!("block_product.wgsl");
/// or by quads of threads that share what they load.
pub const QUAD_PRODUCT: &str = wgsl!("quad_product.wgsl");
/// What both do with a block.
pub const FINISH_BLOCK: &str = wgsl!("finish_block.wgsl");
/// Where a thread has a tile to itself,
pub const ONE_PART: &str = wgsl!("one_part.wgsl");
/// or shares it with others.
pub const SPLIT_PARTS: &str = wgsl!("split_parts.wgsl");
