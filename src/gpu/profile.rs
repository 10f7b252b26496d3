//! Parts of a training step in isolation, for `engine::profile`.

use super::engine::Engine;
use crate::error::Result;
use crate::model::{Minibatch, StateAt};

impl Engine {
    /// Runs all dispatches of one kernel of the training step `times` times, on the current content of its tensors.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn repeat_kernel(&mut self, kernel: &str, times: usize) -> Result<()> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..times {
                self.steps.of(kernel).for_each(|dispatch| self.dispatch(&mut pass, dispatch));
            }
        }
        let submission = self.gpu.submit(encoder.finish());
        self.gpu.wait(submission).await
    }

    /// Dispatches of a kernel in a training step.
    pub fn dispatches(&self, kernel: &str) -> usize {
        self.steps.of(kernel).count()
    }

    /// Packs and uploads a minibatch's tokens and records its commands, which are then dropped.
    pub fn record(&self, minibatch: &Minibatch) {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&self.pack(minibatch)));
        self.begin_minibatch(&mut encoder, 0, StateAt::Carried);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.steps.train.iter().for_each(|dispatch| self.dispatch(&mut pass, dispatch));
        }
        self.end_minibatch(&mut encoder, 0);
        drop(encoder.finish());
    }
}
