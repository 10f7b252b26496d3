//! Which questions to the worker follow from what the visitor looks at, and the newest answers.

use super::look::{Look, View};
use super::time::{Curve, Curves};
use crate::error::Error;
use crate::model::Config;
use crate::protocol::{Answer, Command, Event, Excerpt, Insight, Place, Question, Selective, TimeStep};

/// The first number of a request; those of other parts of the page are smaller, or much larger.
const FIRST_REQUEST: u32 = 1 << 24;
const LAST_REQUEST: u32 = (1 << 25) - 1;

/// While a network trains, answers may take one part in so many of the time.
const REST: f64 = 60.0;

/// Milliseconds between two questions about a network that trains, at least.
const PAUSE: f64 = 600.0;

/// A ranking reads much text, and lasts for so many milliseconds at least.
const RANKING_LASTS: f64 = 8000.0;

/// The hidden units whose numbers are shown in slow motion.
pub const UNITS: u32 = 6;

/// The network that is asked: of a run at an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// 0 without a run.
    pub run: u32,
    pub config: Config,
    /// Finished epochs.
    pub newest: u32,
    /// The epoch that the visitor has chosen.
    pub chosen: Option<u32>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub excerpt: Excerpt,
    /// Its characters.
    pub length: usize,
    /// Whether it is what the network wrote last, and so changes with it.
    pub follows: bool,
}

/// Questions that were sent together.
#[derive(Debug, Clone, PartialEq)]
struct Inquiry {
    asked: Asked,
    excerpt: Excerpt,
    questions: Vec<Question>,
}

/// The newest answers, each with what was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Watch {
    request: u32,
    /// What the worker has not answered yet.
    pending: Option<Inquiry>,
    /// What was answered last; of the questions, those that are asked anew.
    answered: Option<Inquiry>,
    /// When it was, in milliseconds of the page's clock, and how many it took.
    at: f64,
    took: f64,
    /// The network and the layer whose ranking came last, and when.
    ranked: Option<(Asked, u32)>,
    ranked_at: f64,
    pub insight: Option<Insight>,
    /// The position, and the magnitudes up to it.
    pub connectivity: Option<(u32, Option<char>, Vec<f32>)>,
    /// Layer, unit, and the rows of its numbers.
    pub unit: Option<(u32, u32, Vec<Vec<f32>>)>,
    pub curves: Curves,
    /// The passage, the epoch asked for, and its curve.
    past: Vec<(Excerpt, u32, Curve)>,
    pub ranking: Vec<Selective>,
    pub places: Option<(Selective, Vec<Place>)>,
    /// One time step, and the settings of its network.
    pub step: Option<(Config, TimeStep)>,
    pub refusal: Option<Error>,
}

/// Whether a question is asked anew about each passage and network; the others have answers that last.
fn is_asked_anew(question: &Question) -> bool {
    !matches!(question, Question::Ranking { .. } | Question::GradientNorms { epoch: Some(_), .. })
}

/// The earlier epochs to compare a network with: the beginning, and about a quarter of the way, which moves seldom.
fn earlier(asked: Asked) -> Vec<u32> {
    let newest = asked.chosen.unwrap_or(asked.newest);
    let quarter = (newest / 4).checked_ilog2().map(|power| 1 << power);
    [Some(0), quarter].into_iter().flatten().filter(|epoch| *epoch < newest).collect()
}

/// Whether to ask now.
#[derive(Debug, PartialEq)]
pub enum Due {
    Ask(Box<Command>),
    /// In so many milliseconds.
    Later(f64),
    No,
}

impl Watch {
    /// What to ask about a passage at this time.
    pub fn due(&mut self, look: &Look, asked: Asked, passage: &Passage, now: f64) -> Due {
        let Passage { excerpt, length, follows } = passage;
        if look.open.is_empty() || *length < 2 || self.pending.is_some() {
            return Due::No;
        }
        let questions = self.questions(look, asked, excerpt, *length, now);
        // Whatever the visitor does, training gets as much time as the answers take.
        if self.at + self.took > now {
            return Due::Later(self.at + self.took - now);
        }
        let is_its = |of: &Excerpt| of == excerpt || (*follows && matches!(of, Excerpt::Given(_)));
        if let Some(Inquiry { asked: before, excerpt: of, questions: known }) = &self.answered
            && (!look.is_open(View::Unit) || self.is_ranked(asked, look.layer))
            && is_its(of)
            && known.iter().eq(questions.iter().filter(|question| is_asked_anew(question)))
            && (before.run, before.chosen, before.config) == (asked.run, asked.chosen, asked.config)
        {
            // The network alone may have changed, and what it wrote; an earlier epoch does not.
            if (of == excerpt && before.newest == asked.newest) || asked.chosen.is_some() {
                return Due::No;
            }
            let rest = self.at + PAUSE.max(REST * self.took) - now;
            if rest > 0.0 {
                return Due::Later(rest);
            }
        }
        self.request =
            if (FIRST_REQUEST..LAST_REQUEST).contains(&self.request) { self.request + 1 } else { FIRST_REQUEST };
        self.pending = Some(Inquiry { asked, excerpt: excerpt.clone(), questions: questions.clone() });
        Due::Ask(Box::new(Command::Inspect {
            request: self.request,
            config: asked.config,
            excerpt: excerpt.clone(),
            epoch: asked.chosen,
            questions,
        }))
    }

    fn questions(&self, look: &Look, asked: Asked, excerpt: &Excerpt, length: usize, now: f64) -> Vec<Question> {
        let mut questions = Vec::new();
        let at = look.position(length);
        if look.is_open(View::Memory) {
            questions.push(Question::Connectivity { at });
        }
        if look.is_open(View::Unit) {
            questions.push(Question::Unit { layer: look.layer, unit: look.unit });
            questions.extend(look.elsewhere.map(Question::Elsewhere));
            let is_old = self.ranked.is_some_and(|(before, _)| before.newest != asked.newest)
                && now > self.ranked_at + RANKING_LASTS.max(4.0 * REST * self.took);
            // By itself it is asked for once; then together with the others.
            if !self.is_ranked(asked, look.layer) || is_old {
                questions.push(Question::Ranking { layer: look.layer });
            }
        }
        if look.is_open(View::Time) {
            let norms = |scale, epoch| Question::GradientNorms { scale, epoch };
            questions.push(norms(1.0, None));
            questions.extend((look.scale != 1.0).then(|| norms(look.scale, None)));
            let unknown = earlier(asked).into_iter().filter(|epoch| self.past(asked.run, excerpt, *epoch).is_none());
            questions.extend(unknown.map(|epoch| norms(1.0, Some(epoch))));
        }
        if look.is_open(View::Slow) {
            questions.push(Question::Step { t: at.min(length as u32 - 2), units: UNITS });
        }
        questions
    }

    /// Whether the layer's units were ranked for this run, at an epoch that may be another by now.
    fn is_ranked(&self, asked: Asked, layer: u32) -> bool {
        let key = |of: Asked, layer| (of.run, of.chosen, layer);
        self.ranked.is_some_and(|(before, of)| key(before, of) == key(asked, layer))
    }

    /// The curve of an earlier epoch, which does not change.
    fn past(&self, run: u32, excerpt: &Excerpt, epoch: u32) -> Option<&Curve> {
        let is = |of: &&(Excerpt, u32, Curve)| (&of.0, of.1, of.2.run) == (excerpt, epoch, run);
        self.past.iter().find(is).map(|of| &of.2)
    }

    /// Takes an answer or a refusal; `is_end` if the worker has no network any more. Other events are not for it.
    pub fn apply(&mut self, event: &Event, is_end: bool, now: f64) {
        match event {
            Event::Inspected { request, insight } if *request == self.request => {
                if let Some(pending) = self.pending.take() {
                    self.take(pending, insight, now);
                }
            }
            Event::Refused { request, error } if *request == self.request => {
                self.answered = self.pending.take().map(|mut inquiry| {
                    // It would be refused again.
                    let mut layers = inquiry.questions.iter().filter_map(|question| match question {
                        Question::Ranking { layer } => Some((inquiry.asked, *layer)),
                        _ => None,
                    });
                    self.ranked = layers.next().or(self.ranked);
                    inquiry.questions.retain(is_asked_anew);
                    inquiry
                });
                (self.at, self.took) = (now, 0.0);
                self.refusal = Some(error.clone());
            }
            _ if is_end => {
                // The worker forgets its questions with its network.
                let (request, kept) = (self.request, std::mem::take(&mut self.curves.kept));
                *self = Self { request, curves: Curves { kept, ..Curves::default() }, ..Self::default() };
            }
            _ => {}
        }
    }

    fn take(&mut self, mut inquiry: Inquiry, insight: &Insight, now: f64) {
        (self.at, self.took, self.refusal) = (now, insight.seconds * 1000.0, None);
        let Inquiry { asked, excerpt, questions } = &inquiry;
        self.curves.newest.clear();
        for (question, answer) in questions.iter().zip(&insight.answers) {
            match (question, answer) {
                (Question::Connectivity { at }, Answer::Connectivity { of, magnitudes }) => {
                    self.connectivity = Some((*at, *of, magnitudes.clone()));
                }
                (Question::Unit { layer, unit }, Answer::Unit(rows)) => {
                    self.unit = Some((*layer, *unit, rows.clone()));
                }
                (Question::GradientNorms { scale, epoch: of }, Answer::GradientNorms { epoch, layers, .. }) => {
                    let (run, scale, epoch) = (asked.run, *scale, *epoch);
                    let norms = layers.last().cloned().unwrap_or_default();
                    let curve = Curve { run, epoch, scale, norms };
                    match of {
                        Some(of) => self.past.push((excerpt.clone(), *of, curve)),
                        None => self.curves.newest.push(curve),
                    }
                }
                (Question::Ranking { layer }, Answer::Ranking(ranking)) => {
                    (self.ranking, self.ranked, self.ranked_at) = (ranking.clone(), Some((*asked, *layer)), now);
                }
                (Question::Elsewhere(unit), Answer::Elsewhere(places)) => self.places = Some((*unit, places.clone())),
                (Question::Step { .. }, Answer::Step(step)) => self.step = Some((asked.config, step.clone())),
                _ => {}
            }
        }
        // Those of another passage or run are of no more use.
        self.past.retain(|(of, _, curve)| of == excerpt && curve.run == asked.run);
        if !self.curves.newest.is_empty() {
            let earlier = earlier(*asked).into_iter().filter_map(|epoch| self.past(asked.run, excerpt, epoch).cloned());
            let earlier: Vec<Curve> = earlier.collect();
            self.curves.newest.extend(earlier);
        }
        self.insight = Some(Insight { answers: Vec::new(), ..insight.clone() });
        inquiry.questions.retain(is_asked_anew);
        self.answered = Some(inquiry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(newest: u32) -> Asked {
        Asked { run: 1, config: Config::default(), newest, chosen: None }
    }

    fn passage() -> Passage {
        Passage { excerpt: Excerpt::Given("time traveller".into()), length: 14, follows: false }
    }

    fn look(open: &[View]) -> Look {
        Look { open: open.to_vec(), ..Look::default() }
    }

    fn ask(watch: &mut Watch, look: &Look, newest: u32, now: f64) -> Option<Vec<Question>> {
        match watch.due(look, asked(newest), &passage(), now) {
            Due::Ask(command) => match *command {
                Command::Inspect { questions, .. } => Some(questions),
                other => panic!("{other:?}"),
            },
            _ => None,
        }
    }

    fn answer(watch: &mut Watch, answers: Vec<Answer>, now: f64) {
        let insight = Insight { epoch: 3, characters: vec![None; 14], answers, seconds: 0.1 };
        watch.apply(&Event::Inspected { request: watch.request, insight }, false, now);
    }

    fn connectivity() -> Answer {
        Answer::Connectivity { of: Some('r'), magnitudes: vec![1.0; 14] }
    }

    #[test]
    fn nothing_is_asked_that_nobody_looks_at() {
        let mut watch = Watch::default();
        assert_eq!(ask(&mut watch, &look(&[]), 3, 0.0), None);
        let questions = ask(&mut watch, &look(&[View::Memory]), 3, 0.0);
        assert_eq!(questions, Some(vec![Question::Connectivity { at: 13 }]));
        assert_eq!(ask(&mut watch, &look(&[View::Slow]), 3, 0.0), None, "one question at a time");
        answer(&mut watch, vec![connectivity()], 100.0);
        assert_eq!(watch.connectivity, Some((13, Some('r'), vec![1.0; 14])));
        assert_eq!(ask(&mut watch, &look(&[View::Memory]), 3, 1e6), None, "it is answered");
        let other = Look { at: Some(4), ..look(&[View::Memory]) };
        assert_eq!(ask(&mut watch, &other, 3, 200.0), Some(vec![Question::Connectivity { at: 4 }]), "at once");
    }

    #[test]
    fn a_network_that_trains_is_asked_for_a_small_part_of_the_time() {
        let mut watch = Watch::default();
        let look = look(&[View::Memory]);
        ask(&mut watch, &look, 3, 0.0).unwrap();
        answer(&mut watch, vec![connectivity()], 100.0);
        let due = watch.due(&look, asked(4), &passage(), 300.0);
        assert_eq!(due, Due::Later(5800.0), "60 times a tenth of a second");
        assert!(ask(&mut watch, &look, 4, 6100.0).is_some());
        answer(&mut watch, vec![connectivity()], 6200.0);
        let chosen = Asked { chosen: Some(2), ..asked(4) };
        assert!(matches!(watch.due(&look, chosen, &passage(), 6300.0), Due::Ask(_)), "another network");
        answer(&mut watch, vec![connectivity()], 6400.0);
        let later = Asked { newest: 9, ..chosen };
        assert_eq!(watch.due(&look, later, &passage(), 1e9), Due::No, "an earlier epoch stays as it is");
    }

    #[test]
    fn what_the_network_wrote_is_read_again_as_seldom_as_its_weights() {
        let mut watch = Watch::default();
        let look = look(&[View::Memory]);
        let look = Look { open: vec![View::Memory, View::Time], ..look };
        let written = |text: &str| Passage { excerpt: Excerpt::Given(text.into()), length: 14, follows: true };
        assert!(matches!(watch.due(&look, asked(3), &written("time traveller"), 0.0), Due::Ask(_)));
        answer(&mut watch, vec![connectivity()], 100.0);
        assert_eq!(watch.due(&look, asked(4), &written("time travelled"), 300.0), Due::Later(5800.0));
        let typed = Passage { follows: false, ..written("time travelled") };
        assert!(matches!(watch.due(&look, asked(4), &typed, 300.0), Due::Ask(_)), "what the visitor wrote, at once");
    }

    #[test]
    fn units_are_ranked_when_first_looked_at_and_then_seldom() {
        let mut watch = Watch::default();
        let look = look(&[View::Unit]);
        let unit = Question::Unit { layer: 0, unit: 0 };
        assert_eq!(ask(&mut watch, &look, 3, 0.0), Some(vec![unit, Question::Ranking { layer: 0 }]));
        let feature = crate::protocol::Feature::Space;
        let found = Selective { layer: 0, unit: 7, feature, threshold: 0.5, above: true, score: 0.9 };
        answer(&mut watch, vec![Answer::Unit(vec![vec![0.5; 14]]), Answer::Ranking(vec![found])], 100.0);
        assert_eq!(watch.ranking, [found]);
        assert_eq!(ask(&mut watch, &look, 3, 1e6), None, "nothing has changed");
        assert_eq!(ask(&mut watch, &look, 4, 7000.0), Some(vec![unit]));
        answer(&mut watch, vec![Answer::Unit(vec![vec![0.5; 14]])], 7100.0);
        assert_eq!(ask(&mut watch, &look, 5, 40_000.0), Some(vec![unit, Question::Ranking { layer: 0 }]));
    }

    #[test]
    fn a_text_without_features_is_not_ranked_for_ever() {
        let mut watch = Watch::default();
        let look = Look { layer: 3, unit: 900, ..look(&[View::Unit]) }.fitted(&Config::default());
        assert_eq!((look.layer, look.unit), (0, 511));
        assert_eq!(ask(&mut watch, &look, 3, 0.0).map(|questions| questions.len()), Some(2));
        answer(&mut watch, vec![Answer::Unit(vec![vec![0.5; 14]]), Answer::Ranking(vec![])], 100.0);
        assert_eq!(ask(&mut watch, &look, 3, 1e6), None);
    }

    #[test]
    fn curves_are_of_the_newest_network_the_scaled_one_and_earlier_epochs() {
        let mut watch = Watch::default();
        let look = Look { scale: 1.5, ..look(&[View::Time]) };
        let norms = |scale, epoch| Question::GradientNorms { scale, epoch };
        let questions = [norms(1.0, None), norms(1.5, None), norms(1.0, Some(0)), norms(1.0, Some(16))];
        assert_eq!(ask(&mut watch, &look, 100, 0.0), Some(questions.to_vec()));
        let curve = |epoch| Answer::GradientNorms { epoch, layers: vec![vec![1.0, 0.5]] };
        answer(&mut watch, [100, 100, 0, 16].map(curve).to_vec(), 50.0);
        assert_eq!(
            watch.curves.newest.iter().map(|c| (c.epoch, c.scale)).collect::<Vec<_>>(),
            [(100, 1.0), (100, 1.5), (0, 1.0), (16, 1.0)]
        );
        assert_eq!(ask(&mut watch, &look, 101, 1e5), Some(questions[..2].to_vec()), "the past does not change");
        answer(&mut watch, [101, 101].map(curve).to_vec(), 1e5 + 50.0);
        assert_eq!(watch.curves.newest.iter().map(|c| c.epoch).collect::<Vec<_>>(), [101, 101, 0, 16]);
        watch.curves.keep();
        watch.curves.keep();
        assert_eq!(watch.curves.kept.len(), 1, "once");
    }

    #[test]
    fn a_refusal_is_shown_until_something_else_is_asked() {
        let mut watch = Watch::default();
        ask(&mut watch, &look(&[View::Memory]), 3, 0.0).unwrap();
        watch.apply(&Event::Refused { request: watch.request, error: Error::NoBook }, false, 10.0);
        assert_eq!(watch.refusal, Some(Error::NoBook));
        assert_eq!(ask(&mut watch, &look(&[View::Memory]), 3, 20.0), None, "it would be refused again");
        assert!(ask(&mut watch, &Look { at: Some(2), ..look(&[View::Memory]) }, 3, 20.0).is_some());
        watch.apply(&Event::Idle, true, 30.0);
        assert!(ask(&mut watch, &look(&[View::Memory]), 3, 40.0).is_some(), "the worker has forgotten the last one");
        watch.apply(&Event::Refused { request: watch.request, error: Error::NoBook }, false, 50.0);
        assert!(ask(&mut watch, &look(&[View::Unit]), 3, 60.0).is_some());
        watch.apply(&Event::Refused { request: watch.request, error: Error::NoBook }, false, 70.0);
        assert_eq!(ask(&mut watch, &look(&[View::Unit]), 3, 80.0), None, "nor a ranking");
    }
}
