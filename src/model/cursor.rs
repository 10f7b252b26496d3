//! An engine's position in a sequence of minibatches.

/// A minibatch of a training run: finished epochs before it, and its index within its epoch, from 0.
pub type MinibatchId = (u32, usize);

/// The hidden state at the start of a minibatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// Zeros.
    Zero,
    /// The last state of the previous minibatch.
    Carried,
}

/// The position in a sequence of minibatches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) minibatches: usize,
    /// The engine stops before this minibatch.
    pub(crate) until: usize,
    /// The current minibatch, and its next operation: a dispatch on the GPU, a part of the step on the CPU.
    pub(crate) at: (usize, usize),
    pub(crate) done: usize,
}

impl Cursor {
    pub fn new(minibatches: usize) -> Self {
        Self { minibatches, until: minibatches, at: (0, 0), done: 0 }
    }

    /// Whether all minibatches have been submitted to the device.
    pub fn is_submitted(&self) -> bool {
        self.at.0 == self.minibatches
    }

    /// Makes the engine stop before minibatch `m`, which must not have begun.
    pub fn hold_before(&mut self, m: usize) {
        self.until = m.clamp(self.next(), self.minibatches);
    }

    /// Whether the engine has reached the minibatch to stop at.
    pub fn is_held(&self) -> bool {
        self.at.0 == self.until
    }

    /// Minibatches that have been submitted to the device completely.
    pub fn submitted(&self) -> usize {
        self.at.0
    }

    /// The first minibatch that has not begun.
    pub fn next(&self) -> usize {
        self.at.0 + usize::from(self.at.1 > 0)
    }

    /// Notes that the device has finished all submitted minibatches.
    pub(crate) fn synchronized(&mut self) {
        self.done = self.at.0;
    }

    /// Minibatches known to be finished.
    pub fn done(&self) -> usize {
        self.done
    }
}
