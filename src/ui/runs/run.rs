//! A run as the page keeps it, also after it has ended: settings, curve, samples, gradient norms.

use super::curve::{Point, thin};
use crate::model::config::{Config, WINDOW_OFFSET};
use crate::protocol::{EpochReport, FinalReport, Hyperparameters, Sample, StartFrom};
use crate::ui::settings::address;
use crate::ui::settings::form::Form;

/// Number of colours for runs: `--run-0`, `--run-1` and so on in the style sheet.
pub const COLOURS: usize = 6;

/// Number of gradient norms beyond which they are thinned.
const MOST_NORMS: usize = 8192;

/// An epoch's continuation of the prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochSample {
    pub epoch: u32,
    pub sample: Sample,
}

/// A change of hyperparameters in mid-run: from `minibatch` of the epoch after `epoch` finished ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub epoch: u32,
    pub minibatch: u32,
    pub hyperparameters: Hyperparameters,
}

/// Where a run is: what two checkpoints of it may differ in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Position {
    /// Number of finished epochs.
    pub epoch: u32,
    /// The latest change of hyperparameters.
    pub changed: Option<Mark>,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub number: u32,
    /// The settings that it started with.
    pub config: Config,
    pub from_file: bool,
    pub window_offset: Option<u32>,
    /// The epoch of another run at which it branched off.
    pub branch: Option<u32>,
    /// The name of the visitor's own text, if it trains on one.
    pub own_text: Option<String>,
    /// Whether it trains on the book's edition.
    pub is_books: bool,
    /// Whether it came with the page, trained before.
    pub is_trained: bool,
    /// The size of its vocabulary, if it was trained here.
    pub vocabulary: Option<u32>,
    /// The name that the visitor gave it; if empty, it is named by what differs from other runs.
    pub name: String,
    /// Index of its colour, below [`COLOURS`].
    pub colour: usize,
    /// Whether it is on the chart.
    pub visible: bool,
    /// Minibatches of an epoch.
    pub minibatches: u32,
    pub curve: Vec<Point>,
    /// Perplexity of the validation tokens.
    pub held_out: Vec<Point>,
    /// The sample before training: epoch 0.
    pub untrained: Option<Sample>,
    pub samples: Vec<EpochSample>,
    /// Position in the run, in epochs, and gradient norm before clipping.
    pub norms: Vec<(f64, f64)>,
    /// Number of clipped minibatches, and of all.
    pub clipped: (u64, u64),
    /// The changes of hyperparameters, in order.
    pub marks: Vec<Mark>,
    pub device: Option<String>,
    /// Seconds spent on finished epochs.
    pub seconds: f64,
    pub report: Option<FinalReport>,
}

impl Run {
    pub fn new(number: u32, config: Config, origin: &Origin, colour: usize) -> Self {
        Self {
            number,
            config,
            from_file: origin.from_file,
            window_offset: origin.window_offset,
            branch: origin.branch,
            own_text: origin.own_text.clone(),
            is_books: origin.is_books,
            is_trained: origin.is_trained,
            vocabulary: None,
            name: origin.name.clone(),
            colour,
            visible: true,
            minibatches: 0,
            curve: Vec::new(),
            held_out: Vec::new(),
            untrained: None,
            samples: Vec::new(),
            norms: Vec::new(),
            clipped: (0, 0),
            marks: Vec::new(),
            device: None,
            seconds: 0.0,
            report: None,
        }
    }

    /// Whether it can be compared with the book's runs: on the book's text, with random parameters and offsets, and
    /// unchanged hyperparameters.
    pub fn is_books(&self) -> bool {
        self.is_books
            && self.own_text.is_none()
            && !self.from_file
            && self.window_offset.is_none()
            && self.branch.is_none()
            && self.marks.is_empty()
    }

    /// Where it began, for a run that goes on from it.
    pub fn origin(&self) -> Origin {
        let Self { from_file, window_offset, branch, is_books, .. } = *self;
        let (own_text, name) = (self.own_text.clone(), self.name.clone());
        Origin { from_file, window_offset, branch, own_text, is_books, is_trained: false, name, continues: None }
    }

    /// Whether its hyperparameters were changed in mid-run; where it branched off they may begin as others.
    pub fn is_changed(&self) -> bool {
        let begins = |mark: &Mark| self.branch == Some(mark.epoch) && mark.minibatch == 0;
        self.marks.iter().any(|mark| !begins(mark))
    }

    /// A curve from where it is the run's own.
    pub fn own<'a>(&self, curve: &'a [Point]) -> &'a [Point] {
        let first = self.branch.map_or(0, |branch| curve.partition_point(|point| point.0 < branch));
        &curve[first..]
    }

    pub fn position(&self) -> Position {
        Position { epoch: self.curve.last().map_or(0, |point| point.0), changed: self.marks.last().copied() }
    }

    /// Its current hyperparameters.
    pub fn hyperparameters(&self) -> Hyperparameters {
        self.marks.last().map_or(hyperparameters_of(&self.config), |mark| mark.hyperparameters)
    }

    /// Changes the hyperparameters from `mark` on. Replaces changes at the same position or later, as the trainer does.
    pub fn set_hyperparameters(&mut self, mark: Mark) {
        self.marks.retain(|before| (before.epoch, before.minibatch) < (mark.epoch, mark.minibatch));
        self.marks.push(mark);
    }

    /// The clipping threshold at a minibatch of the epoch after `epoch` finished ones.
    fn clip_at(&self, epoch: u32, minibatch: u32) -> f32 {
        let applies = |mark: &&Mark| (mark.epoch, mark.minibatch) <= (epoch, minibatch);
        self.marks.iter().rev().find(applies).map_or(self.config.clip, |mark| mark.hyperparameters.clip)
    }

    /// The clipping threshold over the run, as a step line from epoch 0 to `end`.
    pub fn thresholds(&self, end: f64) -> Vec<(f64, f64)> {
        let mut line = vec![(0.0, f64::from(self.config.clip))];
        for mark in &self.marks {
            let at = self.mark_position(mark);
            line.extend([(at, line[line.len() - 1].1), (at, f64::from(mark.hyperparameters.clip))]);
        }
        line.push((end, line[line.len() - 1].1));
        line
    }

    /// The position of a mark, in epochs.
    pub fn mark_position(&self, mark: &Mark) -> f64 {
        f64::from(mark.epoch) + f64::from(mark.minibatch) / f64::from(self.minibatches.max(1))
    }

    /// Adds a finished epoch.
    pub fn finish_epoch(&mut self, report: EpochReport) {
        let before = report.epoch.saturating_sub(1);
        let count = report.grad_norms.len();
        for (m, &norm) in report.grad_norms.iter().enumerate() {
            let at = f64::from(before) + (m + 1) as f64 / count as f64;
            self.norms.push((at, norm.into()));
            self.clipped.0 += u64::from(norm > self.clip_at(before, m as u32));
        }
        self.clipped.1 += count as u64;
        if self.norms.len() > MOST_NORMS {
            self.norms = thin(&self.norms);
        }
        let tokens = count as f64 * f64::from(self.config.batch) * f64::from(self.config.steps);
        if report.tokens_per_second > 0.0 {
            self.seconds += tokens / report.tokens_per_second;
        }
        self.curve.push((report.epoch, report.perplexity));
        self.held_out.extend(report.validation.map(|perplexity| (report.epoch, perplexity)));
        self.samples.push(EpochSample { epoch: report.epoch, sample: report.sample });
    }

    /// The sample of an epoch; that of epoch 0 is from before training.
    pub fn sample(&self, epoch: u32) -> Option<&Sample> {
        let found = self.samples.binary_search_by_key(&epoch, |s| s.epoch).ok().map(|i| &self.samples[i].sample);
        found.or(self.untrained.as_ref().filter(|_| epoch == 0))
    }

    /// The fragment with its settings, and with its text if that came from a link.
    pub fn address(&self) -> String {
        let mut form = Form::from(&self.config);
        if let Some(offset) = self.window_offset {
            form.set(WINDOW_OFFSET.key, &offset.to_string());
        }
        let link = self.own_text.as_ref().filter(|name| name.starts_with("https://") || name.starts_with("http://"));
        address::write(&link.map(|link| address::of_text(link)).unwrap_or_default(), &form)
    }

    /// The training perplexity of an epoch.
    pub fn perplexity(&self, epoch: u32) -> Option<f64> {
        value_at(&self.curve, epoch)
    }

    /// The validation perplexity after an epoch.
    pub fn validation(&self, epoch: u32) -> Option<f64> {
        value_at(&self.held_out, epoch)
    }
}

fn value_at(curve: &[Point], epoch: u32) -> Option<f64> {
    curve.binary_search_by_key(&epoch, |p| p.0).ok().map(|i| curve[i].1)
}

/// What a run starts from, without the file itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    pub from_file: bool,
    pub window_offset: Option<u32>,
    /// The epoch of another run at which it branches off.
    pub branch: Option<u32>,
    pub own_text: Option<String>,
    pub is_books: bool,
    /// Whether it came with the page, trained before.
    pub is_trained: bool,
    /// The name that the visitor gave the run that it resumes.
    pub name: String,
    /// The number of the run in the list that it replaces.
    pub continues: Option<u32>,
}

impl From<&StartFrom> for Origin {
    fn from(start: &StartFrom) -> Self {
        let StartFrom { parameters, window_offset, .. } = start;
        Self { from_file: parameters.is_some(), window_offset: *window_offset, ..Self::default() }
    }
}

/// The hyperparameters of a configuration that can change in mid-run.
pub fn hyperparameters_of(config: &Config) -> Hyperparameters {
    Hyperparameters { learning_rate: config.lr, clip: config.clip }
}

/// The first unused colour; if there is none, the next in turn.
pub fn free_colour(runs: &[Run]) -> usize {
    (0..COLOURS).find(|&colour| runs.iter().all(|run| run.colour != colour)).unwrap_or(runs.len() % COLOURS)
}

/// Inserts a run: in place of the run `continues`, with its colour, or at the end in a free colour. One that came with the
/// page stands before all others, in place of an earlier one.
pub fn insert_run(runs: &mut Vec<Run>, continues: Option<u32>, run: Run) {
    if run.is_trained {
        // In the last colour: the visitor's own begin with the first.
        runs.retain(|other| !other.is_trained);
        return runs.insert(0, Run { colour: COLOURS - 1, ..run });
    }
    match runs.iter_mut().find(|old| Some(old.number) == continues) {
        Some(old) => *old = Run { colour: old.colour, visible: old.visible, ..run },
        None => runs.push(Run { colour: free_colour(runs), ..run }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u32, config: Config) -> Run {
        Run { minibatches: 4, ..Run::new(number, config, &Origin::default(), 0) }
    }

    fn report(epoch: u32, norms: &[f32]) -> EpochReport {
        let sample = Sample { prefix: "a".into(), text: format!("a{epoch}"), unknown: vec![] };
        EpochReport {
            epoch,
            perplexity: 9.0,
            loss: 2.2,
            grad_norms: norms.to_vec(),
            tokens_per_second: 2240.0,
            validation: None,
            sample,
        }
    }

    #[test]
    fn clipping_is_counted_by_the_threshold_at_each_minibatch() {
        let mut run = run(1, Config::default());
        run.marks.push(Mark {
            epoch: 0,
            minibatch: 2,
            hyperparameters: Hyperparameters { learning_rate: 1.0, clip: 3.0 },
        });
        run.finish_epoch(report(1, &[2.0, 0.5, 2.0, 4.0]));
        assert_eq!(run.clipped, (2, 4));
        assert_eq!(run.norms[..2], [(0.25, 2.0), (0.5, 0.5)]);
        assert_eq!(run.thresholds(1.0), [(0.0, 1.0), (0.5, 1.0), (0.5, 3.0), (1.0, 3.0)]);
        assert!((run.seconds - 2.0).abs() < 1e-9, "{}", run.seconds);
        assert_eq!(run.hyperparameters().clip, 3.0);
        assert!(!run.is_books());
    }

    /// As after a divergence: the run is back at the end of an epoch, where its hyperparameters change.
    #[test]
    fn an_earlier_change_of_hyperparameters_replaces_later_ones() {
        let mut run = run(1, Config::default());
        let mark = |epoch, minibatch, clip| Mark {
            epoch,
            minibatch,
            hyperparameters: Hyperparameters { learning_rate: 1.0, clip },
        };
        for mark in [mark(1, 0, 5.0), mark(2, 2, 9.0), mark(2, 0, 0.5)] {
            run.set_hyperparameters(mark);
        }
        assert_eq!(run.marks, [mark(1, 0, 5.0), mark(2, 0, 0.5)]);
        assert_eq!((run.clip_at(2, 3), run.hyperparameters().clip), (0.5, 0.5));
        let line = run.thresholds(3.0);
        assert!(line.is_sorted_by(|a, b| a.0 <= b.0), "{line:?}");
        run.set_hyperparameters(mark(2, 0, 0.25));
        assert_eq!(run.marks, [mark(1, 0, 5.0), mark(2, 0, 0.25)]);
    }

    #[test]
    fn norms_of_long_runs_are_thinned_and_keep_their_peaks() {
        let mut run = run(1, Config::default());
        for epoch in 1..=3000 {
            run.finish_epoch(report(epoch, &[1.0, if epoch == 1500 { 90.0 } else { 2.0 }, 1.0, 1.0]));
        }
        assert!(run.norms.len() <= MOST_NORMS, "{}", run.norms.len());
        assert!(run.norms.iter().any(|norm| norm.1 == 90.0));
        assert_eq!(run.clipped, (3000, 12_000));
    }

    #[test]
    fn epochs_are_found() {
        let mut run = run(1, Config::default());
        run.untrained = Some(Sample { prefix: "a".into(), text: "aq".into(), unknown: vec![] });
        run.finish_epoch(EpochReport { validation: Some(11.0), ..report(1, &[1.0]) });
        assert_eq!((run.validation(1), run.validation(2)), (Some(11.0), None));
        assert_eq!(run.sample(0).unwrap().text, "aq");
        assert_eq!(run.sample(1).unwrap().text, "a1");
        assert_eq!((run.sample(2), run.perplexity(1), run.perplexity(2)), (None, Some(9.0), None));
    }

    #[test]
    fn colours_are_reused() {
        let mut runs: Vec<Run> = (0..COLOURS).map(|colour| Run { colour, ..run(1, Config::default()) }).collect();
        runs.remove(2);
        assert_eq!(free_colour(&runs), 2);
    }

    #[test]
    fn a_runs_address_holds_its_settings() {
        let config = Config { hidden: 7, lr: 0.5, ..Config::default() };
        let start = Origin { window_offset: Some(3), ..Default::default() };
        let form = address::read(&Run::new(1, config, &start, 0).address());
        assert_eq!((form.config(), form.window_offset()), (Ok(config), Some(3)));
    }

    #[test]
    fn a_runs_address_names_a_text_that_came_by_a_link_and_no_other() {
        for (own_text, named) in [
            (Some("https://x.org/a?b=c&d#e"), Some("https://x.org/a?b=c&d#e")),
            (Some("notes on https://x.org.txt"), None),
            (None, None),
        ] {
            let start = Origin { own_text: own_text.map(str::to_owned), ..Default::default() };
            let link = Run::new(1, Config { hidden: 7, ..Config::default() }, &start, 0).address();
            assert_eq!((address::text(&link).as_deref(), address::read(&link).get("hidden")), (named, "7"), "{link}");
        }
    }
}
