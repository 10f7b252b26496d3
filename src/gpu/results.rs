//! The results of a sequence of minibatches, which is an epoch in a run: they are requested at its end and read while the
//! device goes on with the next.

use super::device::ReadBack;
use super::engine::{Engine, KEPT};
use super::layout::Buffer;
use crate::error::Result;
use crate::kernels::generate::SEQUENCE_HEAD;
use crate::model::Cursor;
use crate::model::minibatch::Metrics;
use crate::network::{EpochOutput, EpochRequest, Parameters};

/// Results that the device has been asked for.
pub struct Results {
    read_back: ReadBack,
    minibatches: usize,
    /// Bytes of the parameters; 0 if they were not asked for.
    parameters: u64,
    /// The index of the copy that the device keeps.
    kept: usize,
    /// [`Engine::submissions`] when they were requested.
    submissions: u64,
}

impl Results {
    /// Whether they can be taken without waiting.
    pub fn are_ready(&mut self) -> bool {
        self.read_back.is_ready()
    }
}

impl Engine {
    /// `Engine::request_results` of [`crate::engine`].
    ///
    /// # Errors
    /// As [`Engine::generate`].
    pub async fn request_results(&mut self, run: &Cursor, request: EpochRequest<'_>) -> Result<Results> {
        let EpochRequest { prefix, length, parameters } = request;
        let (encoder, tokens) = match length {
            0 => (self.encoder(), 0),
            _ => (self.write_tokens(prefix, length, false).await?, SEQUENCE_HEAD + prefix.len() + length),
        };
        let parameters = if parameters { self.layout.end(Buffer::Parameters) } else { 0 };
        let results = self.request(encoder, run.at.0, parameters, tokens);
        self.pacing.begin_sequence();
        Ok(results)
    }

    fn request(
        &mut self,
        mut encoder: wgpu::CommandEncoder,
        minibatches: usize,
        parameters: u64,
        tokens: usize,
    ) -> Results {
        self.results.swap(0, 1);
        let [staging, _] = &self.results;
        let (metrics, tokens) = (16 * minibatches as u64, 4 * tokens as u64);
        let kept = self.sequences % KEPT;
        self.sequences += 1;
        if let Some(copy) = self.kept.get(kept) {
            encoder.copy_buffer_to_buffer(&self.buffers[&Buffer::Parameters], 0, copy, 0, copy.size());
        }
        encoder.copy_buffer_to_buffer(&self.history, 0, staging, 0, metrics);
        encoder.copy_buffer_to_buffer(&self.buffers[&Buffer::Parameters], 0, staging, metrics, parameters);
        encoder.copy_buffer_to_buffer(self.buffer("sequence"), 0, staging, metrics + parameters, tokens);
        let read_back = self.gpu.read_back(encoder.finish(), staging, metrics + parameters + tokens);
        self.submissions += 1;
        Results { read_back, minibatches, parameters, kept, submissions: self.submissions }
    }

    /// Waits for results.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn take_results(&mut self, mut results: Results) -> Result<EpochOutput> {
        // Nothing was submitted after them.
        let is_last = results.submissions == self.submissions;
        self.idle_waits += usize::from(is_last && !results.are_ready());
        let Results { read_back, minibatches, parameters, kept, .. } = results;
        let numbers = read_back.numbers::<u32>().await?;
        self.gpu.check()?;
        let (metrics, rest) = numbers.split_at(4 * minibatches);
        let (parameters, sequence) = rest.split_at(parameters as usize / 4);
        let finite = metrics.last().is_none_or(|overflow| *overflow == 0);
        let metrics = metrics.chunks_exact(4);
        let metrics = metrics.map(|m| Metrics { loss: f32::from_bits(m[0]), grad_norm: f32::from_bits(m[1]) });
        let parameters = bytemuck::cast_slice(parameters);
        Ok(EpochOutput {
            metrics: metrics.collect(),
            finite,
            parameters: (!parameters.is_empty()).then(|| self.layout.parameters(parameters)),
            kept,
            sample: sequence.get(SEQUENCE_HEAD..).unwrap_or_default().to_vec(),
        })
    }

    /// Whether the device keeps the parameters of the last sequences, so that results need not bring them.
    pub fn keeps_parameters(&self) -> bool {
        !self.kept.is_empty()
    }

    /// The parameters that the device keeps from a sequence, by [`EpochOutput::kept`].
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read_kept(&self, kept: usize) -> Result<Parameters> {
        let padded = self.read_buffer(&self.kept[kept], 0, self.layout.end(Buffer::Parameters)).await?;
        Ok(self.layout.parameters(&padded))
    }

    /// How often results were waited for while the device had nothing to do.
    pub fn idle_waits(&self) -> usize {
        self.idle_waits
    }

    /// Waits for a sequence of minibatches and returns loss and gradient norm of each.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish(&mut self, run: &mut Cursor) -> Result<Vec<Metrics>> {
        let results = self.request(self.encoder(), run.at.0, 0, 0);
        let output = self.take_results(results).await?;
        self.synchronize().await?;
        run.synchronized();
        Ok(output.metrics)
    }
}
