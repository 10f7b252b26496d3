//! Prediction: from a zero state, warm up over the prefix, then the likeliest token again and again, with one read-back
//! at the end. A sample is one submission, or several where the device is slow or the prefix long.

use super::engine::Engine;
use super::layout::SEQUENCE_LIMIT;
use crate::error::{Error, Result};

impl Engine {
    /// Continues `prefix` by `length` tokens with the weights as they are now; gives prefix and continuation.
    ///
    /// # Errors
    /// An empty prefix, one with no room for the continuation, or a failure of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        if prefix.is_empty() {
            return Err(Error::EmptyPrefix);
        }
        let tokens = prefix.len().saturating_add(length);
        if tokens > SEQUENCE_LIMIT {
            return Err(Error::PrefixTooLong { allowed: SEQUENCE_LIMIT.saturating_sub(length), length: prefix.len() });
        }
        let mut sequence = vec![0, prefix.len() as u32];
        sequence.extend(prefix);
        self.gpu.queue.write_buffer(self.buffer("sequence"), 0, bytemuck::cast_slice(&sequence));
        self.settle().await?;
        let flops: u64 = self.steps.generate.iter().map(|dispatch| dispatch.flops).sum();
        let piece = usize::try_from(self.pace.budget / flops).unwrap_or(tokens).max(1);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.clear_buffer(self.buffer("state"), 0, None);
        for first in (0..tokens - 1).step_by(piece) {
            if first > 0 {
                let submission = self.gpu.submit(encoder.finish());
                self.gpu.wait(submission).await?;
                encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            }
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in first..(first + piece).min(tokens - 1) {
                for dispatch in &self.steps.generate {
                    self.dispatch(&mut pass, dispatch);
                }
            }
        }
        let bytes = 4 * (2 + tokens) as u64;
        encoder.copy_buffer_to_buffer(self.buffer("sequence"), 0, &self.readback, 0, bytes);
        self.gpu.submit(encoder.finish());
        let sequence = self.gpu.read::<u32>(&self.readback, bytes).await?;
        Ok(sequence[2..].to_vec())
    }
}
