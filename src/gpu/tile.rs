//! How a matrix product is divided among threads: the constants of `block_product.wgsl`, `split_product.wgsl` and
//! `quad_product.wgsl`.

use crate::kernels::output_loss::{FUSED_THREADS, fused};
use crate::model::Sizes;
use crate::network::Network;

/// Register blocks of 4 × 4 per thread, threads per workgroup, and threads per tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 1 or 2 blocks, one below the other.
    pub row_blocks: usize,
    /// 1 or 2 blocks, side by side.
    pub column_blocks: usize,
    /// Threads of a workgroup.
    pub group: usize,
    /// Threads that share the sum of a tile of one block, or of two below each other, as far as a product allows: 1, or at
    /// least 4.
    pub split: usize,
    /// Whether a quad of threads, two in each direction with 2 × 2 blocks each, shares what it loads.
    pub quads: bool,
    /// Whether one dispatch computes all time steps, each workgroup for its own rows of the batch: no time is lost
    /// between dispatches, but few workgroups have work.
    pub sequence: bool,
    /// Whether the tiles of a workgroup lie side by side, else in a patch as square as can be; it depends on the kernel
    /// (`wgsl::tile_of`).
    pub in_rows: bool,
}

/// Hidden units up to which all time steps in one dispatch may be worth a try.
const SEQUENCE_HIDDEN: usize = 256;

impl Tile {
    /// A thread for a tile of one block.
    const ONE: Self =
        Self { row_blocks: 1, column_blocks: 1, group: 32, split: 1, quads: false, sequence: false, in_rows: false };
    const MOST_REUSE: Self = Self { row_blocks: 2, column_blocks: 2, group: 16, ..Self::ONE };
    const ONE_ROW: Self = Self { column_blocks: 2, group: 16, ..Self::ONE };
    const QUADS: Self = Self { quads: true, ..Self::MOST_REUSE };
    const MANY_THREADS: Self = Self { group: 256, split: 32, ..Self::ONE };
    const LARGE_AND_SHARED: Self = Self { row_blocks: 2, group: 128, split: 16, ..Self::ONE };
    const MANY_THREADS_IN_SEQUENCE: Self = Self { group: 256, split: 16, sequence: true, ..Self::ONE };

    /// Every shape that the kernels support.
    pub const ALL: [Self; 12] = [
        Self::ONE,
        Self::ONE_ROW,
        Self { row_blocks: 2, group: 16, ..Self::ONE },
        Self::MOST_REUSE,
        Self { group: 64, split: 4, ..Self::ONE },
        Self { group: 128, split: 16, ..Self::ONE },
        Self::MANY_THREADS,
        Self::QUADS,
        Self { sequence: true, ..Self::MOST_REUSE },
        Self { sequence: true, ..Self::QUADS },
        Self::MANY_THREADS_IN_SEQUENCE,
        Self::LARGE_AND_SHARED,
    ];

    /// The default shape for a kind of device and these sizes; `quads` says whether the device supports them.
    ///
    /// A software adapter, with few cores, is fastest with large tiles, which reuse most of what is loaded; for a small
    /// batch, tiles have no more rows than it needs. A GPU is fastest with many threads: on an NVIDIA H200 the book's
    /// network trains 7 times as fast with 32 threads for a tile as with one (`docs/results/gpu.md`), and a larger one
    /// faster with larger tiles. Where one workgroup computes all hidden units at once, all time steps go into one
    /// dispatch.
    pub fn choose(software: bool, quads: bool, sizes: Sizes) -> Self {
        let tile = match (software, sizes.batch) {
            (false, ..128) if sizes.hidden < 2048 => Self::MANY_THREADS,
            (false, _) => Self::LARGE_AND_SHARED,
            (true, ..=4) => return Self::ONE_ROW,
            (true, 9..) if quads => Self::QUADS,
            (true, _) => Self::MOST_REUSE,
        };
        let sequence = if software { Self { sequence: true, ..tile } } else { Self::MANY_THREADS_IN_SEQUENCE };
        if sizes.hidden <= sequence.tiles() * sequence.columns() { sequence } else { tile }
    }

    /// Whether the shape may be worth a try for these sizes.
    pub fn suits(&self, sizes: Sizes) -> bool {
        !self.sequence || sizes.hidden <= SEQUENCE_HIDDEN
    }

    /// The network as a device calls it in this shape: with many threads the output layer is fused with the loss.
    pub fn network(&self, network: Network) -> Network {
        if self.group >= FUSED_THREADS { fused(network) } else { network }
    }

    /// The shape of a product with all gates of its columns: the sums of as many tiles take more registers and more of a
    /// workgroup's memory, of which WebGPU grants 16 KiB.
    pub fn of_gates(&self) -> Self {
        if self.split > 1 {
            Self { row_blocks: 1, column_blocks: 1, group: self.group.min(64), ..*self }
        } else {
            // A software adapter reads a few long rows faster.
            Self { column_blocks: 1, quads: false, in_rows: true, ..*self }
        }
    }

    /// Threads per tile in each direction.
    fn across(&self) -> usize {
        if self.quads { 2 } else { 1 }
    }

    /// Rows of a tile.
    pub fn rows(&self) -> usize {
        4 * self.row_blocks * self.across()
    }

    /// Columns of a tile.
    pub fn columns(&self) -> usize {
        4 * self.column_blocks * self.across()
    }

    /// Tiles that a workgroup computes at a time.
    fn tiles(&self) -> usize {
        self.group / self.split / self.across().pow(2)
    }

    /// The same down and across.
    fn patch(&self) -> [usize; 2] {
        let tiles = self.tiles();
        let down = if self.in_rows { 1 } else { 1 << (tiles.ilog2() / 2) };
        [down, tiles / down]
    }

    /// Workgroups for a product of this many rows and columns.
    pub fn groups(&self, rows: usize, columns: usize) -> usize {
        let [down, across] = self.patch();
        let rows = rows.div_ceil(down * self.rows());
        if self.sequence { rows } else { rows * columns.div_ceil(across * self.columns()) }
    }

    /// The WGSL constants that go in front of a kernel.
    pub fn constants(&self) -> String {
        let Self { row_blocks, column_blocks, group, split, sequence, .. } = self;
        let [down, across] = self.patch();
        let (rows, columns) = (down * self.rows(), across * self.columns());
        format!(
            "const ROW_BLOCKS: u32 = {row_blocks}u;\n\
             const COLUMN_BLOCKS: u32 = {column_blocks}u;\n\
             const TILE_GROUP: u32 = {group}u;\n\
             const SPLIT: u32 = {split}u;\n\
             const SEQUENCE: bool = {sequence};\n\
             const PATCH_ACROSS: u32 = {across}u;\n\
             const PATCH_ROWS: u32 = {rows}u;\n\
             const PATCH_COLUMNS: u32 = {columns}u;\n"
        )
    }

    /// For people, in any language: a tile's rows × columns ÷ threads that share it, and T where one dispatch computes all
    /// time steps.
    pub fn name(&self) -> String {
        let shared = self.split * self.across().pow(2);
        let shared = if shared > 1 { format!(" ÷ {shared}") } else { String::new() };
        let sequence = if self.sequence { ", T" } else { "" };
        format!("{} × {}{shared}{sequence}", self.rows(), self.columns())
    }
}
