//! From logits to the surprise of each generated character and the likeliest characters in its position.

use crate::model::pick::{Generated, log_softmax, top_k};
use crate::protocol::{GUESSES, Guess, Written};
use crate::text::Vocabulary;

/// The characters generated after a prefix of `prefix` tokens, and the likeliest next characters.
pub fn read(generated: &Generated, prefix: usize, vocabulary: &Vocabulary) -> (Vec<Written>, Vec<Guess>) {
    let mut positions = generated.logits.chunks_exact(vocabulary.size()).map(log_softmax);
    let written = generated.tokens[prefix..].iter().zip(&mut positions).map(|(&token, logs)| Written {
        character: vocabulary.character(token),
        surprise: -logs[token as usize] / std::f32::consts::LN_2,
        guesses: guesses(&logs, vocabulary),
    });
    let written = written.collect();
    (written, positions.next().map(|logs| guesses(&logs, vocabulary)).unwrap_or_default())
}

/// The likeliest characters with their probabilities.
fn guesses(logs: &[f32], vocabulary: &Vocabulary) -> Vec<Guess> {
    let guess = |token: u32| (vocabulary.character(token), logs[token as usize].exp());
    top_k(logs, GUESSES).into_iter().map(guess).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_is_in_bits_and_guesses_are_the_likeliest() {
        let vocabulary = Vocabulary::new("aaab"); // <unk>, a, b
        let logits = |p: [f32; 3]| p.map(|p| p.ln() + 7.0);
        let generated = Generated {
            tokens: vec![1, 1, 2, 0],
            logits: [logits([0.25, 0.25, 0.5]), logits([0.125, 0.75, 0.125])].concat(),
        };
        let (written, next) = read(&Generated { tokens: vec![1, 1, 0], ..generated.clone() }, 2, &vocabulary);
        assert_eq!(written.len(), 1);
        assert_eq!(written[0].character, None);
        assert!((written[0].surprise - 2.0).abs() < 1e-5, "{written:?}");
        let characters = |guesses: &[Guess]| guesses.iter().map(|guess| guess.0).collect::<Vec<_>>();
        assert_eq!(characters(&written[0].guesses), [Some('b'), None, Some('a')]);
        assert_eq!(characters(&next), [Some('a'), None, Some('b')]);
        assert!((next[0].1 - 0.75).abs() < 1e-6, "{next:?}");
        let certain = Generated { tokens: vec![1, 2], logits: vec![-500.0, -500.0, 500.0, 0.0, 0.0, 0.0] };
        assert_eq!(read(&certain, 1, &vocabulary).0[0].surprise, 0.0);
    }

    #[test]
    fn a_large_vocabulary_gives_the_five_likeliest_and_what_is_no_number_does_no_harm() {
        let vocabulary = Vocabulary::new("abcdefgh");
        let mut logits: Vec<f32> = (0..9u8).map(f32::from).collect();
        let (_, next) = read(&Generated { tokens: vec![1], logits: logits.clone() }, 1, &vocabulary);
        assert_eq!(next.iter().map(|guess| guess.0).collect::<Vec<_>>(), ['h', 'g', 'f', 'e', 'd'].map(Some));
        logits[3] = f32::NAN;
        assert_eq!(read(&Generated { tokens: vec![1], logits }, 1, &vocabulary).1.len(), GUESSES);
    }
}
