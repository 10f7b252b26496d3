//! Joins the WGSL files of a kernel for a tile shape.

use super::platform;
use super::tile::Tile;
use crate::kernels::shared::{
    BLOCK_PRODUCT, COMMON, FINISH_BLOCK, GATE_PRODUCT, PATCH, QUAD_PRODUCT, SPLIT_GATE_PRODUCT, SPLIT_PRODUCT,
};
use crate::network::code::code_of;
use crate::network::{Dim, Extent, Gates, Kernel, Library, Runs};

/// Threads of a workgroup, except in kernels with a matrix product: `GROUP` in `common.wgsl`.
pub const GROUP: usize = 64;

/// The uniform of every kernel: `Dims` in `common.wgsl`.
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
    /// Time step of the dispatch; the first of several.
    pub t: u32,
    /// Time steps of the dispatch.
    pub times: u32,
    /// First patch of the dispatch.
    pub first: u32,
    pub learning_rate: f32,
    /// Threshold of gradient clipping.
    pub clip: f32,
    pub momentum: f32,
    pub weight_decay: f32,
}

/// The tile shape of a kernel whose workgroups depend on it: in a product, no more threads share a tile than its table
/// allows.
pub fn tile_of(kernel: &Kernel, tile: Tile) -> Option<Tile> {
    let tile = Tile { sequence: tile.sequence && kernel.runs == Runs::EachStep, ..tile };
    match kernel.extent {
        Extent::Product { sharers, columns, .. } => {
            // A software adapter reads a few long rows faster; where rows are short, they are too few tiles.
            let in_rows = tile.sequence || (tile.split == 1 && columns != Dim::V);
            Some(Tile { split: tile.split.min(sharers), in_rows, ..tile })
        }
        Extent::GateProduct { .. } => Some(tile.of_gates()),
        Extent::TileGroups(_) => Some(tile),
        Extent::Threads(_) | Extent::Groups(_) => None,
    }
}

/// The complete WGSL of a kernel for a tile shape and a network's gates.
pub fn module(library: Library, kernel: &Kernel, tile: Tile, Gates { cell, input, state }: Gates) -> String {
    let code = code_of(library, kernel.name);
    let tile = tile_of(kernel, tile);
    let mut constants = format!(
        "const CELL_GATES: u32 = {cell}u;\nconst INPUT_GATES: u32 = {input}u;\nconst STATE_GATES: u32 = {state}u;\n"
    );
    constants += &tile.map_or(String::new(), |tile| tile.constants());
    if let Extent::GateProduct { gates, .. } = kernel.extent {
        constants += &format!("const GATES: u32 = {gates}u;\n");
    }
    let (enabled, product): (_, &[&str]) = match (kernel.extent, tile) {
        (Extent::Product { .. }, Some(Tile { quads: true, .. })) => {
            (platform::SUBGROUPS, &[PATCH, QUAD_PRODUCT, FINISH_BLOCK])
        }
        (Extent::Product { .. }, Some(Tile { split: 2.., .. })) => ("", &[PATCH, SPLIT_PRODUCT]),
        (Extent::Product { .. }, _) => ("", &[PATCH, BLOCK_PRODUCT, FINISH_BLOCK]),
        (Extent::GateProduct { .. }, Some(Tile { split: 2.., .. })) => ("", &[PATCH, SPLIT_GATE_PRODUCT]),
        (Extent::GateProduct { .. }, _) => ("", &[PATCH, GATE_PRODUCT]),
        _ => ("", &[]),
    };
    [&[enabled, &constants, COMMON], product, code.uses, &[code.wgsl]].concat().join("\n")
}
