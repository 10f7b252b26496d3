//! Matrix product.

use pulp::{Simd, WithSimd};

use crate::panels::Panels;
use crate::simd::dispatch;
use crate::tile::{DEPTH, FEW, MANY};

/// Rows of the left side, [`DEPTH`] deep, that stay in the L2 cache while all panels of the right side are read.
const ROWS: usize = 64;

/// `C (M, N) += L (M, K) · R (K, N)`, with `c` row-major.
///
/// # Panics
/// If the depths K differ, or `c` does not have M · N elements.
pub fn product(c: &mut [f32], left: &Panels, right: &Panels) {
    assert_eq!(c.len(), left.across * right.across);
    product_among(c, right.across, left, right);
}

/// [`product()`] for a matrix C that is a part of a wider one: its rows begin `stride` elements apart.
///
/// # Panics
/// If the depths K differ, or `c` has no M rows.
pub fn product_among(c: &mut [f32], stride: usize, left: &Panels, right: &Panels) {
    assert_eq!(left.depth, right.depth);
    assert!(stride >= right.across && c.len() + stride >= left.across * stride + right.across);
    dispatch(Product { c, stride, left, right });
}

struct Product<'a> {
    c: &'a mut [f32],
    stride: usize,
    left: &'a Panels,
    right: &'a Panels,
}

impl WithSimd for Product<'_> {
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

impl Product<'_> {
    #[inline(always)]
    fn run<S: Simd, const R: usize, const V: usize>(self, simd: S) {
        let Self { c, stride, left, right } = self;
        let (across, width) = (right.across, V * S::F32_LANES);
        let blocks = left.data.chunks(DEPTH * left.padded()).zip(right.data.chunks(DEPTH * right.padded()));
        for (left_block, right_block) in blocks {
            let depth = left_block.len() / left.padded();
            let rows = left_block.chunks(ROWS * depth).zip(c.chunks_mut(ROWS * stride));
            for (left_rows, c) in rows {
                for (j, panel) in right_block.chunks_exact(depth * width).enumerate() {
                    let (panel, _) = S::as_simd_f32s(panel);
                    let tiles = left_rows.chunks_exact(depth * R).zip(c.chunks_mut(R * stride));
                    for (left, c) in tiles {
                        let sums = sums::<S, R, V>(simd, left, panel);
                        add::<S, R, V>(simd, &sums, c, [stride, across], j * width);
                    }
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

/// Adds a tile to the rows of `c`, of `across` elements each, from `column` on; what exceeds a row is padding and is
/// dropped.
#[inline(always)]
fn add<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &[[S::f32s; V]; R],
    c: &mut [f32],
    [stride, across]: [usize; 2],
    column: usize,
) {
    let width = V * S::F32_LANES;
    for (row, sums) in c.chunks_mut(stride).zip(sums) {
        let row = &mut row[..across];
        if let Some(row) = row.get_mut(column..column + width) {
            let (row, _) = S::as_mut_simd_f32s(row);
            for (x, sum) in row.iter_mut().zip(sums) {
                *x = simd.add_f32s(*x, *sum);
            }
        } else {
            for (lanes, sum) in row[column..].chunks_mut(S::F32_LANES).zip(sums) {
                let sum = simd.add_f32s(simd.partial_load_f32s(lanes), *sum);
                simd.partial_store_f32s(lanes, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::tile;

    /// Numbers that differ from element to element.
    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1000.0 - 1.0).collect()
    }

    /// The transpose of a matrix `(rows, columns)`.
    fn transposed(rows: usize, columns: usize, matrix: &[f32]) -> Vec<f32> {
        (0..rows * columns).map(|i| matrix[i % rows * columns + i / rows]).collect()
    }

    #[test]
    fn a_product_of_any_size_is_right() {
        let (rows, columns) = tile();
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
        let (mut left, mut right) = (Panels::left(m), Panels::right(n));
        left.pack_by_across(&l);
        right.pack_by_depth(&r);
        let mut c = before.clone();
        product(&mut c, &left, &right);
        for (i, got) in c.iter().enumerate() {
            let (row, column) = (i / n, i % n);
            let sum: f64 = (0..k).map(|k_| f64::from(l[row * k + k_]) * f64::from(r[k_ * n + column])).sum();
            let expected = sum + f64::from(before[i]);
            assert!((f64::from(*got) - expected).abs() < 2e-5 * (k as f64).sqrt(), "{m}×{k}×{n} [{row}, {column}]");
        }
        // Among the columns of wider matrices the same.
        let wide = |matrix: &[f32], columns: usize| -> Vec<f32> {
            matrix.chunks(columns).flat_map(|row| [&[7.0, 7.0], row, &[7.0]].concat()).collect()
        };
        let (mut left_among, mut right_among, mut c_among) = (left.clone(), right.clone(), wide(&before, n));
        left_among.pack_by_across_among(&wide(&l, k)[2..], k, k + 3);
        right_among.pack_by_depth_among(&wide(&r, n)[2..], n + 3);
        assert!(left_among.data == left.data && right_among.data == right.data, "{m}×{k}×{n}");
        product_among(&mut c_among[2..], n + 3, &left, &right);
        assert_eq!(c_among, wide(&c, n), "{m}×{k}×{n}");
        // The other packing function makes the same panels, also in used ones.
        let (mut left_t, mut right_t) = (left.clone(), right.clone());
        left_t.pack_by_depth(&transposed(m, k, &l));
        right_t.pack_by_across(&transposed(k, n, &r));
        assert!(right_t.data == right.data, "{k}×{n}");
        assert!(left_t.data == left.data, "{m}×{k}");
    }
}
