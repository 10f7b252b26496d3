//! What the page knows about the run on show and those before it, and how the worker's events change it.

use super::compare;
use super::figures::Figures;
use super::reference::Reference;
use super::run::{self, Mark, Origin, Run};
use crate::error::Error;
use crate::model::config::{Config, SETTINGS};
use crate::protocol::{Divergence, EpochReport, Event, FinalReport, Hyperparameters, StartFrom};
use crate::ui::language::Words;
use crate::ui::worker::state::Worker;

/// Where the page stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Text, GPU or a new run are on their way.
    #[default]
    Loading,
    Idle,
    Training,
    Paused,
    Finished,
    Failed,
}

impl Status {
    /// The word in `data-status`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Idle => "idle",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

/// Everything the worker has told, as far as it still matters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    pub status: Status,
    /// The number of the latest run that was asked for; events about others are late and are ignored.
    pub run: u32,
    /// Whether that run may still speak: false before the first, after a reset and after a failure.
    attached: bool,
    /// The settings of the network that the worker holds or is about to make; none after a failure, which forgets it.
    pub config: Option<Config>,
    /// Where that network begins.
    start: Origin,
    /// Every run that is kept, in the order of their starts.
    pub runs: Vec<Run>,
    /// The number of the run whose progress and samples are shown; 0 for none.
    pub shown: u32,
    /// Counts the changes that the charts show.
    pub drawn: u32,
    /// How far that run is.
    pub figures: Figures,
    /// What the worker has told of itself.
    pub worker: Worker,
    /// What ended the run or the preparations, or holds the run.
    pub failure: Option<Error>,
    /// Where the run left the finite numbers and is held, with rates to go on with.
    pub divergence: Option<Divergence>,
    /// The epoch that the run went on from on another device, and why it had to.
    pub recovered: Option<(u32, String)>,
    /// Why the latest rates could not be set.
    pub refusal: Option<Error>,
}

impl RunState {
    pub fn can_train(&self) -> bool {
        self.worker.ready() && matches!(self.status, Status::Idle | Status::Finished | Status::Failed)
    }

    pub fn can_reset(&self) -> bool {
        !matches!(self.status, Status::Idle | Status::Loading) || self.attached
    }

    /// Whether a run is under way, held or not.
    pub fn active(&self) -> bool {
        matches!(self.status, Status::Training | Status::Paused)
    }

    /// Whether a run is asked for, under way or done: one that hears what prefix its samples are to continue.
    pub fn attached(&self) -> bool {
        self.attached
    }

    /// The run on show.
    pub fn live(&self) -> Option<&Run> {
        self.runs.iter().find(|run| run.number == self.shown)
    }

    fn live_mut(&mut self) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.number == self.shown)
    }

    /// Epochs that the run on show is to have.
    pub fn epochs(&self) -> u32 {
        self.live().map_or(0, |run| run.config.epochs)
    }

    /// The curve that the run on show is to be held against, if it has the book's setting, text and beginning.
    pub fn reference(&self) -> Option<&'static Reference> {
        self.live().filter(|run| run.is_books()).and_then(|run| Reference::of(&run.config))
    }

    /// How the finished run compares, if it has the book's setting.
    pub fn comparison(&self, w: &Words) -> Option<String> {
        let run = self.live().filter(|run| run.own_text.is_none())?;
        compare::with_book(w, &run.config, run.is_books(), run.report.as_ref()?)
    }

    /// How fast the run on show is, if it has the book's setting.
    pub fn speed(&self, w: &Words) -> Option<String> {
        let run = self.live().filter(|run| run.own_text.is_none())?;
        compare::speed_of(w, &run.config, self.figures.tokens_per_second?)
    }

    /// The rates of the run under way.
    pub fn hyperparameters(&self) -> Option<Hyperparameters> {
        self.live().filter(|_| self.active()).map(Run::hyperparameters)
    }

    /// The settings that say something else than the run under way, but for its rates, which can change in mid-run.
    pub fn needs_new_run(&self, config: &Config) -> Vec<&'static str> {
        let Some(run) = self.live().filter(|_| self.active()) else { return Vec::new() };
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| !["lr", "clip"].contains(key));
        keys.filter(|key| run.config.get(key) != config.get(key)).collect()
    }

    /// Shows a run on the curve, or hides it.
    pub fn show(&mut self, number: u32, visible: bool) {
        self.change(number, |run| run.visible = visible);
    }

    pub fn rename(&mut self, number: u32, name: String) {
        self.change(number, |run| run.name = name);
    }

    /// Forgets a run that is over.
    pub fn delete(&mut self, number: u32) {
        if number != self.shown || !self.active() {
            self.runs.retain(|run| run.number != number);
            self.drawn += 1;
        }
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.number == number) {
            change(run);
            self.drawn += 1;
        }
    }

    /// How much of the run is done, from 0 to 1.
    pub fn done(&self) -> f64 {
        self.live().map_or(0.0, |run| self.figures.done(run.config.epochs, run.minibatches))
    }

    /// A run with these settings and this beginning is asked for. What the last one came to stays until this one has
    /// started.
    pub fn begin(&mut self, config: Config, beginning: &StartFrom) -> u32 {
        let own_text = self.worker.text.as_ref().filter(|text| text.own).map(|text| text.name.clone());
        let is_books = self.worker.text.as_ref().is_some_and(|text| text.is_books);
        self.begin_from(config, Origin { own_text, is_books, ..Origin::from(beginning) })
    }

    /// [`RunState::begin`] of a run that may go on with another.
    pub fn begin_from(&mut self, config: Config, start: Origin) -> u32 {
        self.run += 1;
        self.attached = true;
        self.config = Some(config);
        self.start = start;
        self.status = Status::Loading;
        self.failure = None;
        self.refusal = None;
        self.run
    }

    /// The run is given up; what it came to stays among the runs, if that is an epoch at least.
    pub fn reset(&mut self) {
        self.runs.retain(|run| !run.curve.is_empty());
        let worker = std::mem::take(&mut self.worker);
        *self = Self {
            run: self.run,
            runs: std::mem::take(&mut self.runs),
            drawn: self.drawn + 1,
            // Of a worker that is lost, the next one tells anew.
            worker: if worker.lost { Worker::default() } else { worker },
            ..Self::default()
        };
        self.settle();
    }

    /// Whether this event says that the worker holds no network any more.
    pub fn is_ended_by(&self, event: &Event) -> bool {
        match event {
            Event::Broken { .. } => true,
            Event::Failed { run: Some(run), .. } => self.hears(*run),
            // Not that of a run that is asked for: its own words are still to come.
            Event::Failed { run: None, .. } => !self.attached,
            _ => false,
        }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: Event) {
        let (is_end, was_lost) = (self.is_ended_by(&event), self.worker.lost);
        let Some(event) = self.worker.apply(event) else {
            if was_lost && !self.worker.lost {
                (self.status, self.failure) = (Status::Loading, None);
            }
            return self.settle();
        };
        match event {
            Event::Started { run, minibatches, bytes } if self.hears(run) => self.start(minibatches, bytes),
            Event::Opened { run, config, reports } if self.hears(run) => self.open(config, reports),
            Event::Untrained { run, sample } if self.hears(run) => {
                if let Some(live) = self.live_mut() {
                    live.untrained = Some(sample);
                }
            }
            Event::Progress { run, progress } if self.hears(run) => self.figures.go_on(progress),
            Event::Epoch { run, report } if self.hears(run) => self.finish_epoch(report),
            Event::HyperparametersSet { run, epoch, minibatch, hyperparameters } if self.hears(run) => {
                self.change(run, |run| run.set_hyperparameters(Mark { epoch, minibatch, hyperparameters }));
            }
            Event::HyperparametersRefused { error } => self.refusal = Some(error),
            Event::Paused { run } if self.hears(run) => self.status = Status::Paused,
            Event::Resumed { run } if self.hears(run) => {
                self.status = Status::Training;
                self.failure = None;
                self.divergence = None;
            }
            Event::Recovered { run, epoch, reason } if self.hears(run) => self.recovered = Some((epoch, reason)),
            Event::Lost { run, error } if self.hears(run) => self.hold(error),
            Event::Diverged { run, divergence } if self.hears(run) => {
                self.hold(Error::Diverged(divergence));
                self.divergence = Some(divergence);
            }
            Event::Finished { run, report } if self.hears(run) => self.finish(report),
            Event::Idle if !self.attached => self.settle(),
            Event::Broken { error } => self.break_down(error),
            Event::Failed { run, error } if is_end => {
                // Without a run, the preparations failed.
                self.worker.lost |= run.is_none() && !self.worker.ready();
                self.fail(error);
            }
            Event::Failed { run: None, error } => self.failure = Some(error),
            _ => {}
        }
    }

    fn hears(&self, run: u32) -> bool {
        self.attached && run == self.run
    }

    /// With text and GPU there and no run asked for, the page waits for its visitor.
    fn settle(&mut self) {
        if self.worker.ready() && !self.attached && self.status == Status::Loading {
            self.status = Status::Idle;
        }
    }

    fn start(&mut self, minibatches: u32, bytes: u64) {
        self.runs.retain(|run| !run.curve.is_empty());
        if let Some(config) = self.config {
            let device = self.worker.device.clone();
            run::take_place(
                &mut self.runs,
                self.start.continues,
                Run { minibatches, device, ..Run::new(self.run, config, &self.start, 0) },
            );
        }
        self.status = Status::Training;
        self.failure = None;
        self.divergence = None;
        self.recovered = None;
        self.shown = self.run;
        self.drawn += 1;
        self.figures = Figures { bytes: Some(bytes), ..Figures::default() };
    }

    /// The run goes on from a checkpoint, which has these epochs.
    fn open(&mut self, config: Config, reports: Vec<EpochReport>) {
        self.config = Some(config);
        self.change(self.shown, |run| run.config = config);
        reports.into_iter().for_each(|report| self.finish_epoch(report));
    }

    fn finish_epoch(&mut self, report: EpochReport) {
        self.figures.finish_epoch(&report);
        self.change(self.shown, |run| run.finish_epoch(report));
    }

    fn finish(&mut self, report: FinalReport) {
        self.status = Status::Finished;
        self.figures.finish(&report);
        self.change(self.shown, |run| run.report = Some(report));
    }

    /// The worker cannot go on; what has come so far stays.
    fn break_down(&mut self, error: Error) {
        self.worker.lost = true;
        self.refusal = None;
        self.fail(error);
    }

    /// The run is held at the end of its last good epoch.
    fn hold(&mut self, error: Error) {
        self.status = Status::Paused;
        self.figures.seconds_left = None;
        self.failure = Some(error);
    }

    /// The run is over, and the worker holds no network any more.
    fn fail(&mut self, error: Error) {
        self.status = Status::Failed;
        self.attached = false;
        self.config = None;
        self.figures.seconds_left = None;
        self.divergence = None;
        self.failure = Some(error);
    }
}

#[cfg(test)]
mod tests;
