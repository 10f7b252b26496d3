//! The network of a run, to be looked into.

use super::Session;
use super::snapshots::Snapshots;
use crate::inside::Inside;

impl Session {
    /// The network for questions: of the newest epoch whose parameters have been read, or of the last kept that is no newer
    /// than `epoch`; if there is none, of the first that is kept.
    pub fn inside(&self, epoch: Option<u32>) -> Inside {
        let epoch = epoch.filter(|epoch| *epoch < self.saved.epoch);
        let earlier = epoch.and_then(|epoch| self.snapshots.before(epoch).or(self.snapshots.first()));
        let snapshot = earlier.unwrap_or(&self.saved);
        Inside::new(&self.cores, &snapshot.parameters, snapshot.epoch)
    }

    /// Returns the kept epochs, for a run that branches off.
    pub fn take_snapshots(&mut self) -> Snapshots {
        std::mem::take(&mut self.snapshots)
    }

    /// Takes those of the run that this one branched off, as far as they are before it.
    pub fn keep_snapshots(&mut self, snapshots: Snapshots) {
        self.snapshots = snapshots;
        self.snapshots.branch(&self.saved);
    }
}
