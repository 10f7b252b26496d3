//! The order of a network's kernels in training and in prediction, which engines and oracle follow.

use super::description::Network;
use super::table::{Kernel, Runs};
use super::work::Work;

/// One call of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub kernel: &'static Kernel,
    /// The time step; 0 for kernels that run once.
    pub t: usize,
}

/// A kernel with the order of its calls.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub kernel: &'static Kernel,
    pub order: Order,
}

/// At which time steps a kernel is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Once,
    /// At every time step, from the first to the last.
    Forward,
    /// At every time step, from the last to the first.
    Backward,
}

impl Network {
    /// The kernels of the forward pass, up to the logits.
    pub fn forward(&self) -> Vec<Stage> {
        let mut list = Vec::new();
        for module in [self.cell, self.output] {
            list_kernels(&mut list, module.forward, Order::Forward);
        }
        list
    }

    /// The kernels of a training step: the forward pass to the loss, the backward pass through the output layer and
    /// through time, the gradients of the parameters, the optimizer's update.
    pub fn training(&self) -> Vec<Stage> {
        let Self { cell, output, loss, optimizer, .. } = *self;
        let mut list = self.forward();
        list_kernels(&mut list, loss.forward, Order::Forward);
        for module in [output, cell] {
            list_kernels(&mut list, module.backward, Order::Backward);
        }
        for module in [output, cell] {
            list_kernels(&mut list, module.gradients, Order::Backward);
        }
        list_kernels(&mut list, optimizer.update, Order::Forward);
        list
    }

    /// All calls of these kernels, in order. Successive kernels with the same order over time steps are interleaved.
    pub fn calls(&self, stages: &[Stage]) -> Vec<Call> {
        let steps = self.sizes.steps;
        let mut calls = Vec::new();
        for stages in stages.chunk_by(|a, b| a.order == b.order) {
            let times = if stages[0].order == Order::Once { 1 } else { steps };
            for i in 0..times {
                let t = if stages[0].order == Order::Backward { steps - 1 - i } else { i };
                calls.extend(stages.iter().map(|stage| Call { kernel: stage.kernel, t }));
            }
        }
        calls
    }

    /// The kernel calls of a training step.
    pub fn training_calls(&self) -> Vec<Call> {
        self.calls(&self.training())
    }

    /// Operations and bytes of a training step.
    pub fn work(&self) -> Work {
        self.training().iter().map(|stage| (stage.kernel.work)(&self.counts())).sum()
    }

    /// The kernels that read one token and predict the next: sampled by its score if `scored`, otherwise the likeliest.
    pub fn generation(&self, scored: bool) -> Vec<&'static Kernel> {
        let sampling = if scored { self.prediction.generate } else { &[] };
        [self.cell.generate, sampling].concat()
    }

    /// Every kernel, in the order of a training step; then those of prediction.
    pub fn kernels(&self) -> Vec<&'static Kernel> {
        self.training().iter().map(|stage| stage.kernel).chain(self.generation(true)).collect()
    }
}

/// `each_step` is the order of those kernels that run at each time step.
fn list_kernels(list: &mut Vec<Stage>, kernels: &[&'static Kernel], each_step: Order) {
    list.extend(kernels.iter().map(|&kernel| {
        let order = if kernel.runs == Runs::EachStep { each_step } else { Order::Once };
        Stage { kernel, order }
    }));
}
