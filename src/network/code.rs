//! The code of kernels, apart from their tables, so that the page, which only shows a network, links none of it.

use std::ops::Range;

use super::memory::{Tensors, Weights};

/// The code of one kernel.
#[derive(Debug)]
pub struct Code {
    /// Name of the [`Kernel`](super::Kernel).
    pub kernel: &'static str,
    /// Its WGSL source.
    pub wgsl: &'static str,
    /// WGSL sources to put in front of it.
    pub uses: &'static [&'static str],
    /// The CPU engine's version; `None` for kernels that it does not call.
    pub cpu: Option<Cpu>,
}

/// A kernel on the CPU: a function of a range of positions `t · B + b`, called once for each range of `parts`.
/// Gradients are zero before the first kernel of a minibatch; gradient kernels add to them.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pub parts: Parts,
    pub run: fn(&mut Weights, &mut Tensors, Range<usize>),
}

/// How a minibatch's positions are split into ranges. Successive kernels with the same `Parts` are interleaved range by
/// range, so that each finds in the cache what the one before has just written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// The positions of one time step, from the first step to the last.
    Forward,
    /// The same from the last step to the first.
    Backward,
    /// [`GRAD_POSITIONS`] positions at a time.
    Positions,
    /// All positions at once.
    Whole,
}

/// Positions that one call of a gradient kernel sums over: the inner dimension of its product.
pub const GRAD_POSITIONS: usize = 256;

impl Parts {
    /// The ranges of positions `t · B + b`, in order, for `batch` sequences of `steps` time steps.
    pub fn ranges(self, batch: usize, steps: usize) -> Vec<Range<usize>> {
        let positions = batch * steps;
        let step = |t: usize| t * batch..(t + 1) * batch;
        match self {
            Self::Forward => (0..steps).map(step).collect(),
            Self::Backward => (0..steps).rev().map(step).collect(),
            Self::Positions => {
                let part = |from: usize| from..positions.min(from + GRAD_POSITIONS);
                (0..positions).step_by(GRAD_POSITIONS).map(part).collect()
            }
            Self::Whole => std::iter::once(0..positions).collect(),
        }
    }
}

/// The code of all kernels, one slice per module.
pub type Library = &'static [&'static [Code]];

/// Finds the code of a kernel.
///
/// # Panics
/// If the library has none; `tests/shaders.rs` checks the tables against the library.
pub fn code_of(library: Library, kernel: &str) -> &'static Code {
    let mut all = library.iter().copied().flatten();
    all.find(|code| code.kernel == kernel).unwrap_or_else(|| panic!("the kernel {kernel} has no code"))
}
