//! Commands in, events out: what the worker does all day.

mod faults;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use web_time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::session::{EpochResult, Initial, Session};
use super::texts::Texts;
use crate::engine::{Device, Devices, Race, profile};
use crate::error::{Error, Result};
use crate::kernels::network_of;
use crate::model::Config;
use crate::model::config::Cleaning;
use crate::network::parameters_file;
use crate::protocol::{
    Command, Continuation, EpochReport, Event, FINAL_PREFIXES, FinalReport, Hyperparameters, PastRace, Pick, Profile,
    SAMPLE_LENGTH, StartFrom, Stretch, Summary, TextChoice, check_prefix,
};
use crate::text::Corpus;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What becomes of the run when no command is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Training,
    Paused,
    /// Held, and without a device.
    Lost,
    /// No run, or one that is over.
    Still,
}

/// Obeys commands one after the other, and trains in between.
pub struct Trainer<E> {
    devices: Devices,
    texts: Texts,
    emit: E,
    mode: Mode,
    /// The number of the run.
    run: Option<u32>,
    /// Its network.
    session: Option<Session>,
    /// What the last network was put on.
    device: Option<Device>,
    /// An untrained network that was asked to generate before any run, and its settings.
    untrained: Option<(Config, Session)>,
    /// What samples continue.
    prefix: String,
    last_progress: Instant,
    /// What the run's epochs came to, as was told.
    reports: Vec<EpochReport>,
    /// What an epoch came to that is not yet told.
    ended: Option<EpochResult>,
    /// How often a failed device was replaced since an epoch was finished or a command obeyed.
    moves: u32,
    /// Why the last one failed.
    reason: String,
}

impl<E: FnMut(Event)> Trainer<E> {
    pub fn new(devices: Devices, texts: Texts, emit: E) -> Self {
        Self {
            devices,
            texts,
            emit,
            mode: Mode::Still,
            run: None,
            session: None,
            device: None,
            untrained: None,
            prefix: FINAL_PREFIXES[0].to_owned(),
            last_progress: Instant::now(),
            reports: Vec::new(),
            ended: None,
            moves: 0,
            reason: String::new(),
        }
    }

    /// Obeys `first`, then commands as they come, and trains in between, until the commands end and nothing is left to
    /// train.
    pub async fn serve(&mut self, first: Option<Command>, commands: &mut UnboundedReceiver<Command>) {
        let mut first = first;
        loop {
            let command = if first.is_some() {
                first.take()
            } else if self.mode == Mode::Training {
                commands.try_recv().ok()
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
                Err(error) => first = self.cope(error, command).await,
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
            Command::Pause if self.mode == Mode::Training => return self.pause().await,
            Command::Pause => {}
            Command::Resume { stretch } if self.mode == Mode::Lost => self.try_again(stretch).await,
            Command::Resume { stretch } => self.resume(stretch),
            Command::SetHyperparameters { hyperparameters } => {
                let event = self
                    .set_hyperparameters(hyperparameters)
                    .unwrap_or_else(|error| Event::HyperparametersRefused { error });
                (self.emit)(event);
            }
            Command::Reset => {
                self.forget();
                (self.emit)(Event::Idle);
            }
            Command::SamplePrefix { prefix } if check_prefix(&prefix).is_ok() => self.prefix = prefix,
            Command::SamplePrefix { .. } => {} // the samples go on with the one before
            Command::Checkpoint { request } => {
                let checkpoint = self.checkpoint().await;
                return self.answer(request, checkpoint, |checkpoint| {
                    let (summary, file) = (checkpoint.summary(), checkpoint.write());
                    Event::Checkpoint { request, summary, file }
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
            Command::Profile { request, config } => {
                let profile = self.profile(&config).await;
                return self.answer(request, profile, |profile| Event::Profiled { request, profile });
            }
            Command::Text { choice, cleaning, vocab } => {
                let event = self.choose_text(choice, cleaning, vocab);
                (self.emit)(event.unwrap_or_else(|error| Event::TextRefused { error }));
            }
            Command::Recall { races } => self.devices.recall(races),
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

    async fn start(
        &mut self,
        run: u32,
        config: Config,
        prefix: String,
        beginning: StartFrom,
        stretch: Stretch,
    ) -> Result<()> {
        self.forget();
        self.run = Some(run);
        check_prefix(&prefix)?;
        let checkpoint = beginning.checkpoint.as_deref().map(Checkpoint::read).transpose()?;
        let checkpoint = checkpoint.map(|checkpoint| checkpoint.with(&config));
        let config = checkpoint.as_ref().map_or(config, |checkpoint| checkpoint.config);
        config.check()?;
        let corpus = self.texts.corpus(&config)?;
        let start = read(beginning, &config, &corpus)?;
        let device = self.choose(&config).await?;
        let mut session = match &checkpoint {
            Some(checkpoint) => Session::from_checkpoint(&device, &corpus, checkpoint).await?,
            None => Session::from_start(&device, &corpus, config, start).await?,
        };
        let started = Event::Started { run, minibatches: session.minibatches() as u32, bytes: session.bytes() };
        if let Some(checkpoint) = checkpoint {
            (self.emit)(started);
            self.tell_checkpoint(run, checkpoint);
        } else {
            let sample = session.sample(&prefix, SAMPLE_LENGTH as usize).await?;
            (self.emit)(started);
            (self.emit)(Event::Untrained { run, sample });
        }
        session.go_on(stretch);
        self.session = Some(session);
        self.prefix = prefix;
        self.mode = Mode::Training;
        Ok(())
    }

    /// Tells what a run came to before it was interrupted.
    fn tell_checkpoint(&mut self, run: u32, checkpoint: Checkpoint) {
        let Checkpoint { config, reports, hyperparameters, .. } = checkpoint;
        self.reports.clone_from(&reports);
        for ((epoch, minibatch), hyperparameters) in hyperparameters.into_iter().skip(1) {
            (self.emit)(Event::HyperparametersSet { run, epoch, minibatch: minibatch as u32, hyperparameters });
        }
        (self.emit)(Event::Opened { run, config, reports });
    }

    /// The run at the end of its last epoch.
    async fn checkpoint(&mut self) -> Result<Checkpoint> {
        if self.ended.is_some() {
            if self.mode == Mode::Lost {
                return Err(Error::Lost { reason: self.reason.clone() });
            }
            self.train().await?; // an epoch whose sample is still to be made
        }
        let session = self.session.as_ref().ok_or(Error::NothingToSave)?;
        Ok(session.checkpoint(&self.reports))
    }

    /// What a file is of, if a run can go on from it here.
    fn examine(&mut self, file: &[u8]) -> Result<Summary> {
        let checkpoint = Checkpoint::read(file)?;
        checkpoint.check(&*self.texts.corpus(&checkpoint.config)?)?;
        Ok(checkpoint.summary())
    }

    /// The device for these settings, which are checked; says which.
    async fn choose(&mut self, config: &Config) -> Result<Device> {
        let race = self.race(config).await?;
        (self.emit)(Event::Device { name: race.winner.name(), race: race.laps });
        self.device = Some(race.winner.clone());
        Ok(race.winner)
    }

    /// The device for these settings, by a race if they leave it open.
    async fn race(&mut self, config: &Config) -> Result<Race> {
        let network = network_of(config, self.texts.corpus(config)?.vocabulary.size());
        let race = self.devices.choose(config.engine, network).await?;
        if race.new {
            (self.emit)(Event::Raced { race: PastRace { sizes: network.sizes, laps: race.laps.clone() } });
        }
        Ok(race)
    }

    /// Tells what was asked for, or why it can't be had; a failure of the device is more than that.
    fn answer<T>(&mut self, request: u32, outcome: Result<T>, event: impl FnOnce(T) -> Event) -> Result<()> {
        match outcome {
            Ok(told) => (self.emit)(event(told)),
            Err(error @ Error::Gpu(_)) => return Err(error),
            Err(error) => self.refuse(request, error),
        }
        Ok(())
    }

    async fn profile(&mut self, config: &Config) -> Result<Profile> {
        config.check()?;
        if let Some(session) = &mut self.session {
            session.settle().await?;
        }
        let race = self.race(config).await?;
        profile(&race.winner, network_of(config, self.texts.corpus(config)?.vocabulary.size())).await
    }

    /// Holds the run that is under way and tells where.
    async fn pause(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        session.settle().await?;
        self.tell_progress();
        (self.emit)(Event::Paused { run });
        self.mode = Mode::Paused;
        Ok(())
    }

    fn resume(&mut self, stretch: Stretch) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        match self.mode {
            Mode::Still | Mode::Lost => return,
            Mode::Training => {}
            Mode::Paused => (self.emit)(Event::Resumed { run }),
        }
        session.go_on(stretch);
        self.mode = Mode::Training;
    }

    fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) -> Result<Event> {
        let under_way = self.mode != Mode::Still;
        let (Some(run), Some(session), true) = (self.run, &mut self.session, under_way) else {
            return Err(Error::NoRun);
        };
        let (epoch, minibatch) = session.set_hyperparameters(hyperparameters)?;
        Ok(Event::HyperparametersSet { run, epoch, minibatch: minibatch as u32, hyperparameters })
    }

    fn forget(&mut self) {
        self.run = None;
        self.session = None;
        self.untrained = None;
        self.reports.clear();
        self.ended = None;
        self.mode = Mode::Still;
    }

    fn fail(&mut self, error: Error) {
        let run = self.run;
        self.forget();
        (self.emit)(Event::Failed { run, error });
    }

    async fn generate(&mut self, prefix: &str, length: usize, pick: Pick, config: Config) -> Result<Continuation> {
        if let Some(session) = &mut self.session {
            return session.converse(prefix, length, pick).await;
        }
        let session = match self.untrained.take() {
            Some((known, session)) if known == config => session,
            _ => {
                config.check()?;
                let device = self.choose(&config).await?;
                Session::new(&device, &self.texts.corpus(&config)?, config).await?
            }
        };
        let (_, session) = self.untrained.insert((config, session));
        session.converse(prefix, length, pick).await
    }

    /// One piece of training, and what it brings. Where a device fails in its midst, the same is done once more: what an
    /// epoch came to is kept until it is told.
    async fn train(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        if self.ended.is_none() {
            self.ended = session.advance().await?;
        }
        if let Some(result) = self.ended.clone() {
            self.moves = 0;
            let report = result.report(session.sample(&self.prefix, SAMPLE_LENGTH as usize).await?);
            self.ended = None;
            self.reports.push(report.clone());
            (self.emit)(Event::Epoch { run, report });
            self.tell_progress();
        } else if self.last_progress.elapsed() >= PROGRESS_EVERY {
            self.tell_progress();
        }
        match &self.session {
            Some(session) if session.is_finished() => self.finish(run).await,
            Some(session) if session.rests() => self.pause().await,
            _ => Ok(()),
        }
    }

    async fn finish(&mut self, run: u32) -> Result<()> {
        let report = self.final_report().await?;
        (self.emit)(Event::Finished { run, report });
        self.mode = Mode::Still;
        Ok(())
    }

    fn tell_progress(&mut self) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        (self.emit)(Event::Progress { run, progress: session.progress() });
        self.last_progress = Instant::now();
    }

    async fn final_report(&mut self) -> Result<FinalReport> {
        let session = self.session.as_mut().expect("a run has just finished");
        // A text of another script is asked for what it can say.
        let mut prefixes: Vec<&str> = FINAL_PREFIXES.into_iter().filter(|prefix| session.knows(prefix)).collect();
        if prefixes.is_empty() {
            prefixes.push(&self.prefix);
        }
        let mut samples = Vec::new();
        for prefix in prefixes {
            samples.push(session.sample(prefix, SAMPLE_LENGTH as usize).await?);
        }
        Ok(FinalReport {
            epochs: session.epochs(),
            perplexity: self.reports.last().map_or(f64::NAN, |last| last.perplexity),
            tokens_per_second: session.tokens_per_second(),
            device: self.device.as_ref().map(Device::name).unwrap_or_default(),
            samples,
        })
    }
}

/// A beginning with its file read, which must hold the parameters of these settings' network.
fn read(beginning: StartFrom, config: &Config, corpus: &Corpus) -> Result<Initial> {
    let read = |file: Vec<u8>| parameters_file::read(&file, network_of(config, corpus.vocabulary.size()));
    Ok(Initial {
        parameters: beginning.parameters.map(read).transpose()?,
        window_offset: beginning.window_offset.map(|offset| offset as usize),
    })
}
