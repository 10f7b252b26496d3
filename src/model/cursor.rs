//! How far an engine has come in a sequence of minibatches.

/// A minibatch of a training run: finished epochs before it, and its index within its epoch, from 0.
pub type MinibatchId = (u32, usize);

/// The state that enters a minibatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// Zeros.
    Zero,
    /// The state that the minibatch before left.
    Carried,
}

/// How far a sequence of minibatches has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) minibatches: usize,
    /// The engine holds before this minibatch.
    pub(crate) until: usize,
    /// The minibatch under way, and its next piece: a dispatch on the GPU, a part of the step on the CPU.
    pub(crate) at: (usize, usize),
    pub(crate) done: usize,
}

impl Cursor {
    pub fn new(minibatches: usize) -> Self {
        Self { minibatches, until: minibatches, at: (0, 0), done: 0 }
    }

    /// Whether everything has been handed to the device.
    pub fn is_submitted(&self) -> bool {
        self.at.0 == self.minibatches
    }

    /// Has the engine hold before minibatch `m`, which has not begun; at the end of the run at the latest.
    pub fn hold_before(&mut self, m: usize) {
        self.until = m.clamp(self.next(), self.minibatches);
    }

    /// Whether the engine is where it is to hold.
    pub fn is_held(&self) -> bool {
        self.at.0 == self.until
    }

    /// Minibatches that have been handed to the device from beginning to end.
    pub fn submitted(&self) -> usize {
        self.at.0
    }

    /// The first minibatch that has not begun.
    pub fn next(&self) -> usize {
        self.at.0 + usize::from(self.at.1 > 0)
    }

    /// All that was handed to the device is done.
    pub(crate) fn settled(&mut self) {
        self.done = self.at.0;
    }

    /// Minibatches known to be finished.
    pub fn done(&self) -> usize {
        self.done
    }
}
