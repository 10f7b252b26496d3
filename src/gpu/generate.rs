//! Prediction: from a zero state, warm up over the prefix, then one token after the other, each picked on the GPU, with
//! one read-back at the end. A sample is one submission, or several where the device is slow or the prefix long.

use super::engine::Engine;
use super::layout::{SEQUENCE_LIMIT, THOUGHTS_LIMIT};
use super::step::{Dispatch, Steps};
use crate::error::{Error, Result};
use crate::model::pick::{Terms, Thoughts};

impl Engine {
    /// Continues `prefix` by `length` tokens, each the likeliest by the weights as they are now; gives prefix and
    /// continuation.
    ///
    /// # Errors
    /// An empty prefix, one with no room for the continuation, or a failure of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        let encoder = self.write_tokens(prefix, length, |steps| &steps.generate).await?;
        let numbers = self.read_tokens(encoder, prefix.len() + length, 0).await?;
        Ok(numbers[2..].to_vec())
    }

    /// [`Engine::generate`] with tokens picked by their score, and with what the network thought meanwhile.
    ///
    /// # Errors
    /// As [`Engine::generate`]; a continuation longer than there is room for thoughts.
    pub async fn generate_scored(&mut self, prefix: &[u32], length: usize, terms: Terms) -> Result<Thoughts> {
        if length > THOUGHTS_LIMIT {
            return Err(Error::AnswerTooLong { length, allowed: THOUGHTS_LIMIT });
        }
        let Terms { temperature, top_k, seed } = terms;
        let terms = [top_k, seed, temperature.to_bits()];
        self.gpu.queue.write_buffer(self.buffer("terms"), 0, bytemuck::cast_slice(&terms));
        // One more, for what would come next.
        let encoder = self.write_tokens(prefix, length + 1, |steps| &steps.generate_scored).await?;
        let thoughts = (length + 1) * self.layout.sizes.vocabulary;
        let tokens = prefix.len() + length;
        let numbers = self.read_tokens(encoder, tokens, thoughts).await?;
        let (sequence, logits) = numbers.split_at(2 + tokens);
        Ok(Thoughts {
            tokens: sequence[2..].to_vec(),
            logits: logits.iter().map(|&bits| f32::from_bits(bits)).collect(),
        })
    }

    /// Has a token picked again and again by these dispatches; what is recorded last is not yet submitted.
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
        self.settle().await?;
        let dispatches = dispatches(&self.steps);
        let flops: u64 = dispatches.iter().map(|dispatch| dispatch.flops).sum();
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
                for dispatch in dispatches {
                    self.dispatch(&mut pass, dispatch);
                }
            }
        }
        Ok(encoder)
    }

    /// Submits what is recorded and reads the head of the sequence, so many tokens and so many numbers of thoughts.
    async fn read_tokens(&self, mut encoder: wgpu::CommandEncoder, tokens: usize, thoughts: usize) -> Result<Vec<u32>> {
        let [sequence, thoughts] = [2 + tokens, thoughts].map(|numbers| 4 * numbers as u64);
        encoder.copy_buffer_to_buffer(self.buffer("sequence"), 0, &self.readback, 0, sequence);
        encoder.copy_buffer_to_buffer(self.buffer("thoughts"), 0, &self.readback, sequence, thoughts);
        self.gpu.submit(encoder.finish());
        self.gpu.read(&self.readback, sequence + thoughts).await
    }
}
