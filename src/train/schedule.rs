//! By which rates a run goes, from which minibatch on.

use crate::model::{Hyperparameters, MinibatchId};

/// The rates of a whole run, so that an epoch that is trained once more goes by the rates that it went by.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Each from its place on, in order; the first from the beginning on.
    changes: Vec<(MinibatchId, Hyperparameters)>,
}

impl Schedule {
    pub fn new(hyperparameters: Hyperparameters) -> Self {
        Self { changes: vec![((0, 0), hyperparameters)] }
    }

    /// The schedule of these changes, which are in order and begin at the beginning.
    pub fn of_changes(changes: Vec<(MinibatchId, Hyperparameters)>) -> Self {
        Self { changes }
    }

    /// Every change, in order; the first is the beginning.
    pub fn changes(&self) -> &[(MinibatchId, Hyperparameters)] {
        &self.changes
    }

    /// The rates of a minibatch.
    pub fn at(&self, place: MinibatchId) -> Hyperparameters {
        self.changes[self.changes.partition_point(|(from, _)| *from <= place) - 1].1
    }

    /// Where the first change after a minibatch is.
    pub fn change_after(&self, place: MinibatchId) -> Option<MinibatchId> {
        self.changes.iter().map(|(from, _)| *from).find(|from| *from > place)
    }

    /// From `place` on these rates hold, whatever was set for there or later.
    pub fn set(&mut self, place: MinibatchId, hyperparameters: Hyperparameters) {
        self.changes.retain(|(from, _)| *from < place);
        self.changes.push((place, hyperparameters));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_holds_from_its_place_to_the_next() {
        let [first, second, third] = [1.0, 2.0, 3.0].map(|clip| Hyperparameters { learning_rate: 1.0, clip });
        let mut schedule = Schedule::new(first);
        schedule.set((2, 3), second);
        schedule.set((5, 0), third);
        assert_eq!([(0, 0), (2, 2), (2, 3), (4, 9), (5, 0)].map(|place| schedule.at(place).clip), [1., 1., 2., 2., 3.]);
        assert_eq!(
            [(0, 0), (2, 3), (5, 0)].map(|place| schedule.change_after(place)),
            [Some((2, 3)), Some((5, 0)), None]
        );
        schedule.set((2, 3), third);
        assert_eq!((schedule.at((2, 3)), schedule.change_after((2, 3))), (third, None), "later changes are void");
        schedule.set((0, 0), second);
        assert_eq!(schedule, Schedule::new(second));
    }
}
