//! Prediction on the GPU: from a zero state, warm up over the prefix, then predict token by token, each picked on the
//! GPU, with one read-back at the end. Slow devices and long prefixes take several submissions.

use super::engine::Engine;
use super::step::{Dispatch, Steps};
use crate::error::{Error, Result};
use crate::kernels::generate::SEQUENCE_LIMIT;
use crate::model::pick::{Generated, LONGEST_ANSWER, SamplingParameters};

impl Engine {
    /// Continues `prefix` by `length` tokens, each the likeliest by the current parameters. Returns prefix and
    /// continuation.
    ///
    /// # Errors
    /// [`Error::EmptyPrefix`]; [`Error::PrefixTooLong`] if prefix and continuation exceed [`SEQUENCE_LIMIT`]; a failure
    /// of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        let encoder = self.write_tokens(prefix, length, |steps| &steps.generate).await?;
        let numbers = self.read_tokens(encoder, prefix.len() + length, 0).await?;
        Ok(numbers[2..].to_vec())
    }

    /// [`Engine::generate`] with sampled tokens, and with the logits `(length + 1, V)` of each and of the one after.
    ///
    /// # Errors
    /// As [`Engine::generate`]; [`Error::AnswerTooLong`] beyond [`LONGEST_ANSWER`].
    pub async fn generate_scored(
        &mut self,
        prefix: &[u32],
        length: usize,
        parameters: SamplingParameters,
    ) -> Result<Generated> {
        if length > LONGEST_ANSWER {
            return Err(Error::AnswerTooLong { length, allowed: LONGEST_ANSWER });
        }
        let SamplingParameters { temperature, top_k, seed } = parameters;
        let numbers = [top_k, seed, temperature.to_bits()];
        self.gpu.queue.write_buffer(self.buffer("sampling_parameters"), 0, bytemuck::cast_slice(&numbers));
        // One more, for the logits after the last token.
        let encoder = self.write_tokens(prefix, length + 1, |steps| &steps.generate_scored).await?;
        let logits = (length + 1) * self.layout.network.sizes.vocabulary;
        let tokens = prefix.len() + length;
        let numbers = self.read_tokens(encoder, tokens, logits).await?;
        let (sequence, logits) = numbers.split_at(2 + tokens);
        Ok(Generated {
            tokens: sequence[2..].to_vec(),
            logits: logits.iter().map(|&bits| f32::from_bits(bits)).collect(),
        })
    }

    /// Reads the prefix and picks `length` tokens by these dispatches. Returns the last commands, recorded but not
    /// submitted.
    async fn write_tokens(
        &mut self,
        prefix: &[u32],
        length: usize,
        dispatches: impl Fn(&Steps) -> &[Dispatch],
    ) -> Result<wgpu::CommandEncoder> {
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
        self.synchronize().await?;
        let dispatches = dispatches(&self.steps);
        let flops: u64 = dispatches.iter().map(|dispatch| dispatch.flops).sum();
        let per_submission = usize::try_from(self.pacing.budget / flops).unwrap_or(tokens).max(1);
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.clear_buffer(self.buffer("state"), 0, None);
        for first in (0..tokens - 1).step_by(per_submission) {
            if first > 0 {
                let submission = self.gpu.submit(encoder.finish());
                self.gpu.wait(submission).await?;
                encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            }
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in first..(first + per_submission).min(tokens - 1) {
                for dispatch in dispatches {
                    self.dispatch(&mut pass, dispatch);
                }
            }
        }
        Ok(encoder)
    }

    /// Submits the commands and reads position, prefix length, `tokens` tokens and `logits` logits (as bits).
    async fn read_tokens(&self, mut encoder: wgpu::CommandEncoder, tokens: usize, logits: usize) -> Result<Vec<u32>> {
        let [sequence, logits] = [2 + tokens, logits].map(|numbers| 4 * numbers as u64);
        encoder.copy_buffer_to_buffer(self.buffer("sequence"), 0, &self.readback, 0, sequence);
        encoder.copy_buffer_to_buffer(self.buffer("generated_logits"), 0, &self.readback, sequence, logits);
        self.gpu.submit(encoder.finish());
        self.gpu.read(&self.readback, sequence + logits).await
    }
}
