//! How much of a matrix product one thread computes: the constants in front of `shaders/block_product.wgsl`.

/// Register blocks of 4 × 4 a thread, and threads a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 1 or 2 blocks, one below the other.
    pub row_blocks: usize,
    /// 1 or 2 blocks, side by side.
    pub column_blocks: usize,
    /// Threads of a workgroup.
    pub group: usize,
}

impl Tile {
    /// Every shape that the kernels know.
    pub const ALL: [Self; 4] = [
        Self { row_blocks: 1, column_blocks: 1, group: 32 },
        Self { row_blocks: 1, column_blocks: 2, group: 16 },
        Self { row_blocks: 2, column_blocks: 1, group: 16 },
        Self { row_blocks: 2, column_blocks: 2, group: 16 },
    ];

    /// The shape for a device and a batch.
    ///
    /// A processor with few cores is fastest where each thread reuses most of what it loads, a GPU where there are
    /// many threads. A small batch gets no more rows than it needs.
    pub fn choose(software: bool, batch: usize) -> Self {
        let [many_threads, one_row, _, most_reuse] = Self::ALL;
        match (software, batch) {
            (false, _) => many_threads,
            (true, ..=4) => one_row,
            (true, _) => most_reuse,
        }
    }

    /// Rows of a tile.
    pub fn rows(&self) -> usize {
        4 * self.row_blocks
    }

    /// Columns of a tile.
    pub fn columns(&self) -> usize {
        4 * self.column_blocks
    }

    /// The constants that the kernels expect in front of them.
    pub fn constants(&self) -> String {
        let Self { row_blocks, column_blocks, group } = self;
        format!(
            "const ROW_BLOCKS: u32 = {row_blocks}u;\n\
             const COLUMN_BLOCKS: u32 = {column_blocks}u;\n\
             const TILE_GROUP: u32 = {group}u;\n"
        )
    }
}
