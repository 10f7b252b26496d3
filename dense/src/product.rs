//! Matrix product.

use pulp::{Simd, WithSimd};

use crate::memory::Memory;
use crate::op::Matrix;
use crate::panels::Panels;
use crate::simd::dispatch;
use crate::tile::{DEPTH, FEW, MANY};

/// Rows of the left side, [`DEPTH`] deep, that stay in the L2 cache while all panels of the right side are read.
const ROWS: usize = 64;

/// Columns `columns` of `C (M, N) += L (M, K) · R (K, N)`. They begin with a panel.
///
/// # Panics
/// If the sizes don't fit each other.
pub(crate) fn product(memory: Memory, c: Matrix, left: Panels, right: Panels, columns: [usize; 2]) {
    assert!(left.depth == right.depth, "both sides are as deep");
    assert!((c.rows as usize, c.columns as usize) == (left.across, right.across), "C has their rows and columns");
    dispatch(Product { memory, c, left, right, columns });
}

struct Product {
    memory: Memory,
    c: Matrix,
    left: Panels,
    right: Panels,
    columns: [usize; 2],
}

impl WithSimd for Product {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            self.run::<S, { MANY.0 }, { MANY.1 }>(simd);
        } else {
            self.run::<S, { FEW.0 }, { FEW.1 }>(simd);
        }
    }
}

impl Product {
    #[inline(always)]
    fn run<S: Simd, const R: usize, const V: usize>(&self, simd: S) {
        let Self { memory, left, right, columns: [from, to], .. } = *self;
        let width = V * S::F32_LANES;
        for block in (0..left.depth).step_by(DEPTH) {
            let depth = left.block_depth(block);
            for rows in (0..left.across).step_by(ROWS) {
                for column in (from..to).step_by(width) {
                    let panel = memory.floats(right.panel(block, column), depth * width);
                    let (panel, _) = S::as_simd_f32s(panel);
                    for row in (rows..left.across.min(rows + ROWS)).step_by(R) {
                        let left = memory.floats(left.panel(block, row), depth * R);
                        let sums = sums::<S, R, V>(simd, left, panel);
                        self.add::<S, R, V>(simd, &sums, row, column);
                    }
                }
            }
        }
    }

    /// Adds a tile from this row and column on; what exceeds C is padding and is dropped.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        sums: &[[S::f32s; V]; R],
        row: usize,
        column: usize,
    ) {
        let Matrix { at, rows, columns, stride } = self.c;
        let width = (V * S::F32_LANES).min(columns as usize - column);
        for (row, sums) in (row..rows as usize).zip(sums) {
            let c = self.memory.floats_mut(at as usize + row * stride as usize + column, width);
            if width == V * S::F32_LANES {
                let (c, _) = S::as_mut_simd_f32s(c);
                for (x, sum) in c.iter_mut().zip(sums) {
                    *x = simd.add_f32s(*x, *sum);
                }
            } else {
                for (lanes, sum) in c.chunks_mut(S::F32_LANES).zip(sums) {
                    let sum = simd.add_f32s(simd.partial_load_f32s(lanes), *sum);
                    simd.partial_store_f32s(lanes, sum);
                }
            }
        }
    }
}

/// The sums of one tile: R rows and V vectors of columns, over one block of the depth.
#[inline(always)]
fn sums<S: Simd, const R: usize, const V: usize>(simd: S, left: &[f32], panel: &[S::f32s]) -> [[S::f32s; V]; R] {
    let mut sums = [[simd.splat_f32s(0.0); V]; R];
    for (l, r) in left.chunks_exact(R).zip(panel.chunks_exact(V)) {
        for (x, sums) in l.iter().zip(&mut sums) {
            let x = simd.splat_f32s(*x);
            for (r, sum) in r.iter().zip(sums) {
                *sum = simd.mul_add_e_f32s(x, *r, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::{pack_by_across, pack_by_depth};
    use crate::tile::{Tile, tile};

    /// Numbers that differ from element to element.
    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    /// The transpose of a matrix `(rows, columns)`.
    fn transposed(rows: usize, columns: usize, matrix: &[f32]) -> Vec<f32> {
        (0..rows * columns).map(|i| matrix[i % rows * columns + i / rows]).collect()
    }

    /// A memory that grows, and where things lie in it.
    #[derive(Default)]
    struct Arena(Vec<[u64; 32]>, usize);

    impl Arena {
        fn take(&mut self, words: usize) -> usize {
            let at = self.1;
            self.1 += words;
            self.0.resize(self.1.div_ceil(64), [0; 32]);
            at
        }

        fn memory(&mut self) -> Memory {
            // SAFETY: one thread, and the vector outlives each use.
            unsafe { Memory::new(self.0.as_mut_ptr().cast(), self.1) }
        }

        /// A matrix that is part of a wider one.
        fn put(&mut self, rows: usize, columns: usize, numbers: &[f32], stride: usize) -> Matrix {
            let at = self.take(rows * stride);
            for (r, row) in numbers.chunks(columns).enumerate() {
                self.memory().floats_mut(at + r * stride, columns).copy_from_slice(row);
            }
            Matrix { stride: stride as u32, ..Matrix::new(at, rows, columns) }
        }
    }

    #[test]
    fn a_product_of_any_size_is_right() {
        let Tile { rows, columns } = tile();
        let around = |n: usize| [1, n - 1, n, n + 1, 2 * n + 3];
        for m in around(rows).into_iter().chain([ROWS + 1]) {
            for n in around(columns) {
                for k in [1, 2, 33, DEPTH - 1, DEPTH, DEPTH + 1, 2 * DEPTH + 5] {
                    check(m, n, k);
                }
            }
        }
    }

    fn check(m: usize, n: usize, k: usize) {
        let (l, r, before) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
        let mut arena = Arena::default();
        let [l_at, r_at] = [arena.put(m, k, &l, k + 3), arena.put(k, n, &r, n + 1)];
        let [l_t, r_t] = [(m, k, &l), (k, n, &r)]
            .map(|(rows, columns, matrix)| arena.put(columns, rows, &transposed(rows, columns, matrix), rows + 2));
        let c = arena.put(m, n, &before, n + 2);
        let mut sides = [(); 4].map(|()| [Panels::left(tile(), m, k), Panels::right(tile(), n, k)]);
        for side in sides.iter_mut().flatten() {
            *side = side.at(arena.take(side.words()));
        }
        let memory = arena.memory();
        let [[left, right], [left_again, right_again], ..] = sides;
        let width = right.width;
        // In parts, as threads do.
        for from in (0..n).step_by(width) {
            pack_by_depth(memory, right, r_at, [from, n.min(from + width)]);
        }
        for from in (0..k).step_by(7) {
            pack_by_across(memory, left, l_at, [0, m], [from, k.min(from + 7)], 0);
        }
        // The other function makes the same panels.
        pack_by_depth(memory, left_again, l_t, [0, m]);
        pack_by_across(memory, right_again, r_t, [0, n], [0, k], 0);
        let packed = |side: Panels| memory.floats(side.at, side.words());
        assert!(packed(left) == packed(left_again) && packed(right) == packed(right_again), "{m}×{k}×{n}");
        // A side in two parts of its depth.
        let [part, rest] = [l_at.columns(0, k / 2), l_at.columns(k / 2, k - k / 2)];
        pack_by_across(memory, sides[2][0], rest, [0, m], [0, k - k / 2], k / 2);
        pack_by_across(memory, sides[2][0], part, [0, m], [0, k / 2], 0);
        assert_eq!(packed(left), packed(sides[2][0]), "{m}×{k}");
        for from in (0..n).step_by(width) {
            product(memory, c, left, right, [from, n.min(from + width)]);
        }
        for (i, before) in before.iter().enumerate() {
            let (row, column) = (i / n, i % n);
            let got = memory.float(c.at as usize + row * (n + 2) + column);
            let sum: f64 = (0..k).map(|k_| f64::from(l[row * k + k_]) * f64::from(r[k_ * n + column])).sum();
            let expected = sum + f64::from(*before);
            assert!((f64::from(got) - expected).abs() < 2e-5 * (k as f64).sqrt(), "{m}×{k}×{n} [{row}, {column}]");
        }
        for row in 0..m {
            assert_eq!(memory.floats(c.at as usize + row * (n + 2) + n, 2), [0.0; 2], "what is beside C");
        }
    }
}
