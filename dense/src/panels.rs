//! One side of a product, packed.

use crate::memory::Memory;
use crate::op::Matrix;
use crate::tile::{DEPTH, Tile};

/// One side of a product in memory, in the order in which the product reads it: along the depth `K`, which is summed
/// over, blocks of at most [`DEPTH`]; within a block, panels of `width` rows (left side) or columns (right side); within a
/// panel, `width` elements for each step of the depth. What the last panel has beyond `across` is never used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panels {
    pub at: usize,
    /// Rows of the left side, columns of the right.
    pub across: usize,
    pub depth: usize,
    pub width: usize,
}

impl Panels {
    /// The left side of a product of `rows` rows, for these tiles.
    pub fn left(tile: Tile, rows: usize, depth: usize) -> Self {
        Self { at: 0, across: rows, depth, width: tile.rows }
    }

    /// The right side of a product of `columns` columns, for these tiles.
    pub fn right(tile: Tile, columns: usize, depth: usize) -> Self {
        Self { at: 0, across: columns, depth, width: tile.columns }
    }

    /// The same at an address.
    pub fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Rows or columns, padded to whole panels.
    fn padded(self) -> usize {
        self.across.next_multiple_of(self.width)
    }

    /// The words that it takes.
    pub fn words(self) -> usize {
        self.padded() * self.depth
    }

    /// As the operand of an operation.
    pub fn operand(self) -> Matrix {
        let [rows, columns, stride] = [self.depth, self.across, self.width].map(|n| n as u32);
        Matrix { at: self.at as u32, rows, columns, stride }
    }

    /// What [`Panels::operand`] was made of.
    pub fn of_operand(m: Matrix) -> Self {
        Self { at: m.at as usize, across: m.columns as usize, depth: m.rows as usize, width: m.stride as usize }
    }

    /// Steps of the depth in the block that begins at `from`.
    pub(crate) fn block_depth(self, from: usize) -> usize {
        DEPTH.min(self.depth - from)
    }

    /// Where the panel of row or column `across` begins, in the block of the depth that begins at `from`.
    pub(crate) fn panel(self, from: usize, across: usize) -> usize {
        self.at + from * self.padded() + across / self.width * self.width * self.block_depth(from)
    }
}

/// Packs the columns `from..to` of a matrix `(depth, across)`: a right side as it is, or the transpose of a left side.
/// `from` begins a panel.
pub(crate) fn pack_by_depth(memory: Memory, panels: Panels, matrix: Matrix, [from, to]: [usize; 2]) {
    let (at, stride) = (matrix.at as usize, matrix.stride as usize);
    for block in (0..panels.depth).step_by(DEPTH) {
        let depth = panels.block_depth(block);
        let end = to.next_multiple_of(panels.width);
        let start = panels.panel(block, from);
        let packed = memory.floats_mut(start, (end - from) * depth);
        for k in 0..depth {
            let row = memory.floats(at + (block + k) * stride + from, to - from);
            for (part, panel) in row.chunks(panels.width).zip(packed.chunks_exact_mut(depth * panels.width)) {
                panel[k * panels.width..][..part.len()].copy_from_slice(part);
            }
        }
    }
}

/// Packs rows and columns of a matrix `(across, depth)`: a left side as it is, or the transpose of a right side. Its
/// column 0 is the side's depth `shift`.
pub(crate) fn pack_by_across(
    memory: Memory,
    panels: Panels,
    matrix: Matrix,
    [from_row, to_row]: [usize; 2],
    [from, to]: [usize; 2],
    shift: usize,
) {
    let (at, stride, width) = (matrix.at as usize, matrix.stride as usize, panels.width);
    let mut column = from;
    while column < to {
        let k = column + shift;
        let block = k / DEPTH * DEPTH;
        let count = (block + panels.block_depth(block) - k).min(to - column);
        for first in (from_row..to_row).step_by(width) {
            let start = panels.panel(block, first) + (k - block) * width;
            let packed = memory.floats_mut(start, count * width);
            for row in first..to_row.min(first + width) {
                let numbers = memory.floats(at + row * stride + column, count);
                for (x, neighbours) in numbers.iter().zip(packed.chunks_exact_mut(width)) {
                    neighbours[row - first] = *x;
                }
            }
        }
        column += count;
    }
}
