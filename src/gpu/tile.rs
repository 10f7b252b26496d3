//! How a matrix product is divided among threads: the constants in front of `block_product.wgsl`, or of
//! `quad_product.wgsl` in its place.

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
    /// Whether four neighbouring threads, each of 2 × 2 blocks, share what they load, two in each direction.
    pub quads: bool,
}

impl Tile {
    /// Every shape that the kernels know.
    pub const ALL: [Self; 7] = [
        Self { row_blocks: 1, column_blocks: 1, group: 32, split: 1, quads: false },
        Self { row_blocks: 1, column_blocks: 2, group: 16, split: 1, quads: false },
        Self { row_blocks: 2, column_blocks: 1, group: 16, split: 1, quads: false },
        Self { row_blocks: 2, column_blocks: 2, group: 16, split: 1, quads: false },
        Self { row_blocks: 1, column_blocks: 1, group: 64, split: 4, quads: false },
        Self { row_blocks: 1, column_blocks: 1, group: 128, split: 16, quads: false },
        Self { row_blocks: 2, column_blocks: 2, group: 16, split: 1, quads: true },
    ];

    /// The shape for a kind of device, which may have quads, and a batch.
    ///
    /// A processor with few cores is fastest where each thread reuses most of what it loads, a GPU where there are
    /// many threads. A small batch gets no more rows than it needs.
    pub fn choose(software: bool, quads: bool, batch: usize) -> Self {
        let [many_threads, one_row, _, most_reuse, .., in_quads] = Self::ALL;
        match (software, batch) {
            (false, _) => many_threads,
            (true, ..=4) => one_row,
            (true, 9..) if quads => in_quads,
            (true, _) => most_reuse,
        }
    }

    /// Threads that compute a tile together in one direction.
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

    /// Tiles that a workgroup computes.
    pub fn tiles(&self) -> usize {
        self.group / self.split / self.across().pow(2)
    }

    /// The constants that the kernels expect in front of them.
    pub fn constants(&self) -> String {
        let Self { row_blocks, column_blocks, group, split, .. } = self;
        format!(
            "const ROW_BLOCKS: u32 = {row_blocks}u;\n\
             const COLUMN_BLOCKS: u32 = {column_blocks}u;\n\
             const TILE_GROUP: u32 = {group}u;\n\
             const SPLIT: u32 = {split}u;\n"
        )
    }

    /// As people are told, in any language: a tile's rows and columns, and how many threads share it.
    pub fn name(&self) -> String {
        let shared = self.split * self.across().pow(2);
        let shared = if shared > 1 { format!(" ÷ {shared}") } else { String::new() };
        format!("{} × {}{shared}", self.rows(), self.columns())
    }
}
