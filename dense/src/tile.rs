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

/// Rows and columns of a tile: the widths of left and right panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub rows: usize,
    pub columns: usize,
}

/// The tiles of this machine's, or this build's, SIMD.
pub fn tile() -> Tile {
    struct Shape;
    impl WithSimd for Shape {
        type Output = Tile;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Tile {
            let (rows, vectors) = if S::F32_LANES == 16 { MANY } else { FEW };
            Tile { rows, columns: vectors * S::F32_LANES }
        }
    }
    dispatch(Shape)
}
