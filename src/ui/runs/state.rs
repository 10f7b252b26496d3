//! The state of the shown run and earlier ones, and how the worker's events change it.

use super::compare;
use super::figures::Figures;
use super::pace;
use super::reference::Reference;
use super::run::{self, Mark, Origin, Run};
use crate::error::Error;
use crate::model::config::{Config, SETTINGS, WINDOW_OFFSET};
use crate::protocol::{Divergence, EpochReport, Event, FinalReport, Hyperparameters, StartFrom, TextFacts};
use crate::ui::language::Words;
use crate::ui::worker::state::Worker;

/// The status of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Waits for the text, the GPU or the start of a run.
    #[default]
    Loading,
    Idle,
    Training,
    Paused,
    Finished,
    Failed,
}

impl Status {
    /// The value of `data-status`.
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

/// What the worker's events have reported, as far as it still matters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    pub status: Status,
    /// The number of the latest requested run; late events of other runs are ignored.
    pub run: u32,
    /// Whether that run can still send events: not before the first run, after a reset or after a failure.
    attached: bool,
    /// The configuration of the network that the worker has or is about to make; `None` after a failure.
    pub config: Option<Config>,
    /// What that network starts from.
    origin: Origin,
    /// The listed runs, in the order of their starts.
    pub runs: Vec<Run>,
    /// The number of the run whose progress and samples are shown; 0 for none.
    pub shown: u32,
    /// Counts the changes of what the charts show.
    pub drawn: u32,
    /// The figures of the shown run.
    pub figures: Figures,
    /// The text of the shown run.
    text: Option<TextFacts>,
    pub worker: Worker,
    /// The error that ended or paused the run, or prevented its start.
    pub failure: Option<Error>,
    /// Where the run diverged, with hyperparameters to resume with.
    pub divergence: Option<Divergence>,
    /// The epoch from which the run resumed on another device, and why.
    pub recovered: Option<(u32, String)>,
    /// Why the latest hyperparameters could not be set.
    pub refusal: Option<Error>,
}

impl RunState {
    pub fn can_train(&self) -> bool {
        self.worker.ready() && matches!(self.status, Status::Idle | Status::Finished | Status::Failed)
    }

    /// Whether the worker is awaited, with no run requested.
    pub fn is_awaited(&self) -> bool {
        self.status == Status::Loading && !self.attached && !self.worker.lost
    }

    pub fn can_reset(&self) -> bool {
        !matches!(self.status, Status::Idle | Status::Loading) || self.attached
    }

    /// Whether a run is training or paused.
    pub fn active(&self) -> bool {
        matches!(self.status, Status::Training | Status::Paused)
    }

    /// Whether the worker has, or is about to have, a run that takes commands.
    pub fn attached(&self) -> bool {
        self.attached
    }

    /// The shown run.
    pub fn live(&self) -> Option<&Run> {
        self.runs.iter().find(|run| run.number == self.shown)
    }

    /// The last finished epoch of the shown run; 0 before the first.
    pub fn newest(&self) -> u32 {
        self.live().and_then(|run| run.curve.last()).map_or(0, |point| point.0)
    }

    /// The shown run, if the visitor began it.
    pub fn own(&self) -> Option<&Run> {
        self.live().filter(|run| !run.is_trained)
    }

    /// The visitor's run to compare others with: the shown one, or else the newest.
    pub fn latest(&self) -> Option<&Run> {
        self.own().or_else(|| self.runs.iter().rfind(|run| !run.is_trained))
    }

    fn live_mut(&mut self) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.number == self.shown)
    }

    /// The number of epochs that the shown run trains for.
    pub fn epochs(&self) -> u32 {
        self.own().map_or(0, |run| run.config.epochs)
    }

    /// The curve to compare the shown run with, if it has the book's settings, text and origin.
    pub fn reference(&self) -> Option<&'static Reference> {
        self.own().filter(|run| run.is_books()).and_then(|run| Reference::of(&run.config))
    }

    /// About how many seconds a run of these settings takes here.
    pub fn takes(&self, config: &Config) -> Option<f64> {
        pace::seconds(&self.worker.timed, config, self.worker.vocabulary())
    }

    /// The curve that a run of these settings on the present text will be compared with.
    pub fn expected(&self, config: &Config) -> Option<&'static Reference> {
        Reference::of(config).filter(|_| self.worker.text.as_ref().is_some_and(|text| text.is_books && !text.own))
    }

    /// Compares the finished run with the book, if it has the book's settings.
    pub fn comparison(&self, w: &Words) -> Option<String> {
        let run = self.live().filter(|run| run.own_text.is_none())?;
        let report = run.report.as_ref()?;
        compare::with_book(w, &run.config, run.is_books(), report, run.validation(report.epochs))
    }

    /// Compares the shown run's speed with the book's, if it has the book's settings.
    pub fn speed(&self, w: &Words) -> Option<String> {
        let run = self.live().filter(|run| run.own_text.is_none())?;
        compare::speed_of(w, &run.config, self.figures.tokens_per_second?)
    }

    /// The current run, if the worker has its network: it is training, paused or finished.
    pub fn current(&self) -> Option<&Run> {
        self.live().filter(|run| self.is_current(run.number))
    }

    /// The configuration and the text of the network that the worker trains or has trained.
    pub fn network(&self) -> Option<(Config, &TextFacts)> {
        self.current().filter(|run| !run.is_trained).map(|run| run.config).zip(self.text.as_ref())
    }

    /// The hyperparameters of the current run, also of one that is being prepared.
    pub fn hyperparameters(&self) -> Option<Hyperparameters> {
        let prepared = self.config.filter(|_| self.attached && self.status == Status::Loading);
        let current = self.live().filter(|_| self.active()).map(Run::hyperparameters);
        prepared.as_ref().map(run::hyperparameters_of).or(current)
    }

    /// The settings that differ from the current run's and need a new run: all but learning rate and clipping. With
    /// more epochs alone, the run itself can go on.
    pub fn needs_new_run(&self, config: &Config, window_offset: Option<u32>) -> Vec<&'static str> {
        let Some(run) = self.current() else { return Vec::new() };
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| !["lr", "clip"].contains(key));
        let offset = (run.window_offset != window_offset).then_some(WINDOW_OFFSET.key);
        keys.filter(|key| run.config.get(key) != config.get(key)).chain(offset).collect()
    }

    /// The number of epochs of these settings, if the current run has fewer and is otherwise as they say.
    pub fn longer(&self, config: &Config, window_offset: Option<u32>) -> Option<u32> {
        let has_fewer = self.current().is_some_and(|run| run.config.epochs < config.epochs);
        (has_fewer && self.needs_new_run(config, window_offset) == ["epochs"]).then_some(config.epochs)
    }

    /// Shows or hides a run on the chart.
    pub fn show(&mut self, number: u32, visible: bool) {
        self.change(number, |run| run.visible = visible);
    }

    pub fn rename(&mut self, number: u32, name: String) {
        self.change(number, |run| run.name = name);
    }

    /// Deletes a run, unless it is the current one.
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

    /// The finished fraction of the shown run, from 0 to 1.
    pub fn done(&self) -> f64 {
        self.live().map_or(0.0, |run| self.figures.done(run.config.epochs, run.minibatches))
    }

    /// A run is requested; returns its number. The previous run stays shown until this one has started.
    pub fn begin(&mut self, config: Config, start: &StartFrom) -> u32 {
        let origin = self.origin_of(start);
        self.begin_from(config, origin)
    }

    /// Where a new run on the worker's text begins.
    pub fn origin_of(&self, start: &StartFrom) -> Origin {
        let own_text = self.worker.text.as_ref().filter(|text| text.own).map(|text| text.name.clone());
        let is_books = self.worker.text.as_ref().is_some_and(|text| text.is_books);
        Origin { own_text, is_books, ..Origin::from(start) }
    }

    /// [`RunState::begin`] for any origin, also a run that resumes another.
    pub fn begin_from(&mut self, config: Config, origin: Origin) -> u32 {
        self.run += 1;
        self.attached = true;
        self.config = Some(config);
        // A network that came with the page is no run of the visitor's, who can begin one at any time.
        self.status = if origin.is_trained { Status::Idle } else { Status::Loading };
        self.origin = origin;
        self.failure = None;
        self.refusal = None;
        self.run
    }

    /// The visitor resets the run; it stays in the list if it has finished an epoch.
    pub fn reset(&mut self) {
        self.runs.retain(|run| !run.curve.is_empty());
        let worker = std::mem::take(&mut self.worker);
        *self = Self {
            run: self.run,
            runs: std::mem::take(&mut self.runs),
            drawn: self.drawn + 1,
            // A lost worker's successor reports its own text and device.
            worker: if worker.lost { Worker::default() } else { worker },
            ..Self::default()
        };
        self.settle();
    }

    /// Whether the worker has no network any more after this event.
    pub fn is_ended_by(&self, event: &Event) -> bool {
        match event {
            Event::Broken { .. } => true,
            Event::Failed { run: Some(run), .. } => self.is_current(*run),
            // A requested run reports its own failure.
            Event::Failed { run: None, .. } => !self.attached,
            _ => false,
        }
    }

    /// Applies an event.
    pub fn apply(&mut self, event: Event) {
        let (is_end, was_lost) = (self.is_ended_by(&event), self.worker.lost);
        if self.opens_trained() && matches!(event, Event::Device { .. }) {
            return; // it is not what trains the visitor's runs
        }
        let Some(event) = self.worker.apply(event) else {
            if was_lost && !self.worker.lost {
                (self.status, self.failure) = (Status::Loading, None);
            }
            return self.settle();
        };
        match event {
            Event::Started { run, minibatches, bytes } if self.is_current(run) => self.start(minibatches, bytes),
            Event::Opened { run, config, reports } if self.is_current(run) => self.open(config, reports),
            Event::Untrained { run, sample } if self.is_current(run) => {
                if let Some(live) = self.live_mut() {
                    live.untrained = Some(sample);
                }
            }
            Event::Progress { run, progress } if self.is_current(run) && !self.opens_trained() => {
                self.figures.set_progress(progress);
            }
            Event::Epochs { run, reports } if self.is_current(run) => self.finish_epochs(reports),
            Event::HyperparametersSet { run, epoch, minibatch, hyperparameters } if self.is_current(run) => {
                self.change(run, |run| run.set_hyperparameters(Mark { epoch, minibatch, hyperparameters }));
            }
            Event::HyperparametersRefused { error } => self.refusal = Some(error),
            Event::Paused { run } if self.is_current(run) => self.status = Status::Paused,
            Event::Resumed { run } if self.is_current(run) => {
                self.status = Status::Training;
                self.failure = None;
                self.divergence = None;
                // A finished run goes on.
                self.change(run, |run| run.report = None);
            }
            Event::Recovered { run, epoch, reason } if self.is_current(run) => self.recovered = Some((epoch, reason)),
            Event::Lost { run, error } if self.is_current(run) => self.pause_with(error),
            Event::Diverged { run, divergence } if self.is_current(run) => {
                self.pause_with(Error::Diverged(divergence));
                self.divergence = Some(divergence);
            }
            Event::Finished { run, report } if self.is_current(run) => self.finish(report),
            Event::Idle if !self.attached => self.settle(),
            Event::Broken { error } => self.lose_worker(error),
            // The visitor has asked for nothing.
            Event::Failed { run: Some(_), .. } if is_end && self.opens_trained() => {
                (self.attached, self.config) = (false, None);
            }
            Event::Failed { run, error } if is_end => {
                // Without a run, the preparations failed.
                self.worker.lost |= run.is_none() && !self.worker.ready();
                self.fail(error);
            }
            Event::Failed { run: None, error } => self.failure = Some(error),
            _ => {}
        }
    }

    /// Whether events of this run count.
    fn is_current(&self, run: u32) -> bool {
        self.attached && run == self.run
    }

    /// Whether the current network came with the page.
    pub fn opens_trained(&self) -> bool {
        self.attached && self.origin.is_trained
    }

    /// The page is idle once text and device are there and no run is requested.
    fn settle(&mut self) {
        if self.worker.ready() && !self.attached && self.status == Status::Loading {
            self.status = Status::Idle;
        }
    }

    fn start(&mut self, minibatches: u32, bytes: u64) {
        self.runs.retain(|run| !run.curve.is_empty());
        if let Some(config) = self.config {
            let device = self.worker.device.clone().filter(|_| !self.origin.is_trained);
            let vocabulary = self.worker.text.as_ref().map(|text| text.vocabulary);
            run::insert_run(
                &mut self.runs,
                self.origin.continues,
                Run { minibatches, device, vocabulary, ..Run::new(self.run, config, &self.origin, 0) },
            );
        }
        if !self.origin.is_trained {
            self.status = Status::Training;
        }
        self.failure = None;
        self.divergence = None;
        self.recovered = None;
        self.shown = self.run;
        // The worker answers in order: what it has told by now is the text that the run trains on.
        self.text.clone_from(&self.worker.text);
        self.drawn += 1;
        let bytes = Some(bytes).filter(|_| !self.origin.is_trained);
        self.figures = Figures { bytes, ..Figures::default() };
    }

    /// The run resumes from a checkpoint with these epochs.
    fn open(&mut self, config: Config, reports: Vec<EpochReport>) {
        self.config = Some(config);
        self.change(self.shown, |run| run.config = config);
        self.finish_epochs(reports);
    }

    fn finish_epochs(&mut self, reports: Vec<EpochReport>) {
        if let Some(last) = reports.last().filter(|_| !self.origin.is_trained) {
            self.figures.finish_epoch(last);
        }
        self.change(self.shown, |run| reports.into_iter().for_each(|report| run.finish_epoch(report)));
    }

    fn finish(&mut self, report: FinalReport) {
        if self.origin.is_trained {
            return; // it was finished before
        }
        self.status = Status::Finished;
        self.figures.finish(&report);
        self.change(self.shown, |run| run.report = Some(report));
    }

    /// The worker is lost; curve and samples stay.
    fn lose_worker(&mut self, error: Error) {
        self.worker.lost = true;
        self.refusal = None;
        self.fail(error);
    }

    /// The run is paused at the end of its last good epoch.
    fn pause_with(&mut self, error: Error) {
        self.status = Status::Paused;
        self.figures.seconds_left = None;
        self.failure = Some(error);
    }

    /// The run has failed, and the worker has no network any more.
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
