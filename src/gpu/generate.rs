//! Prediction: from a zero state, warm up over the prefix, then the likeliest token again and again, all in one
//! command list and with one read-back.

use super::engine::Engine;
use super::layout::SEQUENCE_LIMIT;
use crate::error::{Error, Result};

impl Engine {
    /// Continues `prefix` by `length` tokens with the weights as they are now; gives prefix and continuation.
    ///
    /// # Errors
    /// An empty prefix, one with no room for the continuation, or a failure of the device.
    pub async fn generate(&self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
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
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.clear_buffer(self.buffer("state"), 0, None);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..tokens - 1 {
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
