//! The worker's main loop: obeys commands, trains, emits events.

mod branch;
mod faults;
mod inspect;
mod start;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use web_time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::session::{EpochResult, Session};
use super::texts::Texts;
use crate::engine::{Device, Devices, profile, time_minibatch};
use crate::error::{Error, Result};
use crate::kernels::network_of;
use crate::model::Config;
use crate::model::config::Cleaning;
use crate::protocol::{
    Command, Continuation, EpochReport, Event, FINAL_PREFIXES, FinalReport, Hyperparameters, Pick, Profile,
    SAMPLE_LENGTH, Stretch, Summary, TextChoice, check_prefix,
};

/// The shortest time between two [`Event::Progress`].
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// The state of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Training,
    Paused,
    /// Paused because its device failed and no new one could be opened.
    Lost,
    /// No run, or a finished one.
    Idle,
}

/// Obeys commands one after another, and trains in between.
pub struct Trainer<E> {
    devices: Devices,
    texts: Texts,
    emit: E,
    mode: Mode,
    /// The number of the run, from its [`Command::Train`].
    run: Option<u32>,
    session: Option<Session>,
    /// The device of the latest network.
    device: Option<Device>,
    /// The settings and the untrained network that generate before any run.
    untrained: Option<(Config, Session)>,
    last_progress: Instant,
    /// The epochs that were reported.
    reports: Vec<EpochReport>,
    /// The number of times a failed device was replaced since an epoch was finished or a command obeyed.
    moves: u32,
    /// Why the last device failed.
    reason: String,
}

impl<E: FnMut(Event)> Trainer<E> {
    pub fn new(devices: Devices, texts: Texts, emit: E) -> Self {
        Self {
            devices,
            texts,
            emit,
            mode: Mode::Idle,
            run: None,
            session: None,
            device: None,
            untrained: None,
            last_progress: Instant::now(),
            reports: Vec::new(),
            moves: 0,
            reason: String::new(),
        }
    }

    /// Obeys `first`, then commands as they come, and trains in between. Returns when the commands have ended and no
    /// run is training.
    pub async fn serve(&mut self, first: Option<Command>, commands: &mut UnboundedReceiver<Command>) {
        let mut first = first;
        loop {
            let command = if first.is_some() {
                first.take()
            } else if self.mode == Mode::Training {
                commands.try_recv().ok()
            } else if let Ok(command) = commands.try_recv() {
                Some(command)
            } else if self.devices.precompile_next().await {
                continue;
            } else {
                match commands.next().await {
                    None => return,
                    command => command,
                }
            };
            let outcome = match command.clone() {
                Some(command) => self.obey(command).await,
                None => self.train().await,
            };
            match outcome {
                Err(error) => first = self.handle(error, command).await,
                Ok(()) if self.mode != Mode::Training => self.moves = 0,
                Ok(()) => {}
            }
        }
    }

    async fn obey(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Train { run, config, prefix, beginning, stretch } => {
                return self.start(run, config, prefix, beginning, stretch).await;
            }
            Command::Branch { run, epoch, config, prefix, stretch } => {
                return self.branch(run, epoch, config, &prefix, stretch).await;
            }
            Command::Pause if self.mode == Mode::Training => return self.pause().await,
            Command::Pause => {}
            Command::Resume { stretch } if self.mode == Mode::Lost => self.resume_lost(stretch).await,
            Command::Resume { stretch } => self.resume(stretch),
            Command::SetHyperparameters { hyperparameters } => {
                let event = self
                    .set_hyperparameters(hyperparameters)
                    .unwrap_or_else(|error| Event::HyperparametersRefused { error });
                (self.emit)(event);
            }
            Command::Reset => {
                self.clear();
                (self.emit)(Event::Idle);
            }
            Command::SamplePrefix { prefix } => self.set_prefix(&prefix),
            Command::Checkpoint { request } => {
                let checkpoint = self.checkpoint().await;
                return self.answer(request, checkpoint, |(summary, file)| Event::Checkpoint {
                    request,
                    summary,
                    file,
                });
            }
            Command::Examine { request, file } => {
                let summary = self.examine(&file);
                return self.answer(request, summary, |summary| Event::Examined { request, summary });
            }
            Command::Generate { request, .. } | Command::Profile { request, .. } if self.mode == Mode::Lost => {
                self.refuse(request, Error::Lost { reason: self.reason.clone() });
            }
            Command::Generate { request, prefix, length, pick, config } => {
                let continuation = self.generate(&prefix, length as usize, pick, config).await;
                return self.answer(request, continuation, |continuation| Event::Generated { request, continuation });
            }
            Command::Inspect { request, config, excerpt, epoch, questions } => {
                let insight = self.inspect(config, &excerpt, epoch, &questions).await;
                return self.answer(request, insight, |insight| Event::Inspected { request, insight });
            }
            Command::Profile { request, config } => {
                let profile = self.profile(&config).await;
                return self.answer(request, profile, |profile| Event::Profiled { request, profile });
            }
            Command::Pace { config } => match self.pace(&config).await {
                Ok(seconds) => (self.emit)(Event::Paced { config, seconds }),
                Err(error @ Error::Gpu(_)) => return Err(error),
                Err(_) => {} // the page does without
            },
            Command::Text { choice, cleaning, vocab } => {
                let event = self.choose_text(choice, cleaning, vocab);
                (self.emit)(event.unwrap_or_else(|error| Event::TextRefused { error }));
            }
            Command::Recall { races } => self.devices.recall(races),
            Command::Seen => {} // for the outbox
        }
        Ok(())
    }

    fn choose_text(&mut self, choice: TextChoice, cleaning: Cleaning, vocab: u32) -> Result<Event> {
        if choice != TextChoice::Present {
            self.texts.choose(choice)?;
            self.untrained = None;
        }
        Ok(Event::Text { facts: self.texts.facts(cleaning, vocab)? })
    }

    fn refuse(&mut self, request: u32, error: Error) {
        (self.emit)(Event::Refused { request, error });
    }

    /// A checkpoint of the run at the end of its last epoch, as a file with its summary. Without a device it is of the last
    /// epoch whose parameters were read.
    async fn checkpoint(&mut self) -> Result<(Summary, Vec<u8>)> {
        let session = self.session.as_mut().ok_or(Error::NothingToSave)?;
        if self.mode != Mode::Lost {
            session.save_last().await?;
        }
        // Lent and not copied: of a long run they are many.
        let newer = self.reports.split_off(session.saved_epoch() as usize);
        let checkpoint = session.checkpoint(std::mem::take(&mut self.reports));
        let answer = (checkpoint.summary(), checkpoint.write());
        self.reports = checkpoint.reports;
        self.reports.extend(newer);
        Ok(answer)
    }

    /// The summary of a checkpoint file, if a run can resume from it with the current text.
    fn examine(&mut self, file: &[u8]) -> Result<Summary> {
        let checkpoint = Checkpoint::read(file)?;
        self.texts.corpus_of(&checkpoint)?;
        Ok(checkpoint.summary())
    }

    /// Answers a request, with an [`Event::Refused`] for an error; a failure of the device is returned to be handled.
    fn answer<T>(&mut self, request: u32, outcome: Result<T>, event: impl FnOnce(T) -> Event) -> Result<()> {
        match outcome {
            Ok(answer) => (self.emit)(event(answer)),
            Err(error @ Error::Gpu(_)) => return Err(error),
            Err(error) => self.refuse(request, error),
        }
        Ok(())
    }

    async fn profile(&mut self, config: &Config) -> Result<Profile> {
        config.check()?;
        if let Some(session) = &mut self.session {
            session.synchronize().await?;
        }
        let race = self.race(config).await?;
        profile(&race.winner, network_of(config, self.texts.corpus(config)?.vocabulary.size())).await
    }

    /// Seconds of a training step; while a run trains, there are none to spare.
    async fn pace(&mut self, config: &Config) -> Result<f64> {
        config.check()?;
        if self.mode != Mode::Idle {
            return Err(Error::NoRun);
        }
        let race = self.race(config).await?;
        time_minibatch(&race.winner, network_of(config, self.texts.corpus(config)?.vocabulary.size())).await
    }

    /// From the next epoch on, samples continue this prefix; if it can't be continued, they keep the previous one.
    fn set_prefix(&mut self, prefix: &str) {
        if let (Ok(()), Some(session)) = (check_prefix(prefix), &mut self.session) {
            session.set_sample(prefix, SAMPLE_LENGTH as usize);
        }
    }

    /// Pauses the run, once everything submitted is done, and emits its progress. A run that is finished by then ends.
    async fn pause(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        session.synchronize().await?;
        while let Some(result) = self.session.as_mut().expect("there is a run").take_ended().await? {
            self.report(run, result);
        }
        self.emit_progress();
        if self.session.as_ref().is_some_and(Session::is_finished) {
            return self.finish(run).await;
        }
        self.save_last().await?;
        (self.emit)(Event::Paused { run });
        self.mode = Mode::Paused;
        Ok(())
    }

    fn resume(&mut self, stretch: Stretch) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        session.set_goal(stretch);
        if self.mode == Mode::Lost || (self.mode == Mode::Idle && session.is_finished()) {
            return;
        }
        if let Stretch::To(_) = stretch {
            (self.emit)(Event::Opened { run, config: session.config(), reports: Vec::new() });
        }
        if self.mode != Mode::Training {
            (self.emit)(Event::Resumed { run });
        }
        self.mode = Mode::Training;
    }

    fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) -> Result<Event> {
        let is_under_way = self.mode != Mode::Idle;
        let (Some(run), Some(session), true) = (self.run, &mut self.session, is_under_way) else {
            return Err(Error::NoRun);
        };
        let (epoch, minibatch) = session.set_hyperparameters(hyperparameters)?;
        Ok(Event::HyperparametersSet { run, epoch, minibatch: minibatch as u32, hyperparameters })
    }

    /// Drops the run and every network.
    fn clear(&mut self) {
        self.run = None;
        self.session = None;
        self.untrained = None;
        self.reports.clear();
        self.mode = Mode::Idle;
    }

    fn fail(&mut self, error: Error) {
        let run = self.run;
        self.clear();
        (self.emit)(Event::Failed { run, error });
    }

    async fn generate(&mut self, prefix: &str, length: usize, pick: Pick, config: Config) -> Result<Continuation> {
        self.network(config).await?.generate(prefix, length, pick).await
    }

    /// The run's network or, without a run, the untrained one of these settings.
    async fn network(&mut self, config: Config) -> Result<&mut Session> {
        let session = match self.untrained.take() {
            _ if self.session.is_some() => return Ok(self.session.as_mut().expect("there is one")),
            Some((known, session)) if known == config => session,
            _ => {
                config.check()?;
                let device = self.choose_device(&config).await?;
                Session::new(&device, &self.texts.corpus(&config)?, config).await?
            }
        };
        Ok(&mut self.untrained.insert((config, session)).1)
    }

    /// Trains for some tens of milliseconds, and emits the progress or the report of a finished epoch. If the device
    /// fails, it is called again on another one.
    async fn train(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        if let Some(result) = session.advance().await? {
            self.moves = 0;
            self.report(run, result);
            self.emit_progress();
        } else if self.last_progress.elapsed() >= PROGRESS_EVERY {
            self.emit_progress();
        }
        match &self.session {
            Some(session) if session.is_finished() => self.finish(run).await,
            Some(session) if session.is_at_goal() => self.pause().await,
            _ => Ok(()),
        }
    }

    fn report(&mut self, run: u32, mut result: EpochResult) {
        let sample = result.sample.take().expect("a trainer samples after every epoch");
        let report = result.report(sample);
        self.reports.push(report.clone());
        (self.emit)(Event::Epochs { run, reports: vec![report] });
    }

    /// Nothing shall be lost if the device is, once nobody waits for speed.
    async fn save_last(&mut self) -> Result<()> {
        match &mut self.session {
            Some(session) => session.save_last().await,
            None => Ok(()),
        }
    }

    async fn finish(&mut self, run: u32) -> Result<()> {
        self.save_last().await?;
        let report = self.final_report().await?;
        (self.emit)(Event::Finished { run, report });
        self.mode = Mode::Idle;
        Ok(())
    }

    fn emit_progress(&mut self) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        (self.emit)(Event::Progress { run, progress: session.progress() });
        self.last_progress = Instant::now();
    }

    async fn final_report(&mut self) -> Result<FinalReport> {
        let session = self.session.as_mut().expect("a run has just finished");
        // The vocabulary of a text in another script lacks the characters of the book's prefixes.
        let own = session.sample_prefix().to_owned();
        let mut prefixes: Vec<&str> = FINAL_PREFIXES.into_iter().filter(|prefix| session.can_encode(prefix)).collect();
        if prefixes.is_empty() {
            prefixes.push(&own);
        }
        let mut samples = Vec::new();
        for prefix in prefixes {
            samples.push(session.sample(prefix, SAMPLE_LENGTH as usize).await?);
        }
        Ok(FinalReport {
            epochs: session.config().epochs,
            perplexity: self.reports.last().map_or(f64::NAN, |last| last.perplexity),
            tokens_per_second: session.tokens_per_second(),
            device: self.device.as_ref().map(Device::name).unwrap_or_default(),
            samples,
        })
    }
}
