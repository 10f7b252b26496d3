//! How a product is divided: what is summed in registers, and how deep.

use pulp::{Simd, WithSimd};

use crate::simd::dispatch;

/// So much of the depth is summed in registers at once; a right panel of it stays in the first cache.
pub const DEPTH: usize = 256;

/// Rows and vectors of a tile, which is what is summed in registers: as many sums as a processor needs to keep two
/// multiply-add units with a latency of four busy, twice that where there are 32 registers.
pub const FEW: (usize, usize) = (4, 2);
pub const MANY: (usize, usize) = (8, 2);

/// Rows and columns of a tile on this machine: the widths of left and right panels.
pub fn tile() -> (usize, usize) {
    struct Shape;
    impl WithSimd for Shape {
        type Output = (usize, usize);
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> (usize, usize) {
            let (rows, vectors) = if S::F32_LANES == 16 { MANY } else { FEW };
            (rows, vectors * S::F32_LANES)
        }
    }
    dispatch(Shape)
}
