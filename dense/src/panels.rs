//! One side of a product, packed.

use crate::tile::{DEPTH, tile};

/// One side of a product, in the order in which the product reads it: along the depth `K`, which is summed over, blocks
/// of at most [`DEPTH`]; within a block, panels of `width` rows (left side) or columns (right side); within a panel,
/// `width` elements for each step of the depth. The last panel is padded with zeros.
#[derive(Debug, Clone)]
pub struct Panels {
    /// Rows of the left side, columns of the right.
    pub(crate) across: usize,
    pub(crate) depth: usize,
    pub(crate) width: usize,
    pub(crate) data: Vec<f32>,
}

impl Panels {
    /// For the left side of a product of `rows` rows.
    pub fn left(rows: usize) -> Self {
        Self { across: rows, depth: 0, width: tile().0, data: Vec::new() }
    }

    /// For the right side of a product of `columns` columns.
    pub fn right(columns: usize) -> Self {
        Self { across: columns, depth: 0, width: tile().1, data: Vec::new() }
    }

    /// Rows or columns, padded to whole panels.
    pub(crate) fn padded(&self) -> usize {
        self.across.next_multiple_of(self.width)
    }

    fn set_depth(&mut self, depth: usize) {
        if self.depth != depth || self.data.is_empty() {
            self.depth = depth;
            self.data.clear();
            self.data.resize(self.padded() * depth, 0.0);
        }
    }

    /// Packs a row-major matrix `(depth, across)`: a right side as it is, or the transpose of a left side.
    pub fn pack_by_depth(&mut self, matrix: &[f32]) {
        self.pack_by_depth_among(matrix, self.across);
    }

    /// [`Panels::pack_by_depth`] of a part of a wider matrix, whose rows begin `stride` elements apart.
    pub fn pack_by_depth_among(&mut self, matrix: &[f32], stride: usize) {
        let (across, width) = (self.across, self.width);
        self.set_depth(matrix.len().div_ceil(stride));
        let padded = self.padded();
        for (rows, block) in matrix.chunks(DEPTH * stride).zip(self.data.chunks_mut(DEPTH * padded)) {
            let depth = rows.len().div_ceil(stride);
            for (k, row) in rows.chunks(stride).enumerate() {
                for (part, panel) in row[..across].chunks(width).zip(block.chunks_exact_mut(depth * width)) {
                    panel[k * width..][..part.len()].copy_from_slice(part);
                }
            }
        }
    }

    /// Packs a row-major matrix `(across, depth)`: a left side as it is, or the transpose of a right side.
    pub fn pack_by_across(&mut self, matrix: &[f32]) {
        let depth = matrix.len() / self.across;
        self.pack_by_across_among(matrix, depth, depth);
    }

    /// [`Panels::pack_by_across`] of a part of a wider matrix, whose rows begin `stride` elements apart.
    pub fn pack_by_across_among(&mut self, matrix: &[f32], depth: usize, stride: usize) {
        let width = self.width;
        self.set_depth(depth);
        let padded = self.padded();
        for (b, block) in self.data.chunks_mut(DEPTH * padded).enumerate() {
            let from = b * DEPTH;
            let here = block.len() / padded;
            for (rows, panel) in matrix.chunks(width * stride).zip(block.chunks_exact_mut(here * width)) {
                for (i, row) in rows.chunks(stride).enumerate() {
                    for (x, neighbours) in row[from..][..here].iter().zip(panel.chunks_exact_mut(width)) {
                        neighbours[i] = *x;
                    }
                }
            }
        }
    }
}
