//! Floating-point operations and memory traffic of a training step, kernel by kernel, to compare measured times with.

use std::iter::Sum;

/// Sizes in u64, because products of them overflow wasm32's usize.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Batch size.
    pub b: u64,
    /// Time steps.
    pub t: u64,
    /// Positions, `t · b`.
    pub n: u64,
    /// Hidden units.
    pub h: u64,
    /// Vocabulary size.
    pub v: u64,
    /// Gates of a cell; 1 for the plain RNN.
    pub g: u64,
    /// Those that the input has.
    pub gx: u64,
    /// Those that the state has.
    pub gh: u64,
    /// Elements of all parameters.
    pub parameters: u64,
    /// Elements of the parameters with a transposed copy.
    pub transposed: u64,
}

/// Work of one kernel in one minibatch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts as two.
    pub flops: u64,
    /// Bytes of memory traffic if every dispatch reads each operand once and writes each result once.
    pub bytes: u64,
}

impl Work {
    /// `floats`: f32 elements read and written.
    pub fn new(flops: u64, floats: u64) -> Self {
        Self { flops, bytes: 4 * floats }
    }

    /// Work of one product `(rows, inner) · (inner, columns)`.
    pub fn product(rows: u64, inner: u64, columns: u64) -> Self {
        Self::new(2 * rows * inner * columns, rows * inner + inner * columns + rows * columns)
    }

    /// Adds further operations, and floats read or written.
    pub fn and(self, flops: u64, floats: u64) -> Self {
        self.plus(Self::new(flops, floats))
    }

    /// Work of `count` calls.
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
        // (32, 512) · (512, 512) forward and backward at every step, without the last backward one; and
        // (512, 1120) · (1120, 512).
        let most = 2 * (32 * 69 + 1120) * 512 * 512;
        assert!(work.flops > most && work.flops < most + most / 10, "{work:?}");
        assert_eq!((work.flops as f64 / 1e7).round(), 185.0, "{work:?}");
        // w_hh, 1 MB, is read at every step of both passes.
        assert!(work.bytes > 70 << 20, "{work:?}");
    }
}
