//! How a run goes on as another from an epoch that it has passed.

use super::{Mode, Trainer};
use crate::error::{Error, Result};
use crate::model::Config;
use crate::protocol::{Event, SAMPLE_LENGTH, Stretch, check_prefix};
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
        let device = self.device.clone().filter(|_| self.mode != Mode::Lost);
        let (Some(device), Some(mut before)) = (device, self.session.take()) else {
            self.clear();
            self.run = Some(run);
            return Err(Error::NothingToBranch);
        };
        let reports = std::mem::take(&mut self.reports);
        self.clear();
        self.run = Some(run);
        check_prefix(prefix)?;
        before.save_last().await?;
        let epoch = epoch.min(reports.len() as u32);
        let mut checkpoint = before.checkpoint_before(epoch, &reports);
        let (corpus, mut snapshots) = (before.corpus().clone(), before.take_snapshots());
        // Its memory may be needed.
        drop(before);
        if checkpoint.epoch() < epoch {
            // Trained again, to the same bits.
            let mut again = Session::from_checkpoint(&device, &corpus, &checkpoint).await?;
            let loss = again.train_to(epoch).await?;
            if loss.to_bits() != reports[epoch as usize - 1].loss.to_bits() {
                return Err(Error::EpochOutOfReach { epoch });
            }
            checkpoint = again.checkpoint(&reports[..epoch as usize]);
        }
        let checkpoint = checkpoint.branched(&config);
        checkpoint.config.check()?;
        let mut session = Session::from_checkpoint(&device, &corpus, &checkpoint).await?;
        snapshots.end_at(epoch);
        session.keep_snapshots(snapshots);
        session.set_goal(stretch);
        session.set_sample(prefix, SAMPLE_LENGTH as usize);
        self.begin(run, session, Some(checkpoint), None);
        Ok(())
    }
}
