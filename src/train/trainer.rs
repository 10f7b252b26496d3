//! Commands in, events out: what the worker does all day.

use std::rc::Rc;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use web_time::{Duration, Instant};

use super::session::{EpochResult, Session, Start, sizes};
use crate::engine::{Device, Devices, profile};
use crate::error::{Error, Result};
use crate::model::config::check_prefix;
use crate::model::{Config, parameters_file};
use crate::protocol::{
    Beginning, Command, Continuation, EpochReport, Event, FINAL_PREFIXES, FinalReport, PastRace, Pick, Profile, Rates,
    SAMPLE_LENGTH, Sample, Stretch,
};
use crate::text::Corpus;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What becomes of the run when no command is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Training,
    Paused,
    /// No run, or one that is over.
    Still,
}

/// Obeys commands one after the other, and trains in between.
pub struct Trainer<E> {
    devices: Devices,
    corpus: Rc<Corpus>,
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
}

impl<E: FnMut(Event)> Trainer<E> {
    pub fn new(devices: Devices, corpus: Corpus, emit: E) -> Self {
        Self {
            devices,
            corpus: Rc::new(corpus),
            emit,
            mode: Mode::Still,
            run: None,
            session: None,
            device: None,
            untrained: None,
            prefix: FINAL_PREFIXES[0].to_owned(),
            last_progress: Instant::now(),
        }
    }

    /// Obeys `first`, then commands as they come, and trains in between, until the commands end and nothing is left to
    /// train.
    ///
    /// # Errors
    /// A failure of the device, after it was told as [`Event::Failed`]: a new device is needed to go on.
    pub async fn serve(&mut self, first: Option<Command>, commands: &mut UnboundedReceiver<Command>) -> Result<()> {
        let mut first = first;
        loop {
            let command = if first.is_some() {
                first.take()
            } else if self.mode == Mode::Training {
                commands.try_recv().ok()
            } else {
                match commands.next().await {
                    None => return Ok(()),
                    command => command,
                }
            };
            let outcome = match command {
                Some(command) => self.obey(command).await,
                None => self.train().await,
            };
            if let Err(error) = outcome {
                self.fail(&error);
                if let Error::Gpu(_) | Error::OutOfMemory = error {
                    return Err(error);
                }
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
            Command::Resume { stretch } => self.resume(stretch),
            Command::SetRates { rates } => {
                let event =
                    self.set_rates(rates).unwrap_or_else(|error| Event::RatesRefused { message: error.to_string() });
                (self.emit)(event);
            }
            Command::Reset => {
                self.forget();
                (self.emit)(Event::Idle);
            }
            Command::SamplePrefix { prefix } if check_prefix(&prefix).is_ok() => self.prefix = prefix,
            Command::SamplePrefix { .. } => {} // the samples go on with the one before
            Command::Generate { request, prefix, length, pick, config } => {
                let continuation = self.generate(&prefix, length as usize, pick, config).await;
                return self.answer(request, continuation, |continuation| Event::Generated { request, continuation });
            }
            Command::Profile { request, config } => {
                let profile = self.profile(&config).await;
                return self.answer(request, profile, |profile| Event::Profiled { request, profile });
            }
            Command::Recall { races } => self.devices.recall(races),
        }
        Ok(())
    }

    async fn start(
        &mut self,
        run: u32,
        config: Config,
        prefix: String,
        beginning: Beginning,
        stretch: Stretch,
    ) -> Result<()> {
        self.forget();
        self.run = Some(run);
        check_prefix(&prefix)?;
        config.check()?;
        let start = read(beginning, &config, &self.corpus)?;
        let device = self.choose(&config).await?;
        let mut session = Session::from_start(&device, &self.corpus, config, start).await?;
        let minibatches = session.minibatches() as u32;
        (self.emit)(Event::Started { run, minibatches, bytes: session.bytes() });
        let sample = session.sample(&prefix, SAMPLE_LENGTH as usize).await?;
        (self.emit)(Event::Untrained { run, sample });
        session.go_on(stretch);
        self.session = Some(session);
        self.prefix = prefix;
        self.mode = Mode::Training;
        Ok(())
    }

    /// The device for these settings, which are checked, by a race if they leave it open; says which.
    async fn choose(&mut self, config: &Config) -> Result<Device> {
        let sizes = sizes(config, &self.corpus);
        let race = self.devices.choose(config.engine, sizes).await?;
        if race.new {
            (self.emit)(Event::Raced { race: PastRace { sizes, laps: race.laps.clone() } });
        }
        (self.emit)(Event::Device { name: race.winner.name(), race: race.laps });
        self.device = Some(race.winner.clone());
        Ok(race.winner)
    }

    /// Tells what was asked for, or why it can't be had; a failure of the device is more than that.
    fn answer<T>(&mut self, request: u32, outcome: Result<T>, event: impl FnOnce(T) -> Event) -> Result<()> {
        (self.emit)(match outcome {
            Ok(told) => event(told),
            Err(error @ (Error::Gpu(_) | Error::OutOfMemory)) => return Err(error),
            Err(error) => Event::Refused { request, message: error.to_string() },
        });
        Ok(())
    }

    async fn profile(&mut self, config: &Config) -> Result<Profile> {
        config.check()?;
        if let Some(session) = &mut self.session {
            session.settle().await?;
        }
        let device = self.choose(config).await?;
        profile(&device, sizes(config, &self.corpus)).await
    }

    /// Holds the run that is under way and tells where.
    async fn pause(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        session.settle().await?;
        (self.emit)(Event::Progress { run, progress: session.progress() });
        (self.emit)(Event::Paused { run });
        self.mode = Mode::Paused;
        Ok(())
    }

    fn resume(&mut self, stretch: Stretch) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        match self.mode {
            Mode::Still => return,
            Mode::Training => {}
            Mode::Paused => (self.emit)(Event::Resumed { run }),
        }
        session.go_on(stretch);
        self.mode = Mode::Training;
    }

    fn set_rates(&mut self, rates: Rates) -> Result<Event> {
        let under_way = self.mode != Mode::Still;
        let (Some(run), Some(session), true) = (self.run, &mut self.session, under_way) else {
            return Err(Error::NoRun);
        };
        let (epoch, minibatch) = session.set_rates(rates)?;
        Ok(Event::RatesSet { run, epoch, minibatch: minibatch as u32, rates })
    }

    fn forget(&mut self) {
        self.run = None;
        self.session = None;
        self.untrained = None;
        self.mode = Mode::Still;
    }

    fn fail(&mut self, error: &Error) {
        let run = self.run;
        self.forget();
        (self.emit)(Event::Failed { run, message: error.to_string() });
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
                Session::new(&device, &self.corpus, config).await?
            }
        };
        let (_, session) = self.untrained.insert((config, session));
        session.converse(prefix, length, pick).await
    }

    /// One piece of training, and what it brings.
    async fn train(&mut self) -> Result<()> {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return Ok(()) };
        if let Some(result) = session.advance().await? {
            let sample = session.sample(&self.prefix, SAMPLE_LENGTH as usize).await?;
            (self.emit)(Event::Epoch { run, report: report(result.clone(), sample) });
            (self.emit)(Event::Progress { run, progress: session.progress() });
            self.last_progress = Instant::now();
            if session.is_finished() {
                self.mode = Mode::Still;
                let report = self.final_report(result).await?;
                (self.emit)(Event::Finished { run, report });
                return Ok(());
            }
        } else if self.last_progress.elapsed() >= PROGRESS_EVERY {
            (self.emit)(Event::Progress { run, progress: session.progress() });
            self.last_progress = Instant::now();
        }
        if session.rests() { self.pause().await } else { Ok(()) }
    }

    async fn final_report(&mut self, last: EpochResult) -> Result<FinalReport> {
        let session = self.session.as_mut().expect("a run has just finished");
        let mut samples = Vec::new();
        for prefix in FINAL_PREFIXES {
            samples.push(session.sample(prefix, SAMPLE_LENGTH as usize).await?);
        }
        Ok(FinalReport {
            epochs: session.epochs(),
            perplexity: last.perplexity,
            tokens_per_second: session.tokens_per_second(),
            device: self.device.as_ref().map(Device::name).unwrap_or_default(),
            samples,
        })
    }
}

/// A beginning with its file read, which must hold the parameters of these settings' network.
fn read(beginning: Beginning, config: &Config, corpus: &Corpus) -> Result<Start> {
    let read = |file: Vec<u8>| parameters_file::read(&file, sizes(config, corpus));
    Ok(Start {
        parameters: beginning.parameters.map(read).transpose()?,
        window_offset: beginning.window_offset.map(|offset| offset as usize),
    })
}

fn report(result: EpochResult, sample: Sample) -> EpochReport {
    let EpochResult { epoch, loss, perplexity, grad_norms, tokens_per_second } = result;
    EpochReport { epoch, perplexity, loss, grad_norms, tokens_per_second, sample }
}
