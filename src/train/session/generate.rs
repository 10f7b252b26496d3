//! Generates text with the network of a session.

use super::Session;
use crate::error::{Error, Result};
use crate::protocol::{Continuation, LONGEST_ANSWER, Pick, Sample, check_pick, check_prefix};
use crate::train::continuation;

impl Session {
    /// Continues `prefix` by the `length` likeliest characters, with the newest weights.
    ///
    /// # Errors
    /// An empty or overlong prefix; a failure of the device.
    pub async fn sample(&mut self, prefix: &str, length: usize) -> Result<Sample> {
        check_prefix(prefix)?;
        self.synchronize().await?;
        let tokens = self.engine.generate(&self.corpus.vocabulary.encode(prefix), length).await?;
        Ok(self.read_sample(prefix, &tokens))
    }

    /// [`Session::sample`] with each character picked by `pick`, and with the probabilities.
    ///
    /// # Errors
    /// As [`Session::sample`]; a bad temperature or top k; a length above [`LONGEST_ANSWER`].
    pub async fn generate(&mut self, prefix: &str, length: usize, pick: Pick) -> Result<Continuation> {
        check_prefix(prefix)?;
        check_pick(pick)?;
        if length > LONGEST_ANSWER {
            return Err(Error::AnswerTooLong { length, allowed: LONGEST_ANSWER });
        }
        self.synchronize().await?;
        let ids = self.corpus.vocabulary.encode(prefix);
        let generated = self.engine.generate_scored(&ids, length, pick.parameters()).await?;
        let (written, next) = continuation::read(&generated, ids.len(), &self.corpus.vocabulary);
        Ok(Continuation { sample: self.read_sample(prefix, &generated.tokens), written, next })
    }

    /// Whether the vocabulary has all characters of a prefix.
    pub fn can_encode(&self, prefix: &str) -> bool {
        self.corpus.vocabulary.unknown(prefix).is_empty()
    }

    pub(super) fn read_sample(&self, prefix: &str, tokens: &[u32]) -> Sample {
        let (text, unknown) = (self.corpus.vocabulary.decode(tokens), self.corpus.vocabulary.unknown(prefix));
        Sample { prefix: prefix.to_owned(), text, unknown }
    }
}
