//! What the trainer answers about the inside of its network.

use web_time::Instant;

use super::Trainer;
use crate::error::Result;
use crate::model::Config;
use crate::protocol::{Event, Excerpt, Insight, Question, check_passage};

impl<E: FnMut(Event)> Trainer<E> {
    /// Answers questions about a passage. Without a run the network is the untrained one of `config`.
    pub(super) async fn inspect(
        &mut self,
        config: Config,
        excerpt: &Excerpt,
        epoch: Option<u32>,
        questions: &[Question],
    ) -> Result<Insight> {
        let start = Instant::now();
        let session = self.network(config).await?;
        let corpus = session.corpus().clone();
        let (tokens, vocabulary) = (&corpus.tokens, &corpus.vocabulary);
        let passage = match excerpt {
            Excerpt::Given(text) => vocabulary.encode(text),
            Excerpt::Text { first, length } => {
                let length = (*length as usize).min(tokens.len());
                let first = (*first as usize).min(tokens.len() - length);
                tokens[first..first + length].to_vec()
            }
        };
        check_passage(passage.len())?;
        let inside = session.inside(epoch);
        let mut answers = Vec::new();
        for question in questions {
            let earlier = match question {
                Question::GradientNorms { epoch: epoch @ Some(_), .. } => Some(session.inside(*epoch)),
                _ => None,
            };
            let inside = earlier.as_ref().unwrap_or(&inside);
            answers.push(inside.answer(*question, &passage, vocabulary, tokens).await?);
        }
        let characters = passage.iter().map(|&id| vocabulary.character(id)).collect();
        Ok(Insight { epoch: inside.epoch, characters, answers, seconds: start.elapsed().as_secs_f64() })
    }
}
