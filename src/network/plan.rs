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
        [self.cell, self.output].into_iter().flat_map(|module| stages(module.forward, Order::Forward)).collect()
    }

    /// The kernels of a training step: the forward pass to the loss, the backward pass through the output layer and
    /// through time, the gradients of the parameters, the optimizer's update.
    pub fn training(&self) -> Vec<Stage> {
        let Self { cell, output, loss, optimizer, .. } = *self;
        let mut training = self.forward();
        training.extend(stages(loss.forward, Order::Forward));
        for module in [output, cell] {
            training.extend(stages(module.backward, Order::Backward));
        }
        for module in [output, cell] {
            training.extend(stages(module.gradients, Order::Backward));
        }
        training.extend(stages(optimizer.update, Order::Forward));
        training
    }

    /// All calls of these kernels, in order. Successive kernels with the same order over time steps are interleaved.
    pub fn calls(&self, stages: &[Stage]) -> Vec<Call> {
        let steps = self.sizes.steps;
        let interleaved = stages.chunk_by(|a, b| a.order == b.order);
        let calls = interleaved.flat_map(|stages| {
            let times: Vec<usize> = match stages[0].order {
                Order::Once => vec![0],
                Order::Forward => (0..steps).collect(),
                Order::Backward => (0..steps).rev().collect(),
            };
            times.into_iter().flat_map(|t| stages.iter().map(move |stage| Call { kernel: stage.kernel, t }))
        });
        calls.collect()
    }

    /// The kernel calls of a training step.
    pub fn training_calls(&self) -> Vec<Call> {
        self.calls(&self.training())
    }

    /// Operations and bytes of a training step.
    pub fn work(&self) -> Work {
        self.training().iter().map(|stage| (stage.kernel.work)(&self.counts())).sum()
    }

    /// The kernels that predict one token: sampled by its score if `scored`, otherwise the likeliest.
    pub fn generation(&self, scored: bool) -> Vec<&'static Kernel> {
        let [score, pick] = self.prediction.generate else { panic!("prediction scores and picks") };
        let logits = [self.cell, self.output].into_iter().flat_map(|module| module.generate).copied();
        logits.chain(scored.then_some(*score)).chain([*pick]).collect()
    }

    /// Every kernel, in the order of a training step; then those of prediction.
    pub fn kernels(&self) -> Vec<&'static Kernel> {
        self.training().iter().map(|stage| stage.kernel).chain(self.generation(true)).collect()
    }
}

/// `each_step` is the order of those kernels that run at each time step.
fn stages(kernels: &'static [&'static Kernel], each_step: Order) -> impl Iterator<Item = Stage> {
    kernels.iter().map(move |&kernel| Stage {
        kernel,
        order: match kernel.runs {
            Runs::EachStep => each_step,
            Runs::Once => Order::Once,
        },
    })
}
