//! How a product is divided into tiles, whose sums stay in registers.

use pulp::{Simd, WithSimd};

use crate::simd::dispatch;

/// The depth summed in registers before C is updated; a right panel of this depth stays in the L1 cache.
pub const DEPTH: usize = 256;

/// Rows and vectors of a tile with 16 registers: eight sums keep two multiply-add units with a latency of four cycles
/// busy.
pub const FEW: (usize, usize) = (4, 2);

/// Rows and vectors of a tile with 32 registers (AVX-512).
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
