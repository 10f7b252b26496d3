//! Prediction on the CPU, token by token.

use web_time::Instant;

use super::engine::Engine;
use super::yielding::SLICE;
use crate::error::Result;
use crate::model::pick::{Generated, SamplingParameters, likeliest, scores};

impl Engine {
    /// Prediction as in the book: from a zero state, warm up over `prefix` (at least one token), then pick the
    /// likeliest token `length` times. Returns prefix and continuation.
    ///
    /// # Errors
    /// A thread that is lost.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        self.generate_by(prefix, length, |logits, _| likeliest(logits)).await
    }

    /// [`Engine::generate`] with sampled tokens, and with the logits `(length + 1, V)` of each and of the one after.
    ///
    /// # Errors
    /// As [`Engine::generate`].
    pub async fn generate_scored(
        &mut self,
        prefix: &[u32],
        length: usize,
        parameters: SamplingParameters,
    ) -> Result<Generated> {
        let mut logits = Vec::new();
        let pick = |next: &[f32], place: usize| {
            logits.extend_from_slice(next);
            likeliest(&scores(next, parameters, place))
        };
        let mut tokens = self.generate_by(prefix, length + 1, pick).await?;
        tokens.pop();
        Ok(Generated { tokens, logits })
    }

    /// Prediction with `pick(logits, place)`, where `place` is the index of the token beyond the prefix.
    async fn generate_by(
        &mut self,
        prefix: &[u32],
        length: usize,
        mut pick: impl FnMut(&[f32], usize) -> u32,
    ) -> Result<Vec<u32>> {
        self.pack()?;
        let Self { reader, block, yielding, .. } = self;
        reader.begin(block)?;
        let mut sequence = prefix.to_vec();
        let mut start = Instant::now();
        for position in 0..prefix.len() + length - 1 {
            reader.read(block, &sequence[position..=position])?;
            if let Some(place) = (position + 1).checked_sub(prefix.len()) {
                sequence.push(pick(&reader.logits(block)?, place));
            }
            if start.elapsed() >= SLICE {
                yielding.now().await;
                start = Instant::now();
            }
        }
        Ok(sequence)
    }
}
