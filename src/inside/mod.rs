//! What a network does with a passage of text: what it remembers, what its units tell, how its gradient fades.
//!
//! The network reads the passage on the CPU, whichever engine trains it ([`crate::cpu::Passage`]); each question has a
//! file of its own.

mod connectivity;
mod gradients;
mod step;
mod units;

use crate::cpu::{Cores, Passage};
use crate::error::Result;
use crate::kernels;
use crate::model::inside::{Answer, Question};
use crate::model::pick::log_softmax;
use crate::network::Parameters;
use crate::text::Vocabulary;

/// A network that can be asked.
pub struct Inside {
    /// Its finished epochs.
    pub epoch: u32,
    cores: Cores,
    parameters: Parameters,
}

impl Inside {
    pub fn new(cores: &Cores, parameters: &Parameters, epoch: u32) -> Self {
        let (network, numbers) = (kernels::as_layers(parameters.network), parameters.numbers.clone());
        Self { epoch, cores: cores.clone(), parameters: Parameters::of(network, numbers) }
    }

    /// Answers a question about a passage of `tokens`, which is from a text with this vocabulary and these tokens.
    ///
    /// # Errors
    /// A browser that has no memory left; a thread that is lost.
    pub async fn answer(
        &self,
        question: Question,
        passage: &[u32],
        vocabulary: &Vocabulary,
        text: &[u32],
    ) -> Result<Answer> {
        Ok(match question {
            Question::Connectivity { at } => {
                let (of, magnitudes) = self.connectivity(passage, at as usize).await?;
                Answer::Connectivity { of: vocabulary.character(of), magnitudes }
            }
            Question::Unit { layer, unit } => Answer::Unit(self.unit(passage, layer as usize, unit as usize).await?),
            Question::GradientNorms { scale, .. } => {
                let layers = self.gradient_norms(passage, scale).await?;
                Answer::GradientNorms { epoch: self.epoch, layers }
            }
            Question::Ranking { layer } => Answer::Ranking(self.ranking(layer, vocabulary, text).await?),
            Question::Elsewhere(unit) => Answer::Elsewhere(self.elsewhere(&unit, vocabulary, text).await?),
            Question::Step { t, units } => {
                Answer::Step(self.step(passage, t as usize, units as usize, vocabulary).await?)
            }
        })
    }

    /// Reads rows of tokens, one after the other in `tokens`.
    async fn read(&self, tokens: &[u32], rows: usize) -> Result<Passage> {
        self.read_with(&self.parameters, tokens, rows).await
    }

    async fn read_with(&self, parameters: &Parameters, tokens: &[u32], rows: usize) -> Result<Passage> {
        Passage::read(&self.cores, parameters, kernels::INSIDE, tokens, rows).await
    }
}

/// Probabilities from the logits of one position.
fn softmax(logits: &[f32]) -> Vec<f32> {
    log_softmax(logits).into_iter().map(f32::exp).collect()
}

/// The L2 norm of each row.
fn norms(rows: &[f32], columns: usize) -> Vec<f32> {
    let norm = |row: &[f32]| row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt() as f32;
    rows.chunks_exact(columns).map(norm).collect()
}
