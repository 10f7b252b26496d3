//! The order of a network's kernels in training and in prediction, which engines and oracle follow.

use super::description::Network;
use super::table::{Kernel, Runs};
use super::work::Work;

/// One call of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub kernel: &'static Kernel,
    /// The layer whose tensors it binds.
    pub layer: usize,
    /// The time step; 0 for kernels that run once.
    pub t: usize,
}

/// A kernel with the order of its calls.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub kernel: &'static Kernel,
    /// The layer whose tensors it binds.
    pub layer: usize,
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
    /// The kernels of the forward pass, up to the logits: layer by layer, from the lowest.
    pub fn forward(&self) -> Vec<Stage> {
        let mut list = Vec::new();
        for layer in 0..self.layers {
            list_kernels(&mut list, self.layer(layer).forward, layer, Order::Forward);
        }
        list_kernels(&mut list, self.output.forward, self.top(), Order::Forward);
        list
    }

    /// The highest layer, whose hidden states the output layer reads.
    pub fn top(&self) -> usize {
        self.layers - 1
    }

    /// The kernels of a training step: the forward pass to the loss, the backward pass through the output layer and
    /// through time, from the highest layer to the lowest, the gradients of the parameters, the optimizer's update.
    pub fn training(&self) -> Vec<Stage> {
        let mut list = self.forward();
        list_kernels(&mut list, self.loss.forward, self.top(), Order::Forward);
        list.extend(self.backward());
        list_kernels(&mut list, self.output.gradients, self.top(), Order::Backward);
        for layer in (0..self.layers).rev() {
            list_kernels(&mut list, self.layer(layer).gradients, layer, Order::Backward);
        }
        list_kernels(&mut list, self.optimizer.update, 0, Order::Forward);
        list
    }

    /// The kernels of the backward pass: through the output layer and through time, from the highest layer to the lowest.
    pub fn backward(&self) -> Vec<Stage> {
        let mut list = Vec::new();
        list_kernels(&mut list, self.output.backward, self.top(), Order::Backward);
        for layer in (0..self.layers).rev() {
            list_kernels(&mut list, self.layer(layer).backward, layer, Order::Backward);
        }
        list
    }

    /// All calls of these kernels, in order. Successive kernels with the same order over time steps are interleaved.
    pub fn calls(&self, stages: &[Stage]) -> Vec<Call> {
        let steps = self.sizes.steps;
        let mut calls = Vec::new();
        for stages in stages.chunk_by(|a, b| a.order == b.order && a.layer == b.layer) {
            let times = if stages[0].order == Order::Once { 1 } else { steps };
            for i in 0..times {
                let t = if stages[0].order == Order::Backward { steps - 1 - i } else { i };
                calls.extend(stages.iter().map(|&Stage { kernel, layer, .. }| Call { kernel, layer, t }));
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
    pub fn generation(&self, scored: bool) -> Vec<Stage> {
        let mut list = Vec::new();
        for layer in 0..self.layers {
            list_kernels(&mut list, self.layer(layer).generate, layer, Order::Once);
        }
        list_kernels(&mut list, self.output.generate, self.top(), Order::Once);
        if scored {
            list_kernels(&mut list, self.prediction.generate, 0, Order::Once);
        }
        list
    }

    /// Every kernel in every layer, in the order of a training step; then those of prediction.
    pub fn kernels(&self) -> Vec<Stage> {
        [self.training(), self.generation(true)].concat()
    }
}

/// `each_step` is the order of those kernels that run at each time step.
fn list_kernels(list: &mut Vec<Stage>, kernels: &[&'static Kernel], layer: usize, each_step: Order) {
    list.extend(kernels.iter().map(|&kernel| {
        let order = if kernel.runs == Runs::EachStep { each_step } else { Order::Once };
        Stage { kernel, layer, order }
    }));
}
