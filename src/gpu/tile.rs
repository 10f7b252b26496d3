//! How a matrix product is divided among threads: the constants in front of `shaders/block_product.wgsl`.

/// Register blocks of 4 × 4 a thread, threads a workgroup, and threads a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 1 or 2 blocks, one below the other.
    pub row_blocks: usize,
    /// 1 or 2 blocks, side by side.
    pub column_blocks: usize,
    /// Threads of a workgroup.
    pub group: usize,
    /// Threads that share the sum of a tile of one block, where a product has few tiles; 1: each has its own.
    pub split: usize,
}

impl Tile {
    /// Every shape that the kernels know.
    pub const ALL: [Self; 6] = [
        Self { row_blocks: 1, column_blocks: 1, group: 32, split: 1 },
        Self { row_blocks: 1, column_blocks: 2, group: 16, split: 1 },
        Self { row_blocks: 2, column_blocks: 1, group: 16, split: 1 },
        Self { row_blocks: 2, column_blocks: 2, group: 16, split: 1 },
        Self { row_blocks: 1, column_blocks: 1, group: 64, split: 4 },
        Self { row_blocks: 1, column_blocks: 1, group: 128, split: 16 },
    ];

    /// The shape for a device and a batch.
    ///
    /// A processor with few cores is fastest where each thread reuses most of what it loads, a GPU where there are
    /// many threads. A small batch gets no more rows than it needs.
    pub fn choose(software: bool, batch: usize) -> Self {
        let [many_threads, one_row, _, most_reuse, ..] = Self::ALL;
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

    /// Tiles that a workgroup computes.
    pub fn tiles(&self) -> usize {
        self.group / self.split
    }

    /// The constants that the kernels expect in front of them.
    pub fn constants(&self) -> String {
        let Self { row_blocks, column_blocks, group, split } = self;
        format!(
            "const ROW_BLOCKS: u32 = {row_blocks}u;\n\
             const COLUMN_BLOCKS: u32 = {column_blocks}u;\n\
             const TILE_GROUP: u32 = {group}u;\n\
             const SPLIT: u32 = {split}u;\n"
        )
    }

    /// As people are told, in any language: a thread's rows and columns, and into how many parts the sums are split.
    pub fn name(&self) -> String {
        let split = if self.split > 1 { format!(" ÷ {}", self.split) } else { String::new() };
        format!("{} × {}{split}", self.rows(), self.columns())
    }
}
