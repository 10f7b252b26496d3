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
        [self.cell, self.output].into_iter().flat_map(|module| stages(module.forward, Times::Forward)).collect()
    }

    /// The kernels of a training step: forward to the loss, back through the output layer and through time, the
    /// gradients of the parameters, the update.
    pub fn training(&self) -> Vec<Stage> {
        let Self { cell, output, loss, optimizer, .. } = *self;
        let mut stages_ = self.forward();
        stages_.extend(stages(loss.forward, Times::Forward));
        for module in [output, cell] {
            stages_.extend(stages(module.backward, Times::Backward));
        }
        for module in [output, cell] {
            stages_.extend(stages(module.gradients, Times::Backward));
        }
        stages_.extend(stages(optimizer.update, Times::Forward));
        stages_
    }

    /// All runs of these kernels, in order. Neighbours that run at every time step take turns.
    pub fn calls(&self, stages: &[Stage]) -> Vec<Call> {
        let steps = self.sizes.steps;
        let alike = stages.chunk_by(|a, b| a.times == b.times);
        let calls = alike.flat_map(|stages| {
            let times: Vec<usize> = match stages[0].times {
                Times::Once => vec![0],
                Times::Forward => (0..steps).collect(),
                Times::Backward => (0..steps).rev().collect(),
            };
            times.into_iter().flat_map(|t| stages.iter().map(move |stage| Call { kernel: stage.kernel, t }))
        });
        calls.collect()
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
        let [score, pick] = self.prediction.generate else { panic!("prediction scores and picks") };
        let own = [self.cell, self.output].into_iter().flat_map(|module| module.generate).copied();
        own.chain(scored.then_some(*score)).chain([*pick]).collect()
    }

    /// Every kernel, in the order of a training step; then those of prediction.
    pub fn kernels(&self) -> Vec<&'static Kernel> {
        self.training().iter().map(|stage| stage.kernel).chain(self.generation(true)).collect()
    }
}

fn stages(kernels: &'static [&'static Kernel], in_time: Times) -> impl Iterator<Item = Stage> {
    kernels.iter().map(move |&kernel| Stage {
        kernel,
        times: match kernel.runs {
            Runs::EachStep => in_time,
            Runs::Once => Times::Once,
        },
    })
}
