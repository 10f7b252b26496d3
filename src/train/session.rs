//! One run: a network, the text it learns, and how far it has come.

use std::rc::Rc;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::checkpoint::Checkpoint;
use super::clock::Clock;
use super::continuation;
use super::schedule::Schedule;
use crate::cpu::HeldOut;
use crate::engine::{Device, Engine};
use crate::error::{Error, Result};
use crate::kernels;
use crate::model::Config;
use crate::model::config::StateMode;
use crate::model::divergence::{self, Divergence};
use crate::model::minibatch::Metrics;
use crate::model::{Cursor, Hyperparameters, MinibatchId, StateAt};
use crate::network::{Network, Parameters, Setup};
use crate::protocol::{
    Continuation, EpochReport, LONGEST_ANSWER, Pick, Progress, Sample, Stretch, check_pick, check_prefix,
};
use crate::text::Corpus;
use crate::text::sampling::{Epoch, minibatches_at_most, tokens_needed};

/// The most minibatches of an epoch: their metrics wait on the device for the epoch's end.
const MOST_MINIBATCHES: usize = 1 << 20;

/// What an epoch came to.
#[derive(Debug, Clone, PartialEq)]
pub struct EpochResult {
    /// Finished epochs, this one included.
    pub epoch: u32,
    /// Mean cross-entropy per token, in nats.
    pub loss: f64,
    /// exp(`loss`).
    pub perplexity: f64,
    /// Gradient norm of each minibatch, before clipping.
    pub grad_norms: Vec<f32>,
    pub tokens_per_second: f64,
    /// Perplexity of the tokens that are held out, if any are.
    pub validation: Option<f64>,
}

impl EpochResult {
    /// What is told of the epoch, with a sample of what the network makes of a prefix after it.
    pub fn report(self, sample: Sample) -> EpochReport {
        let Self { epoch, loss, perplexity, grad_norms, tokens_per_second, validation } = self;
        EpochReport { epoch, perplexity, loss, grad_norms, tokens_per_second, validation, sample }
    }
}

/// Where a run begins, if not where its settings say.
#[derive(Debug, Clone, Default)]
pub struct Initial {
    /// Initial parameters of the network, instead of random ones.
    pub parameters: Option<Parameters>,
    /// The offset of every epoch's windows, instead of a random one.
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
    under_way: Option<UnderWay>,
    schedule: Schedule,
    /// The rates that the engine goes by.
    hyperparameters: Hyperparameters,
    /// Where the run rests: this minibatch is not begun.
    goal: MinibatchId,
    clock: Clock,
    /// Tokens trained on in finished epochs.
    tokens_done: u64,
    last_good: Snapshot,
}

/// Where a run was at the end of an epoch: all that it goes on from. The state is zero there, and its settings and rates
/// are those of the whole run.
struct Snapshot {
    epoch: u32,
    tokens_done: u64,
    rng: Xoshiro256PlusPlus,
    parameters: Parameters,
}

/// What an epoch came to whose held-out tokens are still to be read.
struct Ended {
    result: EpochResult,
    held_out: HeldOut,
}

/// The epoch under way.
struct UnderWay {
    epoch: Epoch,
    run: Cursor,
    /// The clock at its start.
    since: f64,
    ended: Option<Ended>,
}

impl Session {
    /// Makes the untrained network of these settings.
    ///
    /// # Errors
    /// Settings that are out of range, ask for more than the text has or for more than the device holds.
    pub async fn new(device: &Device, corpus: &Rc<Corpus>, config: Config) -> Result<Self> {
        Self::from_start(device, corpus, config, Initial::default()).await
    }

    /// [`Session::new`] from a given start, so that a run can follow another implementation step by step.
    ///
    /// # Errors
    /// As [`Session::new`]; an offset that no epoch has.
    pub async fn from_start(device: &Device, corpus: &Rc<Corpus>, config: Config, start: Initial) -> Result<Self> {
        config.check()?;
        let (length, wanted) = (corpus.tokens.len(), config.tokens as usize);
        if wanted > length {
            return Err(Error::TooFewTokens { length, wanted });
        }
        let validation = config.validation as usize;
        if validation > length - wanted {
            return Err(Error::TooFewToHoldOut { length, tokens: wanted, validation });
        }
        let network = kernels::network_of(&config, corpus.vocabulary.size());
        let needed = tokens_needed(&config);
        if wanted < needed {
            return Err(Error::TextTooShort {
                length: wanted,
                batch: network.sizes.batch,
                steps: network.sizes.steps,
                needed,
            });
        }
        let hyperparameters = Hyperparameters { learning_rate: config.lr, clip: config.clip };
        let minibatches = minibatches_at_most(&config, wanted);
        if minibatches > MOST_MINIBATCHES {
            return Err(Error::TooManyMinibatches { minibatches, most: MOST_MINIBATCHES });
        }
        let parameters = start.parameters.unwrap_or_else(|| Parameters::init(network, config.seed));
        let setup = Setup { network, library: kernels::LIBRARY, minibatches, hyperparameters, parameters: &parameters };
        let engine = Engine::new(device, &setup).await?;
        // A stream of its own, so that what is sampled does not depend on how many parameters there are.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(config.seed.into());
        rng.long_jump();
        Ok(Self {
            config,
            network,
            corpus: corpus.clone(),
            engine,
            window_offset: start.window_offset,
            epoch: 0,
            under_way: None,
            schedule: Schedule::new(hyperparameters),
            hyperparameters,
            goal: (config.epochs, 0),
            clock: Clock::default(),
            tokens_done: 0,
            last_good: Snapshot { epoch: 0, tokens_done: 0, rng: rng.clone(), parameters },
            rng,
        })
    }

    /// Goes on from a checkpoint, to the last bit as the run that it was taken of.
    ///
    /// # Errors
    /// As [`Session::from_start`]; a checkpoint of another text.
    pub async fn from_checkpoint(device: &Device, corpus: &Rc<Corpus>, checkpoint: &Checkpoint) -> Result<Self> {
        checkpoint.check(corpus)?;
        let Checkpoint { config, parameters, window_offset, .. } = checkpoint;
        let window_offset = window_offset.map(|offset| offset as usize);
        let start = Initial { parameters: Some(parameters.clone()), window_offset };
        let mut session = Self::from_start(device, corpus, *config, start).await?;
        for _ in 0..checkpoint.epoch() {
            Epoch::draw(config, config.tokens as usize, window_offset, &mut session.rng)?;
        }
        let tokens = |minibatches: usize| minibatches as f64 * session.tokens_per_minibatch() as f64;
        let seconds = checkpoint.reports.iter().map(|r| tokens(r.grad_norms.len()) / r.tokens_per_second).sum();
        session.clock = Clock::of(seconds);
        session.schedule = Schedule::of_changes(checkpoint.hyperparameters.clone());
        session.last_good = Snapshot {
            epoch: checkpoint.epoch(),
            tokens_done: checkpoint.minibatches() * session.tokens_per_minibatch(),
            rng: session.rng.clone(),
            parameters: parameters.clone(),
        };
        session.begin_at_last_good();
        Ok(session)
    }

    /// The run as it was at the end of its last good epoch, given what its epochs came to.
    ///
    /// # Panics
    /// Reports of fewer or more epochs.
    pub fn checkpoint(&self, reports: &[EpochReport]) -> Checkpoint {
        assert_eq!(reports.len(), self.last_good.epoch as usize, "a report of every finished epoch");
        Checkpoint {
            config: self.config,
            window_offset: self.window_offset.map(|offset| offset as u32),
            vocabulary: self.corpus.vocabulary.characters().iter().collect(),
            text: self.corpus.sha1().to_owned(),
            hyperparameters: self.schedule.changes().to_vec(),
            reports: reports.to_vec(),
            parameters: self.last_good.parameters.clone(),
        }
    }

    /// Goes back to the end of the last good epoch.
    ///
    /// # Errors
    /// A failure of the device; the run is back all the same, and another device is needed.
    pub async fn go_back(&mut self) -> Result<()> {
        let settled = self.engine.synchronize().await;
        self.engine.write_parameters(&self.last_good.parameters);
        self.begin_at_last_good();
        settled
    }

    /// Goes on from the end of the last good epoch on another device.
    ///
    /// # Errors
    /// A network that the device can't hold; a failure of the device. The run stays where it was.
    pub async fn move_to(&mut self, device: &Device) -> Result<()> {
        let hyperparameters = self.schedule.at((self.last_good.epoch, 0));
        let minibatches = minibatches_at_most(&self.config, self.config.tokens as usize);
        let parameters = &self.last_good.parameters;
        let setup =
            Setup { network: self.network, library: kernels::LIBRARY, minibatches, hyperparameters, parameters };
        self.engine = Engine::new(device, &setup).await?;
        self.hyperparameters = hyperparameters;
        self.begin_at_last_good();
        Ok(())
    }

    fn begin_at_last_good(&mut self) {
        let Snapshot { epoch, tokens_done, rng, .. } = &self.last_good;
        (self.epoch, self.tokens_done, self.rng) = (*epoch, *tokens_done, rng.clone());
        self.under_way = None;
        self.clock.forget_pace(self.tokens_done);
    }

    /// Lets the run go as far as the stretch says, from where it is. A new session goes the whole way.
    pub fn go_on(&mut self, stretch: Stretch) {
        let ((epoch, minibatch), end) = (self.place(), (self.config.epochs, 0));
        self.goal = match stretch {
            // The next minibatch is one of the next epoch.
            Stretch::Minibatch if self.reads_held_out() => end.min((epoch + 1, 1)),
            Stretch::Minibatch => end.min((epoch, minibatch + 1)),
            Stretch::Epoch => end.min((epoch + 1, 0)),
            Stretch::Whole => end,
        };
    }

    /// Whether the run is as far as it was let go; an epoch whose last minibatch is done goes on to its end.
    pub fn rests(&self) -> bool {
        self.place() >= self.goal && !self.reads_held_out()
    }

    /// Whether all minibatches of the epoch under way are done, and held-out tokens still to be read.
    fn reads_held_out(&self) -> bool {
        self.under_way.as_ref().is_some_and(|under_way| under_way.ended.is_some())
    }

    /// The minibatch under way or, between two, the next.
    fn place(&self) -> MinibatchId {
        (self.epoch, self.under_way.as_ref().map_or(0, |under_way| under_way.run.submitted()))
    }

    /// Sets the rates of the minibatches that have not begun; gives the first of them, as finished epochs and its
    /// number within its epoch.
    ///
    /// # Errors
    /// Rates that the settings do not take; the run then keeps those it has.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) -> Result<(u32, usize)> {
        Config { lr: hyperparameters.learning_rate, clip: hyperparameters.clip, ..self.config }.check()?;
        let place = match &self.under_way {
            Some(UnderWay { run, epoch, .. }) if run.next() == epoch.len() => (self.epoch + 1, 0),
            Some(UnderWay { run, .. }) => (self.epoch, run.next()),
            None => (self.epoch, 0),
        };
        self.schedule.set(place, hyperparameters);
        Ok(place)
    }

    /// Hands the device its next piece of work, some tens of milliseconds long, unless the run rests; at the end of an
    /// epoch gives what the epoch came to.
    ///
    /// # Errors
    /// [`Error::Diverged`] if something is no longer a finite number; a failure of the device. In either case only
    /// [`Session::go_back`] or [`Session::move_to`] lead on.
    pub async fn advance(&mut self) -> Result<Option<EpochResult>> {
        if self.rests() {
            return Ok(None);
        }
        if self.reads_held_out() {
            return Ok(self.read_held_out().await);
        }
        self.clock.start();
        let result = self.advance_timed().await;
        self.clock.stop();
        let Some((metrics, parameters)) = result? else { return Ok(None) };
        let result = self.judge(&metrics, &parameters)?;
        if self.config.validation == 0 {
            return Ok(Some(self.end_epoch(result, parameters)));
        }
        let held_out = HeldOut::new(parameters, kernels::LIBRARY, self.config.validation as usize);
        self.under_way.as_mut().expect("an epoch has just ended").ended = Some(Ended { result, held_out });
        Ok(None)
    }

    /// Reads held-out tokens for some tens of milliseconds, which is no time of training.
    async fn read_held_out(&mut self) -> Option<EpochResult> {
        let ended = self.under_way.as_mut()?.ended.as_mut()?;
        let tokens = &self.corpus.tokens[self.corpus.tokens.len() - self.config.validation as usize - 1..];
        let loss = ended.held_out.advance(tokens).await?;
        let Ended { result, held_out } = self.under_way.take()?.ended?;
        Some(self.end_epoch(
            EpochResult { validation: Some(loss.exp().min(f32::MAX.into())), ..result },
            held_out.into_parameters(),
        ))
    }

    /// [`Session::advance`] without what needs no device.
    async fn advance_timed(&mut self) -> Result<Option<(Vec<Metrics>, Parameters)>> {
        let Self { engine, corpus, config, .. } = self;
        let under_way = match &mut self.under_way {
            Some(under_way) => under_way,
            none => {
                let epoch = Epoch::draw(config, config.tokens as usize, self.window_offset, &mut self.rng)?;
                let run = Cursor::new(epoch.len());
                none.insert(UnderWay { epoch, run, since: self.clock.seconds(), ended: None })
            }
        };
        let UnderWay { epoch, run, .. } = under_way;
        let state = |m| match config.state {
            StateMode::Carry if m > 0 => StateAt::Carried,
            _ => StateAt::Zero,
        };
        let place = (self.epoch, run.submitted());
        let hyperparameters = self.schedule.at(place);
        if hyperparameters != self.hyperparameters {
            engine.set_hyperparameters(hyperparameters);
            self.hyperparameters = hyperparameters;
        }
        let hold = self.schedule.change_after(place).map_or(self.goal, |change| change.min(self.goal));
        run.hold_before(if hold.0 > self.epoch { epoch.len() } else { hold.1 });
        engine.advance(run, |m| (epoch.minibatch(&corpus.tokens, m), state(m))).await?;
        if !run.is_submitted() {
            return Ok(None);
        }
        engine.finish_with_parameters(run).await.map(Some)
    }

    /// What the epoch under way came to, by what the device says at its end.
    fn judge(&self, metrics: &[Metrics], parameters: &Parameters) -> Result<EpochResult> {
        let loss = metrics.iter().map(|m| f64::from(m.loss)).sum::<f64>() / metrics.len() as f64;
        let perplexity = loss.exp();
        if let Some((quantity, m)) = divergence::find(metrics, &parameters.numbers, perplexity) {
            let proposal = divergence::propose(self.schedule.at((self.epoch, m)));
            return Err(Error::Diverged(Divergence { quantity, epoch: self.epoch, minibatch: m as u32, proposal }));
        }
        let tokens = metrics.len() as u64 * self.tokens_per_minibatch();
        let since = self.under_way.as_ref().map_or(0.0, |under_way| under_way.since);
        Ok(EpochResult {
            epoch: self.epoch + 1,
            loss,
            perplexity,
            grad_norms: metrics.iter().map(|m| m.grad_norm).collect(),
            tokens_per_second: tokens as f64 / (self.clock.seconds() - since).max(1e-9),
            validation: None,
        })
    }

    fn end_epoch(&mut self, result: EpochResult, parameters: Parameters) -> EpochResult {
        self.under_way = None;
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

    /// Minibatches of an epoch, as far as is known before it is drawn.
    pub fn minibatches(&self) -> usize {
        let epoch = self.under_way.as_ref().map(|under_way| under_way.epoch.len());
        epoch.unwrap_or(minibatches_at_most(&self.config, self.config.tokens as usize))
    }

    /// Bytes of all tensors, on the GPU or in memory.
    pub fn bytes(&self) -> u64 {
        self.engine.bytes()
    }

    fn tokens_per_minibatch(&self) -> u64 {
        u64::from(self.config.batch) * u64::from(self.config.steps)
    }

    /// How far the run has come.
    pub fn progress(&mut self) -> Progress {
        let minibatch = self.under_way.as_ref().map_or(0, |under_way| under_way.run.done());
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

    /// Waits until all that the device was handed is done; that time is training's.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn settle(&mut self) -> Result<()> {
        self.clock.start();
        let settled = self.engine.synchronize().await;
        self.clock.stop();
        if let Some(under_way) = &mut self.under_way {
            under_way.run.settled();
        }
        settled
    }

    /// Epochs that the run is to have.
    pub fn epochs(&self) -> u32 {
        self.config.epochs
    }

    /// Tokens trained on by seconds spent on it, over the whole run.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_done as f64 / self.clock.seconds().max(1e-9)
    }

    /// Continues `prefix` by `length` characters with the newest weights.
    ///
    /// # Errors
    /// An empty or overlong prefix; a failure of the device.
    pub async fn sample(&mut self, prefix: &str, length: usize) -> Result<Sample> {
        check_prefix(prefix)?;
        self.settle().await?;
        let tokens = self.engine.generate(&self.corpus.vocabulary.encode(prefix), length).await?;
        Ok(self.read_sample(prefix, &tokens))
    }

    /// [`Session::sample`] with each character picked as is said, and with the network's guesses.
    ///
    /// # Errors
    /// As [`Session::sample`]; a pick or a length that there is not.
    pub async fn converse(&mut self, prefix: &str, length: usize, pick: Pick) -> Result<Continuation> {
        check_prefix(prefix)?;
        check_pick(pick)?;
        if length > LONGEST_ANSWER {
            return Err(Error::AnswerTooLong { length, allowed: LONGEST_ANSWER });
        }
        self.settle().await?;
        let ids = self.corpus.vocabulary.encode(prefix);
        let generated = self.engine.generate_scored(&ids, length, pick.parameters()).await?;
        let (written, next) = continuation::read(&generated, ids.len(), &self.corpus.vocabulary);
        Ok(Continuation { sample: self.read_sample(prefix, &generated.tokens), written, next })
    }

    /// Whether the vocabulary has all characters of a prefix.
    pub fn knows(&self, prefix: &str) -> bool {
        self.corpus.vocabulary.unknown(prefix).is_empty()
    }

    fn read_sample(&self, prefix: &str, tokens: &[u32]) -> Sample {
        let (text, unknown) = (self.corpus.vocabulary.decode(tokens), self.corpus.vocabulary.unknown(prefix));
        Sample { prefix: prefix.to_owned(), text, unknown }
    }
}
