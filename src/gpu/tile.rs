//! How a matrix product is divided among threads: the constants of `block_product.wgsl`, `split_product.wgsl` and
//! `quad_product.wgsl`.

/// Register blocks of 4 × 4 per thread, threads per workgroup, and threads per tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 1 or 2 blocks, one below the other.
    pub row_blocks: usize,
    /// 1 or 2 blocks, side by side.
    pub column_blocks: usize,
    /// Threads of a workgroup.
    pub group: usize,
    /// Threads that share the sum of a tile of one block, as far as a product allows: 1, or at least 4.
    pub split: usize,
    /// Whether a quad of threads, two in each direction with 2 × 2 blocks each, shares what it loads.
    pub quads: bool,
}

impl Tile {
    /// Every shape that the kernels support.
    pub const ALL: [Self; 8] = [
        Self { row_blocks: 1, column_blocks: 1, group: 32, split: 1, quads: false },
        Self { row_blocks: 1, column_blocks: 2, group: 16, split: 1, quads: false },
        Self { row_blocks: 2, column_blocks: 1, group: 16, split: 1, quads: false },
        Self { row_blocks: 2, column_blocks: 2, group: 16, split: 1, quads: false },
        Self { row_blocks: 1, column_blocks: 1, group: 64, split: 4, quads: false },
        Self { row_blocks: 1, column_blocks: 1, group: 128, split: 16, quads: false },
        Self { row_blocks: 1, column_blocks: 1, group: 256, split: 32, quads: false },
        Self { row_blocks: 2, column_blocks: 2, group: 16, split: 1, quads: true },
    ];

    /// The default shape for a kind of device and a batch size; `quads` says whether the device supports them.
    ///
    /// A software adapter, with few cores, is fastest with large tiles, which reuse most of what is loaded; for a small
    /// batch, tiles have no more rows than it needs. A GPU is fastest with many threads: on an NVIDIA H200 the book's
    /// network trains 4.7 times as fast with 16 threads for a tile as with one, and faster still with 32.
    pub fn choose(software: bool, quads: bool, batch: usize) -> Self {
        let [_, one_row, _, most_reuse, .., many_threads, in_quads] = Self::ALL;
        match (software, batch) {
            (false, _) => many_threads,
            (true, ..=4) => one_row,
            (true, 9..) if quads => in_quads,
            (true, _) => most_reuse,
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

    /// Tiles of a patch, which one workgroup computes: down and across, as square as they can be.
    fn patch(&self) -> [usize; 2] {
        let tiles = self.group / self.split / self.across().pow(2);
        let down = 1 << (tiles.ilog2() / 2);
        [down, tiles / down]
    }

    /// Workgroups for a product of this many rows and columns.
    pub fn patches(&self, rows: usize, columns: usize) -> usize {
        let [down, across] = self.patch();
        rows.div_ceil(down * self.rows()) * columns.div_ceil(across * self.columns())
    }

    /// The WGSL constants that go in front of a kernel.
    pub fn constants(&self) -> String {
        let Self { row_blocks, column_blocks, group, split, .. } = self;
        let [down, across] = self.patch();
        let (rows, columns) = (down * self.rows(), across * self.columns());
        format!(
            "const ROW_BLOCKS: u32 = {row_blocks}u;\n\
             const COLUMN_BLOCKS: u32 = {column_blocks}u;\n\
             const TILE_GROUP: u32 = {group}u;\n\
             const SPLIT: u32 = {split}u;\n\
             const PATCH_ACROSS: u32 = {across}u;\n\
             const PATCH_ROWS: u32 = {rows}u;\n\
             const PATCH_COLUMNS: u32 = {columns}u;\n"
        )
    }

    /// For people, in any language: a tile's rows × columns ÷ threads that share it.
    pub fn name(&self) -> String {
        let shared = self.split * self.across().pow(2);
        let shared = if shared > 1 { format!(" ÷ {shared}") } else { String::new() };
        format!("{} × {}{shared}", self.rows(), self.columns())
    }
}
