//! How a run goes on as another from an epoch that it has passed.

use std::rc::Rc;

use super::{Mode, Trainer};
use crate::engine::Device;
use crate::error::{Error, Result};
use crate::model::Config;
use crate::protocol::{Event, SAMPLE_LENGTH, Stretch, check_prefix};
use crate::text::Corpus;
use crate::train::checkpoint::Checkpoint;
use crate::train::session::Session;

impl<E: FnMut(Event)> Trainer<E> {
    /// Ends the run; another goes on from the end of its `epoch`, on the same device, with those of these settings that can
    /// be others.
    ///
    /// # Errors
    /// [`Error::NothingToBranch`] without a run, or without its device; [`Error::EpochOutOfReach`] if an epoch comes out
    /// otherwise than it did; a failure of the device.
    pub(super) async fn branch(
        &mut self,
        run: u32,
        epoch: u32,
        config: Config,
        prefix: &str,
        stretch: Stretch,
    ) -> Result<()> {
        let outcome = self.branch_off(run, epoch, config, prefix, stretch).await;
        if !matches!(outcome, Ok(()) | Err(Error::Gpu(_) | Error::CoreLost)) {
            // It is the new run that fails.
            self.run = Some(run);
        }
        outcome
    }

    async fn branch_off(&mut self, run: u32, epoch: u32, config: Config, prefix: &str, stretch: Stretch) -> Result<()> {
        check_prefix(prefix)?;
        let device = self.device.clone().filter(|_| self.mode != Mode::Lost);
        let (Some(device), Some(before)) = (device, &mut self.session) else {
            return Err(Error::NothingToBranch);
        };
        // Until the branch is there, the run stays: its device may fail, and it moves to another first.
        before.save_last().await?;
        let epoch = epoch.min(self.reports.len() as u32);
        let checkpoint = before.checkpoint_before(epoch, &self.reports);
        let corpus = before.corpus().clone();
        let checkpoint = self.trained_to(epoch, &device, &corpus, checkpoint).await?.branched(&config);
        checkpoint.config.check()?;
        let mut session = Session::from_checkpoint(&device, &corpus, &checkpoint).await?;
        if let Some(before) = &mut self.session {
            session.keep_snapshots(before.take_snapshots());
        }
        session.set_goal(stretch);
        session.set_sample(prefix, SAMPLE_LENGTH as usize);
        self.clear();
        self.run = Some(run);
        self.begin(run, session, Some(checkpoint), None);
        Ok(())
    }

    /// The run at the end of this epoch, from a checkpoint of an earlier one: trained again to the same bits, with the
    /// settings of each epoch.
    async fn trained_to(
        &self,
        epoch: u32,
        device: &Device,
        corpus: &Rc<Corpus>,
        mut checkpoint: Checkpoint,
    ) -> Result<Checkpoint> {
        let settings = |epoch| self.session.as_ref().expect("there is a run").config_at(epoch);
        let hyperparameters = checkpoint.hyperparameters.clone();
        while checkpoint.epoch() < epoch {
            let present = settings(checkpoint.epoch());
            let next = (checkpoint.epoch()..epoch).find(|&epoch| settings(epoch) != present).unwrap_or(epoch);
            let mut again = Session::from_checkpoint(device, corpus, &checkpoint).await?;
            let loss = again.train_to(next).await?;
            if loss.to_bits() != self.reports[next as usize - 1].loss.to_bits() {
                return Err(Error::EpochOutOfReach { epoch });
            }
            checkpoint = again.checkpoint(&self.reports[..next as usize]);
            if next < epoch {
                checkpoint =
                    Checkpoint { hyperparameters: hyperparameters.clone(), ..checkpoint.branched(&settings(next)) };
            }
        }
        Ok(checkpoint)
    }
}
