//! The learning rate and clip threshold of each minibatch of a run.

use crate::model::{Hyperparameters, MinibatchId};

/// The hyperparameters of a whole run, kept so that an epoch that is trained again uses the same ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The hyperparameters from each of these minibatches on, in order; the first entry is at `(0, 0)`.
    changes: Vec<(MinibatchId, Hyperparameters)>,
}

impl Schedule {
    pub fn new(hyperparameters: Hyperparameters) -> Self {
        Self { changes: vec![((0, 0), hyperparameters)] }
    }

    /// The schedule of these changes, which must be in order and start at `(0, 0)`.
    pub fn of_changes(changes: Vec<(MinibatchId, Hyperparameters)>) -> Self {
        Self { changes }
    }

    /// All changes in order, the first at `(0, 0)`.
    pub fn changes(&self) -> &[(MinibatchId, Hyperparameters)] {
        &self.changes
    }

    /// The hyperparameters of a minibatch.
    pub fn at(&self, minibatch: MinibatchId) -> Hyperparameters {
        self.changes[self.changes.partition_point(|(from, _)| *from <= minibatch) - 1].1
    }

    /// The first minibatch after this one at which the hyperparameters change.
    pub fn change_after(&self, minibatch: MinibatchId) -> Option<MinibatchId> {
        self.changes.iter().map(|(from, _)| *from).find(|from| *from > minibatch)
    }

    /// Sets the hyperparameters from `minibatch` on, and drops every change at it or later.
    pub fn set(&mut self, minibatch: MinibatchId, hyperparameters: Hyperparameters) {
        self.changes.retain(|(from, _)| *from < minibatch);
        self.changes.push((minibatch, hyperparameters));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_holds_from_its_minibatch_to_the_next_change() {
        let [first, second, third] = [1.0, 2.0, 3.0].map(|clip| Hyperparameters { learning_rate: 1.0, clip });
        let mut schedule = Schedule::new(first);
        schedule.set((2, 3), second);
        schedule.set((5, 0), third);
        assert_eq!([(0, 0), (2, 2), (2, 3), (4, 9), (5, 0)].map(|id| schedule.at(id).clip), [1., 1., 2., 2., 3.]);
        assert_eq!([(0, 0), (2, 3), (5, 0)].map(|id| schedule.change_after(id)), [Some((2, 3)), Some((5, 0)), None]);
        schedule.set((2, 3), third);
        assert_eq!((schedule.at((2, 3)), schedule.change_after((2, 3))), (third, None), "later changes are void");
        schedule.set((0, 0), second);
        assert_eq!(schedule, Schedule::new(second));
    }
}
