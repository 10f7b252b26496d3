//! The state of text generation: the latest request and continuation, how characters are picked, and how each is shown.

use crate::error::Error;
use crate::protocol::{Continuation, Event, Guess, Pick};
use crate::ui::language::{Words, fill};

/// How the next character is picked, as chosen in the form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    pub sampled: bool,
    pub temperature: f32,
    pub top_k: u32,
    /// Incremented by every press of Generate, so that each gives another text.
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

/// The latest request for a continuation, and its answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Talk {
    pub choice: Choice,
    /// The number of the latest request.
    request: u32,
    /// Whether it is not answered yet.
    pub asking: bool,
    pub generated: Option<Continuation>,
    /// Why the latest request was refused.
    pub refusal: Option<Error>,
}

impl Talk {
    /// A continuation is requested; returns the request's number.
    pub fn ask(&mut self) -> u32 {
        self.request += 1;
        self.asking = true;
        self.refusal = None;
        self.request
    }

    /// Applies an event; `is_end` if the worker has no network any more after it.
    pub fn apply(&mut self, event: &Event, is_end: bool) {
        // Requests from before are not answered then.
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

    /// A run is requested: clears the previous refusal.
    pub fn begin_run(&mut self) {
        self.refusal = None;
    }

    /// The visitor resets the run: a pending request will be ignored when it is answered.
    pub fn reset(&mut self) {
        *self = Self { choice: self.choice, request: self.request + 1, ..Self::default() };
    }
}

/// The shortest time between two updates, in milliseconds: a continuation takes some of the training's time.
pub const REFRESH_EVERY: f64 = 1000.0;

/// The surprisal, in bits, that is shaded darkest.
const MOST_BITS: f32 = 6.0;

/// The shade of a character with this surprisal in bits, from 0 to 1.
pub fn shade(surprise: f32) -> f32 {
    (surprise / MOST_BITS).clamp(0.0, 1.0)
}

/// The sentence about the distinct characters of a prefix that are not in the vocabulary; `None` if there are none.
pub fn unknown(w: &Words, characters: &[char]) -> Option<String> {
    let named: Vec<String> = characters.iter().map(|c| fill(w.quote, &[&c.to_string()])).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(fill(w.unknown_one, &[one])),
        [most @ .., last] => Some(fill(w.unknown_many, &[&most.join(w.list_separator), last])),
    }
}

/// The most likely characters at index `at` of the continuation; past its end, those for the next character.
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
    fn an_answer_after_a_reset_is_not_shown() {
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
    fn a_failure_of_the_run_or_without_a_run_ends_the_request() {
        let mut talk = Talk::default();
        let failed = |run| Event::Failed { run, error: Error::OutOfMemory };
        for (event, is_end) in [(failed(Some(1)), true), (failed(None), false)] {
            talk.ask();
            talk.apply(&failed(Some(9)), false);
            assert!(talk.asking, "the failure of another run");
            talk.apply(&event, is_end);
            assert!(!talk.asking);
        }
        talk.refusal = Some(Error::NoNetwork);
        talk.apply(&Event::Broken { error: Error::WorkerNotLoaded }, true);
        assert_eq!(talk.refusal, None, "superseded by the lost worker");
    }

    #[test]
    fn unknown_characters_are_named() {
        assert_eq!(unknown(&ENGLISH, &[]), None);
        assert_eq!(unknown(&ENGLISH, &['é']).unwrap(), "“é” is not in the vocabulary and is read as <unk>.");
        assert_eq!(
            unknown(&ENGLISH, &['é', 'ß', '1']).unwrap(),
            "“é”, “ß” and “1” are not in the vocabulary and are read as <unk>."
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
    fn guesses_are_those_at_the_index() {
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
