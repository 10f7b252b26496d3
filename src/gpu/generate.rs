//! Prediction on the GPU: from a zero state, warm up over the prefix, then predict token by token, each picked on the
//! GPU, with one read-back at the end. Slow devices and long prefixes take several submissions.

use super::engine::Engine;
use super::layout::Buffer;
use super::step::Steps;
use crate::error::{Error, Result};
use crate::kernels::generate::{SEQUENCE_HEAD, SEQUENCE_LIMIT};
use crate::model::pick::{Generated, LONGEST_ANSWER, SamplingParameters};

impl Engine {
    /// Continues `prefix` by `length` tokens, each the likeliest by the current parameters. Returns prefix and
    /// continuation.
    ///
    /// # Errors
    /// [`Error::EmptyPrefix`]; [`Error::PrefixTooLong`] if prefix and continuation exceed [`SEQUENCE_LIMIT`]; a failure
    /// of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        let encoder = self.write_tokens(prefix, length, false).await?;
        let numbers = self.read_tokens(encoder, prefix.len() + length, 0).await?;
        Ok(numbers[SEQUENCE_HEAD..].to_vec())
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
        let encoder = self.write_tokens(prefix, length + 1, true).await?;
        let logits = (length + 1) * self.layout.network.sizes.vocabulary;
        let tokens = prefix.len() + length;
        let numbers = self.read_tokens(encoder, tokens, logits).await?;
        let (sequence, logits) = numbers.split_at(SEQUENCE_HEAD + tokens);
        Ok(Generated {
            tokens: sequence[SEQUENCE_HEAD..].to_vec(),
            logits: logits.iter().map(|&bits| f32::from_bits(bits)).collect(),
        })
    }

    /// Reads the prefix and picks `length` tokens, by their scores or the likeliest, after everything submitted; a token is
    /// picked where it is read. Returns the last commands, recorded but not submitted.
    pub(super) async fn write_tokens(
        &mut self,
        prefix: &[u32],
        length: usize,
        scored: bool,
    ) -> Result<wgpu::CommandEncoder> {
        if prefix.is_empty() {
            return Err(Error::EmptyPrefix);
        }
        let tokens = prefix.len().saturating_add(length);
        if tokens > SEQUENCE_LIMIT {
            return Err(Error::PrefixTooLong { allowed: SEQUENCE_LIMIT.saturating_sub(length), length: prefix.len() });
        }
        let mut sequence = vec![0, 0, prefix.len() as u32];
        sequence.extend(prefix);
        self.gpu.queue.write_buffer(self.buffer("sequence"), 0, bytemuck::cast_slice(&sequence));
        let Steps { generate, generate_scored, .. } = &self.steps;
        let dispatches = if scored { generate_scored } else { generate };
        let flops: u64 = dispatches[0].iter().map(|dispatch| dispatch.flops).sum();
        let per_submission = usize::try_from(self.pacing.budget / flops).unwrap_or(tokens).max(1);
        let mut encoder = self.encoder();
        for (layer, module) in self.layout.called.modules().filter_map(|(layer, module)| Some((layer?, module))) {
            for tensor in module.generate_tensors {
                encoder.clear_buffer(&self.buffers[&Buffer::Own(tensor.name, layer)], 0, None);
            }
        }
        for first in (0..tokens).step_by(per_submission) {
            if first > 0 {
                let submission = self.gpu.submit(encoder.finish());
                self.pacing.submitted(submission, flops * per_submission as u64, None);
                self.pacing.make_room(&self.gpu).await?;
                encoder = self.encoder();
            }
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for position in first..(first + per_submission).min(tokens) {
                self.dispatch(&mut pass, &dispatches[position % 2]);
            }
        }
        Ok(encoder)
    }

    /// Submits the commands and reads the head of `sequence`, `tokens` tokens and `logits` logits (as bits).
    async fn read_tokens(&self, mut encoder: wgpu::CommandEncoder, tokens: usize, logits: usize) -> Result<Vec<u32>> {
        let [sequence, logits] = [SEQUENCE_HEAD + tokens, logits].map(|numbers| 4 * numbers as u64);
        encoder.copy_buffer_to_buffer(self.buffer("sequence"), 0, &self.readback, 0, sequence);
        encoder.copy_buffer_to_buffer(self.buffer("generated_logits"), 0, &self.readback, sequence, logits);
        self.gpu.read_back(encoder.finish(), &self.readback, sequence + logits).numbers().await
    }
}
