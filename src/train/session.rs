//! One run: a network, the text that it is trained on, and its progress.

mod epoch;
mod generate;
mod inside;
mod progress;
mod restore;
mod results;
mod snapshots;

use std::rc::Rc;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use web_time::{Duration, Instant};

use super::checkpoint;
use super::clock::Clock;
use super::schedule::Schedule;
use crate::cpu::Cores;
use crate::engine::{Device, Engine};
use crate::error::{Error, Result};
use crate::kernels;
use crate::model::Config;
use crate::model::config::StateMode;
use crate::model::{Cursor, Hyperparameters, MinibatchId, Sizes, StateAt};
use crate::network::{EpochRequest, Network, Parameters, Setup};
use crate::protocol::Stretch;
use crate::text::Corpus;
use crate::text::sampling::{Epoch, minibatches_at_most, tokens_needed};
pub use epoch::EpochResult;
use epoch::{CurrentEpoch, EndedEpoch, Validation};
use snapshots::{Snapshot, Snapshots};

/// The most minibatches of an epoch: their metrics stay on the device until its end.
const MOST_MINIBATCHES: usize = 1 << 20;

/// What a run starts from, instead of random parameters and windows.
#[derive(Debug, Clone, Default)]
pub struct Initial {
    /// Initial parameters, instead of random ones.
    pub parameters: Option<Parameters>,
    /// The offset of every epoch's windows, instead of random ones.
    pub window_offset: Option<usize>,
}

/// A network in training.
pub struct Session {
    config: Config,
    /// Where the run branched off with other settings, and those before.
    earlier: Vec<(u32, Config)>,
    network: Network,
    corpus: Rc<Corpus>,
    /// Epochs that are submitted and whose results were requested: at most two, the first of which is taken next. Dropped
    /// before the engine, whose buffers they hold.
    ended: Vec<EndedEpoch>,
    engine: Engine,
    /// The threads that read held-out tokens.
    cores: Cores,
    window_offset: Option<usize>,
    rng: Xoshiro256PlusPlus,
    /// Finished epochs.
    epoch: u32,
    /// The epoch that is being submitted.
    current: Option<CurrentEpoch>,
    /// The epoch whose held-out tokens are being read.
    validation: Option<Validation>,
    /// The prefix that a sample continues after each epoch, and the length; 0 for none.
    sample: (String, usize),
    schedule: Schedule,
    /// The engine's current ones.
    hyperparameters: Hyperparameters,
    /// The run stops before this minibatch.
    goal: MinibatchId,
    clock: Clock,
    /// Tokens trained on in finished epochs.
    tokens_done: u64,
    /// Seconds on the clock when the last results came.
    taken: f64,
    /// The newest epoch whose parameters have been read.
    saved: Snapshot,
    /// When they were.
    saved_at: Instant,
    /// Earlier epochs.
    snapshots: Snapshots,
    /// Of the last finished epoch, if it is newer.
    unsaved: Option<Unsaved>,
    /// Finished epochs, also those that are trained again after the loss of a device.
    told: u32,
}

/// Parameters are read back after this time: as often as a lost device's work may have to be done again.
const SAVED_EVERY: Duration = Duration::from_millis(100);

/// What a [`Snapshot`] of the last finished epoch needs, while only the device has its parameters.
struct Unsaved {
    /// As it was after the epoch's windows were drawn.
    rng: Xoshiro256PlusPlus,
    /// Where the device keeps the parameters.
    kept: usize,
}

impl Session {
    /// The untrained network of these settings.
    ///
    /// # Errors
    /// Settings that are out of range, or that need more tokens than the text has or more memory than the device has.
    pub async fn new(device: &Device, corpus: &Rc<Corpus>, config: Config) -> Result<Self> {
        Self::from_initial(device, corpus, config, Initial::default()).await
    }

    /// [`Session::new`] with given parameters or windows, so that a run can reproduce another implementation.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub async fn from_initial(device: &Device, corpus: &Rc<Corpus>, config: Config, initial: Initial) -> Result<Self> {
        config.check()?;
        let (length, wanted) = (corpus.tokens.len(), config.tokens as usize);
        let network = kernels::network_of(&config, corpus.vocabulary.size());
        let Sizes { batch, steps, .. } = network.sizes;
        let needed = tokens_needed(&config, initial.window_offset);
        if length < needed {
            return Err(Error::ShortText { length, batch, steps, needed });
        }
        if wanted > length {
            return Err(Error::TooFewTokens { length, wanted });
        }
        let validation = config.validation as usize;
        if validation > length - wanted {
            return Err(Error::TooFewToHoldOut { length, tokens: wanted, validation });
        }
        if wanted < needed {
            return Err(Error::TextTooShort { length: wanted, batch, steps, needed });
        }
        let hyperparameters = Hyperparameters { learning_rate: config.lr, clip: config.clip };
        let minibatches = minibatches_at_most(&config, wanted);
        if minibatches > MOST_MINIBATCHES {
            return Err(Error::TooManyMinibatches { minibatches, most: MOST_MINIBATCHES });
        }
        let parameters = initial.parameters.unwrap_or_else(|| Parameters::init(network, config.seed));
        let setup = Setup { network, library: kernels::LIBRARY, minibatches, hyperparameters, parameters: &parameters };
        let engine = Engine::new(device, &setup).await?;
        // A separate stream, so that the windows do not depend on the number of parameters.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(config.seed.into());
        rng.long_jump();
        let saved = Snapshot { epoch: 0, tokens_done: 0, rng: rng.clone(), parameters };
        let mut snapshots = Snapshots::default();
        snapshots.offer(&saved);
        Ok(Self {
            config,
            earlier: Vec::new(),
            network,
            corpus: corpus.clone(),
            engine,
            cores: device.cores(),
            window_offset: initial.window_offset,
            epoch: 0,
            current: None,
            ended: Vec::new(),
            validation: None,
            sample: (String::new(), 0),
            schedule: Schedule::new(hyperparameters),
            hyperparameters,
            goal: (config.epochs, 0),
            clock: Clock::default(),
            tokens_done: 0,
            taken: 0.0,
            saved,
            saved_at: Instant::now(),
            snapshots,
            unsaved: None,
            told: 0,
            rng,
        })
    }

    /// Sets how far the run trains from here. A new session trains to the end.
    pub fn set_goal(&mut self, stretch: Stretch) {
        if let Stretch::To(epochs) = stretch {
            self.config.epochs = self.config.epochs.max(epochs);
        }
        let ((epoch, minibatch), end) = (self.next_minibatch(), (self.config.epochs, 0));
        self.goal = match stretch {
            Stretch::Minibatch => end.min((epoch, minibatch + 1)),
            // All minibatches of the current epoch are submitted.
            Stretch::Epoch if self.current.is_none() && epoch > self.epoch => end.min((epoch, 0)),
            Stretch::Epoch => end.min((epoch + 1, 0)),
            Stretch::Whole | Stretch::To(_) => end,
        };
    }

    /// Trains up to the end of this epoch, without samples, and reads the parameters. Returns the last epoch's loss.
    ///
    /// # Errors
    /// As [`Session::advance`].
    pub async fn train_to(&mut self, epoch: u32) -> Result<f64> {
        self.goal = (epoch, 0);
        let mut loss = f64::NAN;
        while self.epoch < epoch {
            if let Some(result) = self.advance().await? {
                loss = result.loss;
            }
        }
        self.save_last().await?;
        Ok(loss)
    }

    /// After each epoch that is not submitted yet, a sample continues `prefix`, neither empty nor overlong, by `length`
    /// characters.
    pub fn set_sample(&mut self, prefix: &str, length: usize) {
        self.sample = (prefix.to_owned(), length);
    }

    /// The prefix of those samples.
    pub fn sample_prefix(&self) -> &str {
        &self.sample.0
    }

    /// Whether the run has reached its goal, and all epochs before it are done.
    pub fn is_at_goal(&self) -> bool {
        self.is_submitted() && self.ended.is_empty() && !self.is_validating()
    }

    /// Whether everything up to the goal has been submitted.
    fn is_submitted(&self) -> bool {
        self.next_minibatch() >= self.goal
    }

    /// Whether an epoch's minibatches are all done, but its held-out tokens not all read.
    fn is_validating(&self) -> bool {
        self.validation.is_some()
    }

    /// Epochs that are finished or submitted.
    fn epochs_submitted(&self) -> u32 {
        self.epoch + self.ended.len() as u32 + u32::from(self.is_validating())
    }

    /// The first minibatch that is not submitted completely.
    fn next_minibatch(&self) -> MinibatchId {
        (self.epochs_submitted(), self.current.as_ref().map_or(0, |current| current.cursor.submitted()))
    }

    /// Sets the hyperparameters from the first minibatch on that has not begun, and returns that minibatch.
    ///
    /// # Errors
    /// A learning rate or clip threshold that is out of range; the run then keeps those it has.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) -> Result<MinibatchId> {
        Config { lr: hyperparameters.learning_rate, clip: hyperparameters.clip, ..self.config }.check()?;
        let epochs = self.epochs_submitted();
        let first = match &self.current {
            Some(CurrentEpoch { cursor, epoch, .. }) if cursor.next() == epoch.len() => (epochs + 1, 0),
            Some(CurrentEpoch { cursor, .. }) => (epochs, cursor.next()),
            None => (epochs, 0),
        };
        self.schedule.set(first, hyperparameters);
        Ok(first)
    }

    /// Trains for some tens of milliseconds, unless the run is at its goal; returns the results of an epoch when they
    /// come. A GPU is given the next epoch before the results of the last are waited for.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a quantity is no longer finite; a failure of the device. In either case the session must
    /// be restored by [`Session::roll_back`] or [`Session::move_to`].
    pub async fn advance(&mut self) -> Result<Option<EpochResult>> {
        if self.is_validating() {
            return self.validate().await;
        }
        if !self.is_submitted() {
            self.clock.start();
            let outcome = self.submit().await;
            self.clock.stop();
            outcome?;
        }
        let waits = self.ended.len() > 1 || self.is_submitted() || self.config.validation > 0;
        let due = self.ended.first_mut().is_some_and(|ended| waits || ended.results.are_ready());
        if due { self.take_ended().await } else { Ok(None) }
    }

    /// Submits minibatches, and requests the epoch's results when it ends.
    async fn submit(&mut self) -> Result<()> {
        let epochs = self.epochs_submitted();
        let Self { engine, corpus, config, .. } = self;
        let current = match &mut self.current {
            Some(current) => current,
            none => {
                let epoch = Epoch::draw(config, config.tokens as usize, self.window_offset, &mut self.rng)?;
                let cursor = Cursor::new(epoch.len());
                none.insert(CurrentEpoch { epoch, cursor, since: self.clock.seconds() })
            }
        };
        let CurrentEpoch { epoch, cursor, since } = current;
        let state = |m| match config.state {
            StateMode::Carry if m > 0 => StateAt::Carried,
            _ => StateAt::Zero,
        };
        let next = (epochs, cursor.submitted());
        let hyperparameters = self.schedule.at(next);
        if hyperparameters != self.hyperparameters {
            engine.set_hyperparameters(hyperparameters);
            self.hyperparameters = hyperparameters;
        }
        let stop = self.schedule.change_after(next).map_or(self.goal, |change| change.min(self.goal));
        cursor.hold_before(if stop.0 > epochs { epoch.len() } else { stop.1 });
        engine.advance(cursor, |m| (epoch.minibatch(&corpus.tokens, m), state(m))).await?;
        if cursor.is_submitted() {
            let (prefix, length) = self.sample.clone();
            let tokens = corpus.vocabulary.encode(&prefix);
            let old = self.saved_at.elapsed() >= SAVED_EVERY;
            let wanted = old || config.validation > 0 || !engine.keeps_parameters();
            let request = EpochRequest { prefix: &tokens, length, parameters: wanted };
            let results = engine.request_results(cursor, request).await?;
            let (minibatches, rng, since) = (epoch.len(), self.rng.clone(), *since);
            self.ended.push(EndedEpoch { results, minibatches, rng, since, prefix });
            self.current = None;
        }
        Ok(())
    }

    /// Finished epochs.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether all epochs are done.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.config.epochs
    }

    /// Bytes of all tensors, on the GPU or in memory.
    pub fn bytes(&self) -> u64 {
        self.engine.bytes()
    }

    fn tokens_per_minibatch(&self) -> u64 {
        u64::from(self.config.batch) * u64::from(self.config.steps)
    }

    /// Waits until the device has finished all submitted work, which counts as training.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn synchronize(&mut self) -> Result<()> {
        self.clock.start();
        let outcome = self.engine.synchronize().await;
        self.clock.stop();
        if let Some(current) = &mut self.current {
            current.cursor.synchronized();
        }
        outcome
    }

    /// The settings, with the number of epochs that the run has by now.
    pub fn config(&self) -> Config {
        self.config
    }

    /// The settings of the epoch after so many others.
    pub fn config_at(&self, epoch: u32) -> Config {
        *checkpoint::config_at(epoch, &self.earlier, &self.config)
    }

    /// The text that it is trained on.
    pub fn corpus(&self) -> &Rc<Corpus> {
        &self.corpus
    }

    /// How often the results of an epoch were waited for while the device had nothing to do.
    pub fn idle_waits(&self) -> usize {
        self.engine.idle_waits()
    }

    /// Tokens trained on per second over the whole run.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_done as f64 / self.clock.seconds().max(1e-9)
    }
}
