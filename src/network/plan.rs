//! The order of a network's kernels, in training and in prediction.

use super::description::Network;
use super::table::{Kernel, Runs};
use super::work::Work;

/// One run of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub kernel: &'static Kernel,
    /// The time step; 0 where there is none.
    pub t: usize,
}

/// Kernels that follow each other and run alike.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub kernel: &'static Kernel,
    pub times: Times,
}

/// When a kernel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    Once,
    /// At every time step, from the first to the last.
    Forward,
    /// At every time step, from the last to the first.
    Backward,
}

impl Network {
    /// The kernels of the way forward up to the logits.
    pub fn forward(&self) -> Vec<Stage> {
        let mut list = Vec::new();
        for module in [self.cell, self.output] {
            list_kernels(&mut list, module.forward, Times::Forward);
        }
        list
    }

    /// The kernels of a training step: forward to the loss, back through the output layer and through time, the
    /// gradients of the parameters, the update.
    pub fn training(&self) -> Vec<Stage> {
        let Self { cell, output, loss, optimizer, .. } = *self;
        let mut list = self.forward();
        list_kernels(&mut list, loss.forward, Times::Forward);
        for module in [output, cell] {
            list_kernels(&mut list, module.backward, Times::Backward);
        }
        for module in [output, cell] {
            list_kernels(&mut list, module.gradients, Times::Backward);
        }
        list_kernels(&mut list, optimizer.update, Times::Forward);
        list
    }

    /// All runs of these kernels, in order. Neighbours that run at every time step take turns.
    pub fn calls(&self, stages: &[Stage]) -> Vec<Call> {
        let steps = self.sizes.steps;
        let mut calls = Vec::new();
        for stages in stages.chunk_by(|a, b| a.times == b.times) {
            let times = if stages[0].times == Times::Once { 1 } else { steps };
            for i in 0..times {
                let t = if stages[0].times == Times::Backward { steps - 1 - i } else { i };
                calls.extend(stages.iter().map(|stage| Call { kernel: stage.kernel, t }));
            }
        }
        calls
    }

    /// The runs of a training step.
    pub fn training_calls(&self) -> Vec<Call> {
        self.calls(&self.training())
    }

    /// Operations and bytes of a training step.
    pub fn work(&self) -> Work {
        self.training().iter().map(|stage| (stage.kernel.work)(&self.counts())).sum()
    }

    /// The kernels of one token of prediction; `scored` with the score by which a token is sampled, otherwise the
    /// likeliest is picked.
    pub fn generation(&self, scored: bool) -> Vec<&'static Kernel> {
        let mut kernels = [self.cell.generate, self.output.generate].concat();
        let [score, pick] = self.prediction.generate else { panic!("prediction scores and picks") };
        kernels.extend(scored.then_some(*score));
        kernels.push(pick);
        kernels
    }

    /// Every kernel, in the order of a training step; then those of prediction.
    pub fn kernels(&self) -> Vec<&'static Kernel> {
        self.training().iter().map(|stage| stage.kernel).chain(self.generation(true)).collect()
    }
}

fn list_kernels(list: &mut Vec<Stage>, kernels: &[&'static Kernel], in_time: Times) {
    list.extend(kernels.iter().map(|&kernel| {
        let times = if kernel.runs == Runs::EachStep { in_time } else { Times::Once };
        Stage { kernel, times }
    }));
}
