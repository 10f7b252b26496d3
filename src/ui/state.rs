//! What the page knows about the run on show, and how the worker's events change it.

use crate::model::config::Config;
use crate::protocol::{Beginning, EpochReport, Event, FinalReport, Lap, Progress, Sample};

use super::compare;
use super::curve::Point;
use super::reference::Reference;

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

/// The text that is trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFacts {
    pub edition: String,
    /// Whether that is the book's own.
    pub is_books: bool,
    pub tokens: u32,
    pub vocabulary: u32,
}

/// An epoch's continuation of the prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochSample {
    pub epoch: u32,
    pub sample: Sample,
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
    /// Whether that network begins where the book's does, with random parameters and offsets.
    begins_as_book: bool,
    /// The number of the run whose curve and samples are shown.
    pub shown: u32,
    /// Its settings.
    pub shown_config: Option<Config>,
    /// Whether it began where the book's does.
    shown_began_as_book: bool,
    pub minibatches: u32,
    /// Bytes of the run's buffers on the GPU.
    pub bytes: Option<u64>,
    pub progress: Progress,
    pub perplexity: Option<f64>,
    pub tokens_per_second: Option<f64>,
    pub seconds_left: Option<f64>,
    pub curve: Vec<Point>,
    /// What the network made of the prefix before any training: epoch 0.
    pub untrained: Option<Sample>,
    pub samples: Vec<EpochSample>,
    pub report: Option<FinalReport>,
    pub text: Option<TextFacts>,
    pub device: Option<String>,
    /// The race that the device won.
    pub race: Vec<Lap>,
    /// The number of the latest continuation asked for by hand.
    pub request: u32,
    /// Whether its answer is still to come.
    pub asking: bool,
    pub generated: Option<Sample>,
    /// What ended the run or the preparations.
    pub failure: Option<String>,
    /// Why the latest continuation could not be made.
    pub refusal: Option<String>,
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
            begins_as_book: true,
            shown: 0,
            shown_config: None,
            shown_began_as_book: true,
            minibatches: 0,
            bytes: None,
            progress: NO_PROGRESS,
            perplexity: None,
            tokens_per_second: None,
            seconds_left: None,
            curve: Vec::new(),
            untrained: None,
            samples: Vec::new(),
            report: None,
            text: None,
            device: None,
            race: Vec::new(),
            request: 0,
            asking: false,
            generated: None,
            failure: None,
            refusal: None,
            worker_lost: false,
        }
    }
}

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

    /// Epochs that the run on show is to have.
    pub fn epochs(&self) -> u32 {
        self.shown_config.map_or(0, |config| config.epochs)
    }

    /// The curve that the run on show is to be held against, if it has the book's setting, text and beginning.
    pub fn reference(&self) -> Option<&'static Reference> {
        self.shown_config.as_ref().filter(|_| self.is_books()).and_then(Reference::of)
    }

    /// How the finished run compares, if it has the book's setting.
    pub fn comparison(&self) -> Option<String> {
        compare::with_book(self.shown_config.as_ref()?, self.is_books(), self.report.as_ref()?)
    }

    /// Whether the run on show has what the settings do not say from the book: text and beginning.
    fn is_books(&self) -> bool {
        self.shown_began_as_book && self.text.as_ref().is_some_and(|text| text.is_books)
    }

    /// How much of the run is done, from 0 to 1.
    pub fn done(&self) -> f64 {
        let epochs = self.epochs();
        if epochs == 0 {
            return 0.0;
        }
        let within = f64::from(self.progress.minibatch) / f64::from(self.minibatches.max(1));
        ((f64::from(self.progress.epoch) + within.min(1.0)) / f64::from(epochs)).min(1.0)
    }

    /// A run with these settings and this beginning is asked for. What the last one came to stays until this one has
    /// started.
    pub fn begin(&mut self, config: Config, beginning: &Beginning) -> u32 {
        self.run += 1;
        self.attached = true;
        self.config = Some(config);
        self.begins_as_book = *beginning == Beginning::default();
        self.status = Status::Loading;
        self.failure = None;
        self.refusal = None;
        self.run
    }

    /// The run is given up, with all that it came to; a continuation on its way comes too late.
    pub fn reset(&mut self) {
        let lost = self.worker_lost;
        *self = Self {
            run: self.run,
            shown: self.shown,
            request: self.request + 1,
            text: self.text.take().filter(|_| !lost),
            device: self.device.take().filter(|_| !lost),
            ..Self::default()
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

    /// The worker cannot go on, says the browser; what has come so far stays. Of a worker that is lost already, the
    /// reason is known.
    pub fn lose_worker(&mut self, message: String) {
        if !self.worker_lost {
            self.break_down(message);
        }
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Ready => self.worker_lost = false,
            Event::Text { edition, is_books, tokens, vocabulary } => {
                self.text = Some(TextFacts { edition, is_books, tokens, vocabulary });
                self.settle();
            }
            Event::Device { name, race } => {
                self.device = Some(name);
                self.race = race;
                self.settle();
            }
            Event::Started { run, minibatches, bytes } if self.hears(run) => {
                self.start(minibatches);
                self.bytes = Some(bytes);
            }
            Event::Untrained { run, sample } if self.hears(run) => self.untrained = Some(sample),
            Event::Progress { run, progress } if self.hears(run) => {
                self.progress = progress;
                // Without a pace yet there is no telling.
                let left = Some(progress.seconds_left).filter(|_| progress.tokens_per_second > 0.0);
                self.keep_pace(progress.tokens_per_second, left);
            }
            Event::Epoch { run, report } if self.hears(run) => self.finish_epoch(report),
            Event::Paused { run } if self.hears(run) => self.status = Status::Paused,
            Event::Resumed { run } if self.hears(run) => self.status = Status::Training,
            Event::Finished { run, report } if self.hears(run) => self.finish(report),
            Event::Idle if !self.attached => self.settle(),
            Event::Generated { request, continuation } if request == self.request => {
                self.asking = false;
                self.generated = Some(continuation.sample);
            }
            Event::Refused { request, message } if request == self.request => {
                self.asking = false;
                self.refusal = Some(message);
            }
            // The worker's own word is better than what the browser makes of it, whichever comes first.
            Event::Broken { message } => self.break_down(message),
            Event::Failed { run: Some(run), message } if self.hears(run) => self.fail(message),
            // Not that of a run that is asked for: its own words are still to come.
            Event::Failed { run: None, message } if self.attached => {
                self.asking = false;
                self.failure = Some(message);
            }
            Event::Failed { run: None, message } => {
                self.worker_lost |= !self.ready();
                self.fail(message);
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
        self.status = Status::Training;
        self.failure = None;
        self.shown = self.run;
        self.shown_config = self.config;
        self.shown_began_as_book = self.begins_as_book;
        self.minibatches = minibatches;
        self.progress = NO_PROGRESS;
        self.perplexity = None;
        self.tokens_per_second = None;
        self.seconds_left = None;
        self.curve.clear();
        self.untrained = None;
        self.samples.clear();
        self.report = None;
    }

    fn finish_epoch(&mut self, report: EpochReport) {
        self.progress = Progress { epoch: report.epoch, minibatch: 0, ..self.progress };
        self.perplexity = Some(report.perplexity);
        self.keep_pace(report.tokens_per_second, None);
        self.curve.push((report.epoch, report.perplexity));
        self.samples.push(EpochSample { epoch: report.epoch, sample: report.sample });
    }

    fn finish(&mut self, report: FinalReport) {
        self.status = Status::Finished;
        self.progress = Progress { epoch: report.epochs, minibatch: 0, ..self.progress };
        self.perplexity = Some(report.perplexity);
        self.seconds_left = None;
        self.tokens_per_second = Some(report.tokens_per_second);
        self.report = Some(report);
    }

    fn keep_pace(&mut self, tokens_per_second: f64, seconds_left: Option<f64>) {
        self.tokens_per_second = Some(tokens_per_second).filter(|x| x.is_finite() && *x > 0.0);
        self.seconds_left = seconds_left.or(self.seconds_left).filter(|x| x.is_finite());
    }

    fn break_down(&mut self, message: String) {
        self.worker_lost = true;
        self.refusal = None;
        self.fail(message);
    }

    /// The run is over, and the worker holds no network any more.
    fn fail(&mut self, message: String) {
        self.status = Status::Failed;
        self.attached = false;
        self.config = None;
        self.asking = false;
        self.seconds_left = None;
        self.failure = Some(message);
    }
}

#[cfg(test)]
mod tests;
