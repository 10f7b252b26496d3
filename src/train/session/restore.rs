//! Returns a session to the end of its last good epoch: on the same device, on another one, or from a checkpoint.

use std::rc::Rc;

use rand_xoshiro::Xoshiro256PlusPlus;
use web_time::Instant;

use super::snapshots::{Snapshot, Snapshots};
use super::{Initial, Session, Unsaved};
use crate::engine::{Device, Engine};
use crate::error::Result;
use crate::kernels;
use crate::network::{Parameters, Setup};
use crate::protocol::EpochReport;
use crate::text::Corpus;
use crate::text::sampling::{Epoch, minibatches_at_most};
use crate::train::checkpoint::Checkpoint;
use crate::train::clock::Clock;
use crate::train::schedule::Schedule;

impl Session {
    /// Resumes from a checkpoint, bitwise as the run that it was saved from.
    ///
    /// # Errors
    /// As [`Session::from_initial`]; a checkpoint of another text.
    pub async fn from_checkpoint(device: &Device, corpus: &Rc<Corpus>, checkpoint: &Checkpoint) -> Result<Self> {
        checkpoint.check(corpus)?;
        let Checkpoint { config, parameters, window_offset, .. } = checkpoint;
        let window_offset = window_offset.map(|offset| offset as usize);
        let initial = Initial { parameters: Some(parameters.clone()), window_offset };
        let mut session = Self::from_initial(device, corpus, *config, initial).await?;
        for epoch in 0..checkpoint.epoch() {
            let config = checkpoint.config_at(epoch);
            Epoch::draw(config, config.tokens as usize, window_offset, &mut session.rng)?;
        }
        let tokens = |minibatches: usize| minibatches as f64 * session.tokens_per_minibatch() as f64;
        let seconds = checkpoint.reports.iter().map(|r| tokens(r.grad_norms.len()) / r.tokens_per_second).sum();
        session.clock = Clock::of(seconds);
        session.schedule = Schedule::of_changes(checkpoint.hyperparameters.clone());
        session.told = checkpoint.epoch();
        session.earlier.clone_from(&checkpoint.earlier);
        session.saved = Snapshot {
            epoch: checkpoint.epoch(),
            tokens_done: checkpoint.minibatches() * session.tokens_per_minibatch(),
            rng: session.rng.clone(),
            parameters: parameters.clone(),
        };
        // The parameters of a checkpoint's first epoch are unknown.
        session.snapshots = Snapshots::default();
        session.snapshots.offer(&session.saved);
        session.restore_saved();
        Ok(session)
    }

    /// Keeps the run as it is at the end of its last finished epoch, with these parameters; `rng` is as it was after the
    /// epoch's windows were drawn.
    pub(super) fn save(&mut self, rng: Xoshiro256PlusPlus, parameters: Parameters) {
        self.saved = Snapshot { epoch: self.epoch, tokens_done: self.tokens_done, rng, parameters };
        self.snapshots.offer(&self.saved);
        self.saved_at = Instant::now();
        self.unsaved = None;
    }

    /// Reads the parameters of the last finished epoch, if they have not been read: for [`Session::checkpoint`], and where
    /// no time shall be lost if the device is.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn save_last(&mut self) -> Result<()> {
        if let Some(Unsaved { kept, .. }) = self.unsaved {
            let parameters = self.engine.read_kept(kept).await?;
            if let Some(Unsaved { rng, .. }) = self.unsaved.take() {
                self.save(rng, parameters);
            }
        }
        Ok(())
    }

    /// The epoch of a checkpoint: after [`Session::save_last`] the last finished one.
    pub fn saved_epoch(&self) -> u32 {
        self.saved.epoch
    }

    /// A checkpoint of the run at the end of its [`saved_epoch`](Session::saved_epoch), given the reports of all epochs up
    /// to it.
    ///
    /// # Panics
    /// If there are fewer or more reports.
    pub fn checkpoint(&self, reports: impl Into<Vec<EpochReport>>) -> Checkpoint {
        self.checkpoint_of(&self.saved, reports.into())
    }

    /// A checkpoint of the run at the end of an epoch or of the last epoch before it that is kept, given the reports of all
    /// its epochs; with the hyperparameters up to that epoch. Before the first that is kept, which is not the run's
    /// beginning if it was resumed, there are the parameters that its seed gives.
    pub fn checkpoint_before(&self, epoch: u32, reports: &[EpochReport]) -> Checkpoint {
        let newest = Some(&self.saved).filter(|saved| saved.epoch <= epoch);
        let snapshot = newest.or(self.snapshots.before(epoch)).cloned().unwrap_or_else(|| self.beginning());
        let mut checkpoint = self.checkpoint_of(&snapshot, reports[..snapshot.epoch as usize].to_vec());
        checkpoint.hyperparameters.retain(|(from, _)| *from < (epoch, 0) || *from == (0, 0));
        checkpoint
    }

    /// The run before its first epoch, if it did not start from a file.
    fn beginning(&self) -> Snapshot {
        let config = self.config_at(0);
        let network = kernels::network_of(&config, self.network.sizes.vocabulary);
        let parameters = Parameters::init(network, config.seed);
        Snapshot { epoch: 0, tokens_done: 0, rng: self.rng.clone(), parameters }
    }

    fn checkpoint_of(&self, snapshot: &Snapshot, reports: Vec<EpochReport>) -> Checkpoint {
        assert_eq!(reports.len(), snapshot.epoch as usize, "a report of every finished epoch");
        let earlier: Vec<_> = self.earlier.iter().copied().filter(|(branch, _)| *branch <= snapshot.epoch).collect();
        Checkpoint {
            config: self.config_at(snapshot.epoch),
            earlier,
            window_offset: self.window_offset.map(|offset| offset as u32),
            vocabulary: self.corpus.vocabulary.characters().iter().collect(),
            text: self.corpus.sha1().to_owned(),
            hyperparameters: self.schedule.changes().to_vec(),
            reports,
            parameters: snapshot.parameters.clone(),
        }
    }

    /// Rolls back to the end of the last good epoch.
    ///
    /// # Errors
    /// A failure of the device. The session is rolled back all the same, but needs [`Session::move_to`].
    pub async fn roll_back(&mut self) -> Result<()> {
        let mut outcome = self.engine.synchronize().await;
        if outcome.is_ok() {
            outcome = self.save_last().await;
        }
        self.engine.write_parameters(&self.saved.parameters);
        self.restore_saved();
        outcome
    }

    /// Moves to another device, at the end of the last good epoch. Epochs whose parameters were lost with the old device
    /// are trained again, to the same bits, and not told again.
    ///
    /// # Errors
    /// A network that is too large for the device; a failure of the device. The session can then be moved once more.
    pub async fn move_to(&mut self, device: &Device) -> Result<()> {
        let hyperparameters = self.schedule.at((self.saved.epoch, 0));
        let minibatches = minibatches_at_most(&self.config, self.config.tokens as usize);
        let parameters = &self.saved.parameters;
        let setup =
            Setup { network: self.network, library: kernels::LIBRARY, minibatches, hyperparameters, parameters };
        let engine = Engine::new(device, &setup).await?;
        self.ended.clear();
        self.engine = engine;
        self.cores = device.cores();
        self.hyperparameters = hyperparameters;
        self.restore_saved();
        self.train_again().await
    }

    /// Trains up to the end of the last epoch that was told.
    async fn train_again(&mut self) -> Result<()> {
        let goal = std::mem::replace(&mut self.goal, (self.told, 0));
        let sample = std::mem::take(&mut self.sample);
        let mut outcome = Ok(());
        while outcome.is_ok() && self.epoch < self.told {
            outcome = self.advance().await.map(|_| ());
        }
        (self.goal, self.sample) = (goal, sample);
        outcome
    }

    /// Restores all but the engine.
    fn restore_saved(&mut self) {
        let Snapshot { epoch, tokens_done, rng, .. } = &self.saved;
        (self.epoch, self.tokens_done, self.rng) = (*epoch, *tokens_done, rng.clone());
        (self.current, self.validation, self.unsaved) = (None, None, None);
        self.ended.clear();
        self.clock.reset_pace(self.tokens_done);
    }
}
