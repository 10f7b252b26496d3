//! What the page knows about the run on show, and how the worker's events change it.

use crate::error::Error;
use crate::model::config::{Config, SETTINGS};
use crate::protocol::{
    Beginning, Continuation, Divergence, EpochReport, Event, FinalReport, Lap, Profile, Progress, Rates, TextFacts,
};

use crate::ui::language::Words;
use crate::ui::runs::compare;
use crate::ui::runs::reference::Reference;
use crate::ui::runs::run::{self, Mark, Run, Start};

/// Where the page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Text, GPU or a new run are on their way.
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
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    pub status: Status,
    /// The number of the latest run that was asked for; events about others are late and are ignored.
    pub run: u32,
    /// Whether that run may still speak: false before the first, after a reset and after a failure.
    attached: bool,
    /// The settings of the network that the worker holds or is about to make; none after a failure, which forgets it.
    pub config: Option<Config>,
    /// Where that network begins.
    start: Start,
    /// Every run that is kept, in the order of their starts.
    pub runs: Vec<Run>,
    /// The number of the run whose progress and samples are shown; 0 for none.
    pub shown: u32,
    /// Counts the changes that the charts show.
    pub drawn: u32,
    /// Bytes of the run's buffers on the GPU.
    pub bytes: Option<u64>,
    pub progress: Progress,
    pub perplexity: Option<f64>,
    pub tokens_per_second: Option<f64>,
    pub seconds_left: Option<f64>,
    pub text: Option<TextFacts>,
    pub device: Option<String>,
    /// The race that the device won.
    pub race: Vec<Lap>,
    /// Whether the worker found no GPU that it could ask.
    pub no_gpu: bool,
    /// The number of the latest continuation asked for by hand.
    pub request: u32,
    /// Whether its answer is still to come.
    pub asking: bool,
    pub generated: Option<Continuation>,
    /// What ended the run or the preparations, or holds the run.
    pub failure: Option<Error>,
    /// Where the run left the finite numbers and is held, with rates to go on with.
    pub divergence: Option<Divergence>,
    /// The epoch that the run went on from on another device, and why it had to.
    pub recovered: Option<(u32, String)>,
    /// Why the latest continuation could not be made.
    pub refusal: Option<Error>,
    /// Where the time of a training step goes, as it was measured last.
    pub profile: Option<Profile>,
    /// Whether that is being measured.
    pub profiling: bool,
    /// Why it could not be.
    pub profile_refusal: Option<Error>,
    /// Whether the worker is of no more use: a reset then starts another.
    pub worker_lost: bool,
}

impl Default for RunState {
    fn default() -> Self {
        Self {
            status: Status::Loading,
            run: 0,
            attached: false,
            config: None,
            start: Start::default(),
            runs: Vec::new(),
            shown: 0,
            drawn: 0,
            bytes: None,
            progress: NO_PROGRESS,
            perplexity: None,
            tokens_per_second: None,
            seconds_left: None,
            text: None,
            device: None,
            race: Vec::new(),
            no_gpu: false,
            request: 0,
            asking: false,
            generated: None,
            failure: None,
            divergence: None,
            recovered: None,
            refusal: None,
            profile: None,
            profiling: false,
            profile_refusal: None,
            worker_lost: false,
        }
    }
}

/// The request number of a profile; those of continuations begin with 1.
pub const PROFILE_REQUEST: u32 = 0;

const NO_PROGRESS: Progress = Progress { epoch: 0, minibatch: 0, tokens_per_second: 0.0, seconds_left: 0.0 };

impl RunState {
    /// Whether text and GPU are there.
    pub fn ready(&self) -> bool {
        self.text.is_some() && self.device.is_some() && !self.worker_lost
    }

    pub fn can_train(&self) -> bool {
        self.ready() && matches!(self.status, Status::Idle | Status::Finished | Status::Failed)
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

    /// Whether the device is the CPU.
    pub fn on_cpu(&self) -> bool {
        self.device.as_deref().is_some_and(is_cpu)
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
        compare::speed_of(w, &run.config, self.tokens_per_second?)
    }

    /// The rates of the run under way.
    pub fn rates(&self) -> Option<Rates> {
        self.live().filter(|_| self.active()).map(Run::rates)
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
        let epochs = self.epochs();
        if epochs == 0 {
            return 0.0;
        }
        let within =
            f64::from(self.progress.minibatch) / f64::from(self.live().map_or(1, |run| run.minibatches.max(1)));
        ((f64::from(self.progress.epoch) + within.min(1.0)) / f64::from(epochs)).min(1.0)
    }

    /// A run with these settings and this beginning is asked for. What the last one came to stays until this one has
    /// started.
    pub fn begin(&mut self, config: Config, beginning: &Beginning) -> u32 {
        let own_text = self.text.as_ref().filter(|text| text.own).map(|text| text.name.clone());
        let is_books = self.text.as_ref().is_some_and(|text| text.is_books);
        self.begin_from(config, Start { own_text, is_books, ..Start::from(beginning) })
    }

    /// [`RunState::begin`] of a run that may go on with another.
    pub fn begin_from(&mut self, config: Config, start: Start) -> u32 {
        self.run += 1;
        self.attached = true;
        self.config = Some(config);
        self.start = start;
        self.status = Status::Loading;
        self.failure = None;
        self.refusal = None;
        self.run
    }

    /// The run is given up; what it came to stays among the runs, if that is an epoch at least. A continuation on its
    /// way comes too late.
    pub fn reset(&mut self) {
        self.runs.retain(|run| !run.curve.is_empty());
        let kept = Self {
            run: self.run,
            request: self.request + 1,
            runs: std::mem::take(&mut self.runs),
            drawn: self.drawn + 1,
            ..Self::default()
        };
        // Of a worker that is lost, the next one tells anew.
        *self = match self.worker_lost {
            true => kept,
            false => Self {
                text: self.text.take(),
                device: self.device.take(),
                race: std::mem::take(&mut self.race),
                no_gpu: self.no_gpu,
                ..kept
            },
        };
        self.settle();
    }

    /// A continuation is asked for by hand.
    pub fn ask(&mut self) -> u32 {
        self.request += 1;
        self.asking = true;
        self.refusal = None;
        self.request
    }

    /// Where the time goes is asked for.
    pub fn ask_profile(&mut self) {
        self.profiling = true;
        self.profile_refusal = None;
    }

    /// The worker cannot go on, says the browser; what has come so far stays. Of a worker that is lost already, the
    /// reason is known.
    pub fn lose_worker(&mut self, error: Error) {
        if !self.worker_lost {
            self.break_down(error);
        }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Ready => self.worker_lost = false,
            Event::Text { facts } => {
                self.text = Some(facts);
                // A worker that could not have the book's text goes on with another.
                if std::mem::take(&mut self.worker_lost) {
                    (self.status, self.failure) = (Status::Loading, None);
                }
                self.settle();
            }
            Event::Device { name, race } => {
                // Before any run the worker names the GPU, if there is one.
                self.no_gpu = if self.attached { self.no_gpu } else { is_cpu(&name) };
                self.device = Some(name);
                self.race = race;
                self.settle();
            }
            Event::Started { run, minibatches, bytes } if self.hears(run) => {
                self.start(minibatches);
                self.bytes = Some(bytes);
            }
            Event::Opened { run, config, reports } if self.hears(run) => self.open(config, reports),
            Event::Untrained { run, sample } if self.hears(run) => {
                if let Some(live) = self.live_mut() {
                    live.untrained = Some(sample);
                }
            }
            Event::Progress { run, progress } if self.hears(run) => {
                self.progress = progress;
                // Without a pace yet there is no telling.
                let left = Some(progress.seconds_left).filter(|_| progress.tokens_per_second > 0.0);
                self.keep_pace(progress.tokens_per_second, left);
            }
            Event::Epoch { run, report } if self.hears(run) => self.finish_epoch(report),
            Event::RatesSet { run, epoch, minibatch, rates } if self.hears(run) => {
                self.change(run, |run| run.marks.push(Mark { epoch, minibatch, rates }));
            }
            Event::RatesRefused { error } => self.refusal = Some(error),
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
            Event::Generated { request, continuation } if request == self.request => {
                self.asking = false;
                self.generated = Some(continuation);
            }
            Event::Profiled { request: PROFILE_REQUEST, profile } => {
                self.profiling = false;
                self.profile = Some(profile);
            }
            Event::Refused { request: PROFILE_REQUEST, error } => {
                self.profiling = false;
                self.profile_refusal = Some(error);
            }
            Event::Refused { request, error } if request == self.request => {
                self.asking = false;
                self.refusal = Some(error);
            }
            // The worker's own word is better than what the browser makes of it, whichever comes first.
            Event::Broken { error } => self.break_down(error),
            Event::Failed { run: Some(run), error } if self.hears(run) => self.fail(error),
            // Not that of a run that is asked for: its own words are still to come.
            Event::Failed { run: None, error } if self.attached => {
                self.asking = false;
                self.failure = Some(error);
            }
            Event::Failed { run: None, error } => {
                self.worker_lost |= !self.ready();
                self.fail(error);
            }
            _ => {}
        }
    }

    fn hears(&self, run: u32) -> bool {
        self.attached && run == self.run
    }

    /// With text and GPU there and no run asked for, the page waits for its visitor.
    fn settle(&mut self) {
        if self.ready() && !self.attached && self.status == Status::Loading {
            self.status = Status::Idle;
        }
    }

    fn start(&mut self, minibatches: u32) {
        self.runs.retain(|run| !run.curve.is_empty());
        if let Some(config) = self.config {
            let device = self.device.clone();
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
        self.progress = NO_PROGRESS;
        self.perplexity = None;
        self.tokens_per_second = None;
        self.seconds_left = None;
    }

    /// The run goes on from a checkpoint, which has these epochs.
    fn open(&mut self, config: Config, reports: Vec<EpochReport>) {
        self.config = Some(config);
        self.change(self.shown, |run| run.config = config);
        reports.into_iter().for_each(|report| self.finish_epoch(report));
    }

    fn finish_epoch(&mut self, report: EpochReport) {
        self.progress = Progress { epoch: report.epoch, minibatch: 0, ..self.progress };
        self.perplexity = Some(report.perplexity);
        self.keep_pace(report.tokens_per_second, None);
        self.change(self.shown, |run| run.finish_epoch(report));
    }

    fn finish(&mut self, report: FinalReport) {
        self.status = Status::Finished;
        self.progress = Progress { epoch: report.epochs, minibatch: 0, ..self.progress };
        self.perplexity = Some(report.perplexity);
        self.seconds_left = None;
        self.tokens_per_second = Some(report.tokens_per_second);
        self.change(self.shown, |run| run.report = Some(report));
    }

    fn keep_pace(&mut self, tokens_per_second: f64, seconds_left: Option<f64>) {
        self.tokens_per_second = Some(tokens_per_second).filter(|x| x.is_finite() && *x > 0.0);
        self.seconds_left = seconds_left.or(self.seconds_left).filter(|x| x.is_finite());
    }

    fn break_down(&mut self, error: Error) {
        self.worker_lost = true;
        self.refusal = None;
        self.fail(error);
    }

    /// The run is held at the end of its last good epoch.
    fn hold(&mut self, error: Error) {
        self.status = Status::Paused;
        self.seconds_left = None;
        self.failure = Some(error);
    }

    /// The run is over, and the worker holds no network any more.
    fn fail(&mut self, error: Error) {
        self.status = Status::Failed;
        self.attached = false;
        self.config = None;
        self.asking = false;
        self.profiling = false;
        self.seconds_left = None;
        self.divergence = None;
        self.failure = Some(error);
    }
}

/// Whether this is what the worker calls a CPU.
fn is_cpu(name: &str) -> bool {
    name.starts_with("CPU")
}

#[cfg(test)]
mod tests;
