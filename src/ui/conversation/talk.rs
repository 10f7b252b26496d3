//! How the conversation goes: what was asked and answered, how characters are picked, when the continuation is asked
//! for anew, and what is seen of each character.

use crate::error::Error;
use crate::protocol::{Continuation, Event, Guess, Pick};
use crate::ui::language::{Words, fill};

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

/// What was asked for by hand, how, and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Talk {
    pub choice: Choice,
    /// The number of the latest request.
    request: u32,
    /// Whether its answer is still to come.
    pub asking: bool,
    pub generated: Option<Continuation>,
    /// Why the latest continuation could not be made.
    pub refusal: Option<Error>,
}

impl Talk {
    /// A continuation is asked for; gives the request's number.
    pub fn ask(&mut self) -> u32 {
        self.request += 1;
        self.asking = true;
        self.refusal = None;
        self.request
    }

    /// Takes in one event, with which the worker's network may come to its `is_end`.
    pub fn apply(&mut self, event: &Event, is_end: bool) {
        // From then on it answers nothing of before.
        self.asking &= !is_end;
        match event {
            Event::Generated { request, continuation } if *request == self.request => {
                self.asking = false;
                self.generated = Some(continuation.clone());
            }
            Event::Refused { request, error } if *request == self.request => {
                self.asking = false;
                self.refusal = Some(error.clone());
            }
            Event::Failed { run: None, .. } => self.asking = false,
            Event::Broken { .. } => self.refusal = None,
            _ => {}
        }
    }

    /// A run is asked for: what was refused before it is no news.
    pub fn begin_run(&mut self) {
        self.refusal = None;
    }

    /// The run is given up: a continuation on its way comes too late.
    pub fn reset(&mut self) {
        *self = Self { choice: self.choice, request: self.request + 1, ..Self::default() };
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

/// Names the characters of a prefix that the network does not know, each of which is given once; `None` if it knows
/// them all.
pub fn unknown(w: &Words, characters: &[char]) -> Option<String> {
    let named: Vec<String> = characters.iter().map(|c| fill(w.quote, &[&c.to_string()])).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(fill(w.unknown_one, &[one])),
        [most @ .., last] => Some(fill(w.unknown_many, &[&most.join(w.list_separator), last])),
    }
}

/// The likeliest characters in the place of the written character `at`, or, past the last, what would come next.
pub fn guesses(continuation: &Continuation, at: usize) -> &[Guess] {
    continuation.written.get(at).map_or(&continuation.next, |written| &written.guesses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Sample, Written};
    use crate::ui::language::ENGLISH;

    fn continuation(text: &str) -> Continuation {
        let sample = Sample { prefix: "time".into(), text: text.into(), unknown: Vec::new() };
        Continuation { sample, written: Vec::new(), next: Vec::new() }
    }

    fn said(talk: &Talk) -> Option<&str> {
        talk.generated.as_ref().map(|c| c.sample.text.as_str())
    }

    #[test]
    fn only_the_latest_answer_counts() {
        let mut talk = Talk::default();
        talk.ask();
        let second = talk.ask();
        talk.apply(&Event::Generated { request: 1, continuation: continuation("old") }, false);
        assert!(talk.asking && talk.generated.is_none());
        talk.apply(&Event::Generated { request: second, continuation: continuation("new") }, false);
        assert_eq!((talk.asking, said(&talk)), (false, Some("new")));
        let third = talk.ask();
        talk.apply(&Event::Refused { request: third, error: Error::NoNetwork }, false);
        assert_eq!((talk.asking, said(&talk), &talk.refusal), (false, Some("new"), &Some(Error::NoNetwork)));
    }

    #[test]
    fn an_answer_that_a_reset_overtook_is_not_shown() {
        let mut talk = Talk::default();
        let request = talk.ask();
        talk.choice.sampled = true;
        talk.reset();
        assert!(!talk.asking && talk.choice.sampled);
        let idle = talk.clone();
        talk.apply(&Event::Generated { request, continuation: continuation("late") }, false);
        talk.apply(&Event::Refused { request, error: Error::NoNetwork }, false);
        assert_eq!(talk, idle);
        assert!(talk.ask() > request);
    }

    #[test]
    fn the_networks_end_and_a_failure_without_a_run_end_the_waiting() {
        let mut talk = Talk::default();
        let failed = |run| Event::Failed { run, error: Error::OutOfMemory };
        for (event, is_end) in [(failed(Some(1)), true), (failed(None), false)] {
            talk.ask();
            talk.apply(&failed(Some(9)), false);
            assert!(talk.asking, "that is another run's");
            talk.apply(&event, is_end);
            assert!(!talk.asking);
        }
        talk.refusal = Some(Error::NoNetwork);
        talk.apply(&Event::Broken { error: Error::WorkerNotLoaded }, true);
        assert_eq!(talk.refusal, None, "there is worse now");
    }

    #[test]
    fn unknown_characters_are_named() {
        assert_eq!(unknown(&ENGLISH, &[]), None);
        assert_eq!(unknown(&ENGLISH, &['é']).unwrap(), "“é” is not in the vocabulary: read as <unk>.");
        assert_eq!(
            unknown(&ENGLISH, &['é', 'ß', '1']).unwrap(),
            "“é”, “ß” and “1” are not in the vocabulary: read as <unk>."
        );
    }

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
