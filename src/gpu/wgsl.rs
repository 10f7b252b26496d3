//! The WGSL module of a kernel for a tile shape: its file, with what it uses in front.

use super::platform;
use super::tile::Tile;
use crate::kernels::shared::{BLOCK_PRODUCT, COMMON, FINISH_BLOCK, ONE_PART, QUAD_PRODUCT, SPLIT_PARTS};
use crate::network::code::code_of;
use crate::network::{Extent, Kernel, Library};

/// Invocations of a workgroup, but for the kernels in register blocks: `GROUP` in `common.wgsl`.
pub const GROUP: usize = 64;

/// `Dims` of `common.wgsl`: what a kernel knows beside its tensors.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Dims {
    pub batch: u32,
    pub steps: u32,
    pub hidden: u32,
    pub vocabulary: u32,
    pub batch_padded: u32,
    pub hidden_padded: u32,
    pub vocabulary_padded: u32,
    /// Time step of the dispatch.
    pub t: u32,
    /// First tile of the dispatch.
    pub first: u32,
    pub learning_rate: f32,
    /// Threshold of gradient clipping.
    pub clip: f32,
}

/// How a kernel's product is divided, if it is one: where it has many tiles, no thread shares one.
pub fn tile_of(kernel: &Kernel, tile: Tile) -> Option<Tile> {
    match kernel.extent {
        Extent::Product { few_tiles: true, .. } => Some(tile),
        Extent::Product { few_tiles: false, .. } => Some(Tile { split: 1, ..tile }),
        Extent::Threads(_) | Extent::Groups(_) => None,
    }
}

/// The whole module of a kernel for a tile shape.
pub fn module(library: Library, kernel: &Kernel, tile: Tile) -> String {
    let code = code_of(library, kernel.name);
    let Some(tile) = tile_of(kernel, tile) else {
        return [&[COMMON], code.uses, &[code.wgsl]].concat().join("\n");
    };
    let (enabled, product): (_, &[&str]) = match tile {
        Tile { quads: true, .. } => (platform::SUBGROUPS, &[QUAD_PRODUCT, FINISH_BLOCK]),
        Tile { split: 2.., .. } => ("", &[BLOCK_PRODUCT, SPLIT_PARTS, FINISH_BLOCK]),
        _ => ("", &[BLOCK_PRODUCT, ONE_PART, FINISH_BLOCK]),
    };
    [&[enabled, &tile.constants(), COMMON], product, code.uses, &[code.wgsl]].concat().join("\n")
}
