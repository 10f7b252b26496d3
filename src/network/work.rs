//! What a training step is in operations and memory, kernel by kernel: what speeds are held against.

use std::iter::Sum;

/// Sizes as numbers that their products fit into: on the web a usize has 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Rows of a minibatch.
    pub b: u64,
    /// Time steps.
    pub t: u64,
    /// Positions, `t · b`.
    pub n: u64,
    /// Hidden units.
    pub h: u64,
    /// Vocabulary size.
    pub v: u64,
    /// All parameters,
    pub parameters: u64,
    /// and those with a transposed copy.
    pub transposed: u64,
}

/// Of one kernel in one minibatch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts as two.
    pub flops: u64,
    /// Bytes that must move if every dispatch reads each of its operands once from memory and writes each result once.
    pub bytes: u64,
}

impl Work {
    pub fn new(flops: u64, floats: u64) -> Self {
        Self { flops, bytes: 4 * floats }
    }

    /// Of one product `(rows, inner) · (inner, columns)`.
    pub fn product(rows: u64, inner: u64, columns: u64) -> Self {
        Self::new(2 * rows * inner * columns, rows * inner + inner * columns + rows * columns)
    }

    /// With what is done beside it.
    pub fn and(self, flops: u64, floats: u64) -> Self {
        self.plus(Self::new(flops, floats))
    }

    /// So many times.
    pub fn times(self, count: u64) -> Self {
        Self { flops: count * self.flops, bytes: count * self.bytes }
    }

    fn plus(self, other: Self) -> Self {
        Self { flops: self.flops + other.flops, bytes: self.bytes + other.bytes }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(works: I) -> Self {
        works.fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels;
    use crate::model::Sizes;

    #[test]
    fn a_minibatch_of_the_book_is_1_85_gflop() {
        let work = kernels::network(Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 }).work();
        // Two products of (32, 512) · (512, 512) a step but the last one's way back, and one of (512, 1120) · (1120, 512).
        let most = 2 * (32 * 69 + 1120) * 512 * 512;
        assert!(work.flops > most && work.flops < most + most / 10, "{work:?}");
        assert_eq!((work.flops as f64 / 1e7).round(), 185.0, "{work:?}");
        // W_hh, 1 MB, is read at every step of both ways.
        assert!(work.bytes > 70 << 20, "{work:?}");
    }
}
