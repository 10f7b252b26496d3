//! How the conversation goes: how characters are picked, when the continuation is asked for anew, and what is seen of
//! each character.

use crate::protocol::{Continuation, Guess, Pick};

/// How the next character is picked, as it stands in the form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub sampled: bool,
    pub temperature: f32,
    pub top_k: u32,
    /// Goes on with every press of Generate, so that each gives another text.
    pub seed: u32,
}

impl Default for Choice {
    fn default() -> Self {
        Self { sampled: false, temperature: 0.8, top_k: 5, seed: 1 }
    }
}

impl Choice {
    pub fn pick(&self) -> Pick {
        if self.sampled {
            Pick::Sampled { temperature: self.temperature, top_k: self.top_k, seed: self.seed }
        } else {
            Pick::Likeliest
        }
    }
}

/// The least time between two refreshes, in milliseconds: a continuation takes a little of the training's time.
pub const REFRESH_EVERY: f64 = 1000.0;

/// The surprise, in bits, that is shaded darkest.
const MOST_BITS: f32 = 6.0;

/// How dark a character is shaded, from 0 to 1.
pub fn shade(surprise: f32) -> f32 {
    (surprise / MOST_BITS).clamp(0.0, 1.0)
}

/// The likeliest characters in the place of the written character `at`, or, past the last, what would come next.
pub fn guesses(continuation: &Continuation, at: usize) -> &[Guess] {
    continuation.written.get(at).map_or(&continuation.next, |written| &written.guesses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Sample, Written};

    #[test]
    fn the_book_picks_the_likeliest() {
        let mut choice = Choice::default();
        assert_eq!(choice.pick(), Pick::Likeliest);
        choice.sampled = true;
        assert_eq!(choice.pick(), Pick::Sampled { temperature: 0.8, top_k: 5, seed: 1 });
    }

    #[test]
    fn guesses_are_those_of_the_place() {
        let written = vec![Written { character: Some('a'), surprise: 1.0, guesses: vec![(Some('a'), 0.5)] }];
        let sample = Sample { prefix: "t".into(), text: "ta".into(), unknown: vec![] };
        let continuation = Continuation { sample, written, next: vec![(None, 0.25)] };
        assert_eq!(guesses(&continuation, 0), [(Some('a'), 0.5)]);
        assert_eq!(guesses(&continuation, 1), [(None, 0.25)]);
    }

    #[test]
    fn shades_stay_within_bounds() {
        assert_eq!([-1.0, 0.0, 3.0, 60.0].map(shade), [0.0, 0.0, 0.5, 1.0]);
    }
}
