//! The network at earlier epochs: as many of them as a budget of memory holds, spread over the run.

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::network::Parameters;

/// The most bytes of all kept parameters.
const BUDGET: usize = 64 << 20;

/// A run at the end of an epoch: all that is needed to continue from there, apart from what is kept for the whole run.
/// The hidden state is zero at the start of an epoch.
#[derive(Clone)]
pub struct Snapshot {
    pub epoch: u32,
    pub tokens_done: u64,
    pub rng: Xoshiro256PlusPlus,
    pub parameters: Parameters,
}

impl Snapshot {
    fn bytes(&self) -> usize {
        4 * (self.parameters.numbers.len() + self.parameters.state.len())
    }
}

/// Snapshots of a run, the first at its beginning.
#[derive(Default)]
pub struct Snapshots {
    kept: Vec<Snapshot>,
    /// The fewest epochs between two of them.
    apart: u32,
}

impl Snapshots {
    /// Keeps a copy, if it is far enough from the last. When there are too many, every other one goes; the first stays, so
    /// that any epoch can be trained again.
    pub fn offer(&mut self, snapshot: &Snapshot) {
        let next = self.kept.last().map_or(0, |last| last.epoch + self.apart.max(1));
        if snapshot.epoch < next {
            return;
        }
        self.kept.push(snapshot.clone());
        while self.kept.len() > 1 && self.kept.len() * snapshot.bytes() > BUDGET {
            self.apart = self.apart.max(1) * 2;
            let (apart, mut next) = (self.apart, 0);
            self.kept.retain(|snapshot| {
                let stays = snapshot.epoch >= next;
                next = if stays { snapshot.epoch + apart } else { next };
                stays
            });
        }
    }

    /// Goes on as another run from this snapshot, which takes the place of any of its epoch or later.
    pub fn branch(&mut self, snapshot: &Snapshot) {
        self.kept.retain(|kept| kept.epoch < snapshot.epoch);
        self.kept.push(snapshot.clone());
    }

    /// The oldest.
    pub fn first(&self) -> Option<&Snapshot> {
        self.kept.first()
    }

    /// The newest that is no newer than this epoch.
    pub fn before(&self, epoch: u32) -> Option<&Snapshot> {
        self.kept.iter().rev().find(|snapshot| snapshot.epoch <= epoch)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::kernels::network;
    use crate::model::Sizes;

    fn snapshot(epoch: u32, parameters: &Parameters) -> Snapshot {
        let rng = Xoshiro256PlusPlus::seed_from_u64(epoch.into());
        Snapshot { epoch, tokens_done: epoch.into(), rng, parameters: parameters.clone() }
    }

    #[test]
    fn snapshots_are_spread_over_the_run_within_the_budget() {
        let parameters = Parameters::zeros(network(Sizes { batch: 1, steps: 1, hidden: 1024, vocabulary: 28 }));
        let mut snapshots = Snapshots::default();
        for epoch in 0..=200 {
            snapshots.offer(&snapshot(epoch, &parameters));
            let bytes: usize = snapshots.kept.iter().map(Snapshot::bytes).sum();
            assert!(bytes <= BUDGET, "{bytes} after epoch {epoch}");
        }
        let epochs: Vec<u32> = snapshots.kept.iter().map(|snapshot| snapshot.epoch).collect();
        assert_eq!(epochs[0], 0);
        let gaps: Vec<u32> = epochs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap == gaps[0]), "{epochs:?}");
        assert!(epochs.len() >= 7 && 200 - epochs[epochs.len() - 1] < gaps[0], "{epochs:?}");
        assert_eq!(snapshots.before(gaps[0]).unwrap().epoch, gaps[0]);
        assert_eq!(snapshots.before(gaps[0] + 1).unwrap().epoch, gaps[0]);
        assert_eq!(snapshots.before(gaps[0] - 1).unwrap().epoch, 0);
    }

    #[test]
    fn of_a_large_network_the_first_is_kept_alone() {
        let parameters = Parameters::zeros(network(Sizes { batch: 1, steps: 1, hidden: 3000, vocabulary: 28 }));
        let mut snapshots = Snapshots::default();
        (0..20).for_each(|epoch| snapshots.offer(&snapshot(epoch, &parameters)));
        assert_eq!(snapshots.kept.iter().map(|snapshot| snapshot.epoch).collect::<Vec<_>>(), [0]);
        assert_eq!(snapshots.before(19).unwrap().epoch, 0);
    }
}
