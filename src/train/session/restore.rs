//! Returns a session to the end of its last good epoch: on the same device, on another one, or from a checkpoint.

use std::rc::Rc;

use super::{Initial, Session, Snapshot};
use crate::engine::{Device, Engine};
use crate::error::Result;
use crate::kernels;
use crate::network::Setup;
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
        session.restore_last_good();
        Ok(session)
    }

    /// A checkpoint of the run at the end of its last good epoch, given the reports of all finished epochs.
    ///
    /// # Panics
    /// If there are fewer or more reports than finished epochs.
    pub fn checkpoint(&self, reports: impl Into<Vec<EpochReport>>) -> Checkpoint {
        let reports = reports.into();
        assert_eq!(reports.len(), self.last_good.epoch as usize, "a report of every finished epoch");
        Checkpoint {
            config: self.config,
            window_offset: self.window_offset.map(|offset| offset as u32),
            vocabulary: self.corpus.vocabulary.characters().iter().collect(),
            text: self.corpus.sha1().to_owned(),
            hyperparameters: self.schedule.changes().to_vec(),
            reports,
            parameters: self.last_good.parameters.clone(),
        }
    }

    /// Rolls back to the end of the last good epoch.
    ///
    /// # Errors
    /// A failure of the device. The session is rolled back all the same, but needs [`Session::move_to`].
    pub async fn roll_back(&mut self) -> Result<()> {
        let outcome = self.engine.synchronize().await;
        self.engine.write_parameters(&self.last_good.parameters);
        self.restore_last_good();
        outcome
    }

    /// Moves to another device, at the end of the last good epoch.
    ///
    /// # Errors
    /// A network that is too large for the device; a failure of the device. The session is then unchanged.
    pub async fn move_to(&mut self, device: &Device) -> Result<()> {
        let hyperparameters = self.schedule.at((self.last_good.epoch, 0));
        let minibatches = minibatches_at_most(&self.config, self.config.tokens as usize);
        let parameters = &self.last_good.parameters;
        let setup =
            Setup { network: self.network, library: kernels::LIBRARY, minibatches, hyperparameters, parameters };
        let engine = Engine::new(device, &setup).await?;
        self.ended.clear();
        self.engine = engine;
        self.hyperparameters = hyperparameters;
        self.restore_last_good();
        Ok(())
    }

    /// Restores all but the engine.
    fn restore_last_good(&mut self) {
        let Snapshot { epoch, tokens_done, rng, .. } = &self.last_good;
        (self.epoch, self.tokens_done, self.rng) = (*epoch, *tokens_done, rng.clone());
        (self.current, self.validation) = (None, None);
        self.ended.clear();
        self.clock.reset_pace(self.tokens_done);
    }
}
