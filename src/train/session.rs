//! One run: a network, the text that it is trained on, and its progress.

mod epoch;
mod generate;
mod restore;

use std::rc::Rc;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::clock::Clock;
use super::schedule::Schedule;
use crate::cpu::HeldOut;
use crate::engine::{Device, Engine};
use crate::error::{Error, Result};
use crate::kernels;
use crate::model::Config;
use crate::model::config::StateMode;
use crate::model::divergence::{self, Divergence};
use crate::model::minibatch::Metrics;
use crate::model::{Cursor, Hyperparameters, MinibatchId, Sizes, StateAt};
use crate::network::{Network, Parameters, Setup};
use crate::protocol::{Progress, Stretch};
use crate::text::Corpus;
use crate::text::sampling::{Epoch, minibatches_at_most, tokens_needed};
pub use epoch::EpochResult;
use epoch::{CurrentEpoch, Validation};

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
    network: Network,
    corpus: Rc<Corpus>,
    engine: Engine,
    window_offset: Option<usize>,
    rng: Xoshiro256PlusPlus,
    /// Finished epochs.
    epoch: u32,
    current: Option<CurrentEpoch>,
    schedule: Schedule,
    /// The engine's current ones.
    hyperparameters: Hyperparameters,
    /// The run stops before this minibatch.
    goal: MinibatchId,
    clock: Clock,
    /// Tokens trained on in finished epochs.
    tokens_done: u64,
    last_good: Snapshot,
}

/// A run at the end of an epoch: all that is needed to continue from there, apart from what is kept for the whole run.
/// The hidden state is zero at the start of an epoch.
struct Snapshot {
    epoch: u32,
    tokens_done: u64,
    rng: Xoshiro256PlusPlus,
    parameters: Parameters,
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
        Ok(Self {
            config,
            network,
            corpus: corpus.clone(),
            engine,
            window_offset: initial.window_offset,
            epoch: 0,
            current: None,
            schedule: Schedule::new(hyperparameters),
            hyperparameters,
            goal: (config.epochs, 0),
            clock: Clock::default(),
            tokens_done: 0,
            last_good: Snapshot { epoch: 0, tokens_done: 0, rng: rng.clone(), parameters },
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
            // The next minibatch belongs to the next epoch.
            Stretch::Minibatch if self.is_validating() => end.min((epoch + 1, 1)),
            Stretch::Minibatch => end.min((epoch, minibatch + 1)),
            Stretch::Epoch => end.min((epoch + 1, 0)),
            Stretch::Whole | Stretch::To(_) => end,
        };
    }

    /// Whether the run has reached its goal. An epoch whose minibatches are all done is still validated.
    pub fn is_at_goal(&self) -> bool {
        self.next_minibatch() >= self.goal && !self.is_validating()
    }

    /// Whether the current epoch's minibatches are all done, but its held-out tokens not all read.
    fn is_validating(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.validation.is_some())
    }

    /// The first minibatch that is not submitted completely.
    fn next_minibatch(&self) -> MinibatchId {
        (self.epoch, self.current.as_ref().map_or(0, |current| current.cursor.submitted()))
    }

    /// Sets the hyperparameters from the first minibatch on that has not begun, and returns that minibatch.
    ///
    /// # Errors
    /// A learning rate or clip threshold that is out of range; the run then keeps those it has.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) -> Result<MinibatchId> {
        Config { lr: hyperparameters.learning_rate, clip: hyperparameters.clip, ..self.config }.check()?;
        let first = match &self.current {
            Some(CurrentEpoch { cursor, epoch, .. }) if cursor.next() == epoch.len() => (self.epoch + 1, 0),
            Some(CurrentEpoch { cursor, .. }) => (self.epoch, cursor.next()),
            None => (self.epoch, 0),
        };
        self.schedule.set(first, hyperparameters);
        Ok(first)
    }

    /// Trains for some tens of milliseconds, unless the run is at its goal; returns the results when an epoch ends.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a quantity is no longer finite; a failure of the device. In either case the session must
    /// be restored by [`Session::roll_back`] or [`Session::move_to`].
    pub async fn advance(&mut self) -> Result<Option<EpochResult>> {
        if self.is_at_goal() {
            return Ok(None);
        }
        if self.is_validating() {
            return Ok(self.validate().await);
        }
        self.clock.start();
        let outcome = self.train().await;
        self.clock.stop();
        let Some((metrics, parameters)) = outcome? else { return Ok(None) };
        let result = self.epoch_result(&metrics, &parameters)?;
        if self.config.validation == 0 {
            return Ok(Some(self.finish_epoch(result, parameters)));
        }
        let held_out = HeldOut::new(parameters, kernels::LIBRARY, self.config.validation as usize);
        self.current.as_mut().expect("an epoch has just ended").validation = Some(Validation { result, held_out });
        Ok(None)
    }

    /// Reads held-out tokens for some tens of milliseconds, which do not count as training; returns the results of the
    /// epoch when all are read.
    async fn validate(&mut self) -> Option<EpochResult> {
        let validation = self.current.as_mut()?.validation.as_mut()?;
        let tokens = &self.corpus.tokens[self.corpus.tokens.len() - self.config.validation as usize - 1..];
        let loss = validation.held_out.advance(tokens).await?;
        let Validation { result, held_out } = self.current.take()?.validation?;
        Some(self.finish_epoch(
            EpochResult { validation: Some(loss.exp().min(f32::MAX.into())), ..result },
            held_out.into_parameters(),
        ))
    }

    /// Submits minibatches; returns the epoch's metrics and parameters when it ends.
    async fn train(&mut self) -> Result<Option<(Vec<Metrics>, Parameters)>> {
        let Self { engine, corpus, config, .. } = self;
        let current = match &mut self.current {
            Some(current) => current,
            none => {
                let epoch = Epoch::draw(config, config.tokens as usize, self.window_offset, &mut self.rng)?;
                let cursor = Cursor::new(epoch.len());
                none.insert(CurrentEpoch { epoch, cursor, since: self.clock.seconds(), validation: None })
            }
        };
        let CurrentEpoch { epoch, cursor, .. } = current;
        let state = |m| match config.state {
            StateMode::Carry if m > 0 => StateAt::Carried,
            _ => StateAt::Zero,
        };
        let next = (self.epoch, cursor.submitted());
        let hyperparameters = self.schedule.at(next);
        if hyperparameters != self.hyperparameters {
            engine.set_hyperparameters(hyperparameters);
            self.hyperparameters = hyperparameters;
        }
        let stop = self.schedule.change_after(next).map_or(self.goal, |change| change.min(self.goal));
        cursor.hold_before(if stop.0 > self.epoch { epoch.len() } else { stop.1 });
        engine.advance(cursor, |m| (epoch.minibatch(&corpus.tokens, m), state(m))).await?;
        if !cursor.is_submitted() {
            return Ok(None);
        }
        engine.finish_with_parameters(cursor).await.map(Some)
    }

    /// The results of the current epoch; [`Error::Diverged`] if one is not finite.
    fn epoch_result(&self, metrics: &[Metrics], parameters: &Parameters) -> Result<EpochResult> {
        let loss = metrics.iter().map(|m| f64::from(m.loss)).sum::<f64>() / metrics.len() as f64;
        let perplexity = loss.exp();
        if let Some((quantity, m)) = divergence::find(metrics, &parameters.numbers, perplexity) {
            let proposal = divergence::propose(self.schedule.at((self.epoch, m)));
            return Err(Error::Diverged(Divergence { quantity, epoch: self.epoch, minibatch: m as u32, proposal }));
        }
        let tokens = metrics.len() as u64 * self.tokens_per_minibatch();
        let since = self.current.as_ref().map_or(0.0, |current| current.since);
        Ok(EpochResult {
            epoch: self.epoch + 1,
            loss,
            perplexity,
            grad_norms: metrics.iter().map(|m| m.grad_norm).collect(),
            tokens_per_second: tokens as f64 / (self.clock.seconds() - since).max(1e-9),
            validation: None,
        })
    }

    fn finish_epoch(&mut self, result: EpochResult, parameters: Parameters) -> EpochResult {
        self.current = None;
        self.epoch = result.epoch;
        self.tokens_done += result.grad_norms.len() as u64 * self.tokens_per_minibatch();
        let (epoch, tokens_done, rng) = (self.epoch, self.tokens_done, self.rng.clone());
        self.last_good = Snapshot { epoch, tokens_done, rng, parameters };
        result
    }

    /// Finished epochs.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether all epochs are done.
    pub fn is_finished(&self) -> bool {
        self.epoch >= self.config.epochs
    }

    /// Minibatches of the current epoch; before it is drawn, the most that it can have.
    pub fn minibatches(&self) -> usize {
        let epoch = self.current.as_ref().map(|current| current.epoch.len());
        epoch.unwrap_or(minibatches_at_most(&self.config, self.config.tokens as usize))
    }

    /// Bytes of all tensors, on the GPU or in memory.
    pub fn bytes(&self) -> u64 {
        self.engine.bytes()
    }

    fn tokens_per_minibatch(&self) -> u64 {
        u64::from(self.config.batch) * u64::from(self.config.steps)
    }

    /// The run's progress.
    pub fn progress(&mut self) -> Progress {
        let minibatch = self.current.as_ref().map_or(0, |current| current.cursor.done());
        let done = self.tokens_done + minibatch as u64 * self.tokens_per_minibatch();
        let tokens_per_second = self.clock.pace(done);
        let minibatches_left = (self.config.epochs - self.epoch) as u64 * self.minibatches() as u64 - minibatch as u64;
        let tokens_left = (minibatches_left * self.tokens_per_minibatch()) as f64;
        Progress {
            epoch: self.epoch,
            minibatch: minibatch as u32,
            tokens_per_second,
            seconds_left: if tokens_per_second > 0.0 { tokens_left / tokens_per_second } else { 0.0 },
        }
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

    /// Tokens trained on per second over the whole run.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_done as f64 / self.clock.seconds().max(1e-9)
    }
}
