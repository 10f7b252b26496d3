//! Parts of a training step in isolation, for `engine::profile`.

use web_time::Instant;

use super::engine::Engine;
use crate::error::Result;
use crate::model::{Minibatch, StateAt};

impl Engine {
    /// Runs all dispatches of one kernel of the training step `times` times, on the current content of its tensors.
    /// Returns the seconds from their submission, recorded before, to their end.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn repeat_kernel(&mut self, kernel: &str, times: usize) -> Result<f64> {
        let mut encoder = self.encoder();
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..times {
                self.dispatch(&mut pass, self.steps.of(kernel));
            }
        }
        let commands = encoder.finish();
        let start = Instant::now();
        let submission = self.gpu.submit(commands);
        self.gpu.wait(submission).await?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// Dispatches of a kernel in a training step.
    pub fn dispatches(&self, kernel: &str) -> usize {
        self.steps.of(kernel).count()
    }

    /// Packs and uploads a minibatch's tokens and records its commands, which are then dropped.
    pub fn record(&self, minibatch: &Minibatch) {
        let mut encoder = self.encoder();
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&self.pack(minibatch)));
        self.begin_minibatch(&mut encoder, 0, StateAt::Carried);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            self.dispatch(&mut pass, &self.steps.train);
        }
        self.end_minibatch(&mut encoder, 0);
        drop(encoder.finish());
    }
}
