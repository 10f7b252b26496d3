//! Draws the windows of the corpus that form an epoch's minibatches.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::error::{Error, Result};
use crate::model::config::Sampling;
use crate::model::{Config, Minibatch};

/// The minibatches of one epoch: for each, the starts of its `B` windows of `T` tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    steps: usize,
    minibatches: Vec<Vec<usize>>,
}

impl Epoch {
    /// Draws an epoch's windows over a corpus of `length` tokens.
    ///
    /// Sequential partitioning: an offset from `0..=T`; the tokens after it are cut into `B` rows of equal length, and
    /// minibatch `m` takes columns `m·T..(m + 1)·T` of each, so that each row continues where the last minibatch ended.
    /// Random sampling: an offset from `0..=T-1`; the tokens after it are cut into windows of `T`, which are shuffled
    /// and grouped by `B`. Tokens that do not fill a minibatch are left out.
    /// All windows: every window of `T` tokens, shuffled and grouped by `B`; the last minibatch is filled up with the
    /// first windows of the same order.
    ///
    /// A given `window_offset` replaces the random one, so that a run can reproduce another implementation.
    ///
    /// # Errors
    /// [`Error::WindowOffset`] if the given offset is larger than any that is drawn; [`Error::TextTooShort`] if it, or
    /// any that is drawn, would leave no minibatch.
    pub fn draw(
        config: &Config,
        length: usize,
        window_offset: Option<usize>,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Self> {
        let (batch, steps) = (config.batch as usize, config.steps as usize);
        let largest = config.largest_offset() as usize;
        if let Some(offset) = window_offset.filter(|&offset| offset > largest) {
            return Err(Error::WindowOffset { offset, largest });
        }
        let needed = tokens_needed(config, window_offset);
        if length < needed {
            return Err(Error::TextTooShort { length, batch, steps, needed });
        }
        let offset = match (window_offset, config.sampling) {
            (Some(offset), _) => offset,
            (None, Sampling::Windows) => 0,
            (None, _) => rng.random_range(0..=largest),
        };
        let minibatches = match config.sampling {
            Sampling::Sequential => sequential(batch, steps, length, offset),
            Sampling::Random => {
                // Targets are one token later, so the last window ends before the last token.
                let mut starts: Vec<usize> = (0..(length - offset - 1) / steps).map(|i| offset + i * steps).collect();
                starts.shuffle(rng);
                starts.chunks_exact(batch).map(<[usize]>::to_vec).collect()
            }
            Sampling::Windows => {
                let mut starts: Vec<usize> = (0..length - steps).collect();
                starts.shuffle(rng);
                let filled = starts.len().next_multiple_of(batch);
                starts.extend_from_within(..filled - starts.len());
                starts.chunks_exact(batch).map(<[usize]>::to_vec).collect()
            }
        };
        Ok(Self { steps, minibatches })
    }

    /// The number of minibatches.
    pub fn len(&self) -> usize {
        self.minibatches.len()
    }

    pub fn is_empty(&self) -> bool {
        self.minibatches.is_empty()
    }

    /// Inputs and targets of minibatch `m`.
    pub fn minibatch(&self, tokens: &[u32], m: usize) -> Minibatch {
        let windows = |shift: usize| {
            let starts = self.minibatches[m].iter();
            starts.flat_map(|&start| &tokens[start + shift..start + shift + self.steps]).copied().collect()
        };
        Minibatch { inputs: windows(0), targets: windows(1) }
    }
}

fn sequential(batch: usize, steps: usize, length: usize, offset: usize) -> Vec<Vec<usize>> {
    let row = (length - offset - 1) / batch;
    (0..row / steps).map(|m| (0..batch).map(|b| offset + b * row + m * steps).collect()).collect()
}

/// The least number of tokens that makes a minibatch with the given offset, or else with every offset.
pub fn tokens_needed(config: &Config, window_offset: Option<usize>) -> usize {
    let largest = config.largest_offset() as usize;
    let offset = window_offset.map_or(largest, |offset| offset.min(largest));
    match config.sampling {
        Sampling::Sequential | Sampling::Random => config.batch as usize * config.steps as usize + offset + 1,
        Sampling::Windows => (config.batch + config.steps) as usize,
    }
}

/// The number of minibatches of an epoch over `length` tokens with offset 0; other offsets may make one fewer.
pub fn minibatches_at_most(config: &Config, length: usize) -> usize {
    let (batch, steps) = (config.batch as usize, config.steps as usize);
    match config.sampling {
        Sampling::Sequential => (length - 1) / batch / steps,
        Sampling::Random => (length - 1) / steps / batch,
        Sampling::Windows => (length - steps).div_ceil(batch),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::config::StateMode;
    use proptest::prelude::*;
    use rand::SeedableRng;

    /// Settings, a corpus in which every token is its own index, and an epoch over it.
    fn any_epoch(sampling: Sampling) -> impl Strategy<Value = (Config, Vec<u32>, Epoch)> {
        (1..9u32, 1..13u32, 0..300usize, any::<u64>()).prop_map(move |(batch, steps, more, seed)| {
            let config = Config { batch, steps, sampling, state: StateMode::Reset, ..Config::default() };
            let tokens: Vec<u32> = (0..(tokens_needed(&config, None) + more) as u32).collect();
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let epoch = Epoch::draw(&config, tokens.len(), None, &mut rng).unwrap();
            (config, tokens, epoch)
        })
    }

    fn check_windows(config: &Config, tokens: &[u32], epoch: &Epoch) -> Result<(), TestCaseError> {
        let (batch, steps) = (config.batch as usize, config.steps as usize);
        prop_assert!(!epoch.is_empty() && epoch.len() <= minibatches_at_most(config, tokens.len()));
        let mut seen = vec![false; tokens.len()];
        for m in 0..epoch.len() {
            let Minibatch { inputs, targets } = epoch.minibatch(tokens, m);
            prop_assert_eq!((inputs.len(), targets.len()), (batch * steps, batch * steps));
            prop_assert!(inputs.iter().zip(&targets).all(|(x, y)| y - x == 1), "targets are shifted by one");
            for window in inputs.chunks(steps) {
                prop_assert!(window.windows(2).all(|pair| pair[1] == pair[0] + 1), "windows are consecutive");
            }
            for &x in &inputs {
                prop_assert!(!std::mem::replace(&mut seen[x as usize], true), "no token is an input twice");
            }
        }
        // Only the offset and what does not fill a minibatch is left out.
        let left_out = tokens.len() - epoch.len() * batch * steps;
        prop_assert!(left_out <= steps + batch * steps + batch, "{left_out} tokens left out");
        Ok(())
    }

    proptest! {
        #[test]
        fn sequential_windows_follow_each_other((config, tokens, epoch) in any_epoch(Sampling::Sequential)) {
            check_windows(&config, &tokens, &epoch)?;
            let steps = config.steps as usize;
            for m in 1..epoch.len() {
                let (before, now) = (epoch.minibatch(&tokens, m - 1), epoch.minibatch(&tokens, m));
                for b in 0..config.batch as usize {
                    prop_assert_eq!(before.inputs[b * steps + steps - 1] + 1, now.inputs[b * steps]);
                }
            }
        }

        #[test]
        fn random_windows_cover_the_corpus((config, tokens, epoch) in any_epoch(Sampling::Random)) {
            check_windows(&config, &tokens, &epoch)?;
        }
    }

    #[test]
    fn all_windows_are_taken_once_and_a_few_twice() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let config = Config { batch: 4, steps: 3, sampling: Sampling::Windows, ..Config::default() };
        let tokens: Vec<u32> = (0..13).collect();
        let mut orders = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let epoch = Epoch::draw(&config, tokens.len(), None, &mut rng).unwrap();
            assert_eq!((epoch.len(), minibatches_at_most(&config, 13)), (3, 3), "ten windows");
            let starts = epoch.minibatches.concat();
            let mut all = starts[..10].to_vec();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
            assert_eq!(starts[10..], starts[..2]);
            let Minibatch { inputs, targets } = epoch.minibatch(&tokens, 2);
            assert_eq!((inputs[0] as usize, inputs[1] - inputs[0], targets[0] - inputs[0]), (starts[8], 1, 1));
            orders.insert(starts);
        }
        assert_eq!(orders.len(), 20, "in random order");
        let too_short = Epoch::draw(&config, 6, None, &mut rng);
        assert_eq!(too_short, Err(Error::TextTooShort { length: 6, batch: 4, steps: 3, needed: 7 }));
        assert_eq!(Epoch::draw(&config, 7, None, &mut rng).unwrap().len(), 1);
    }

    #[test]
    fn the_books_setting_has_eight_minibatches_with_either_sampling() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for sampling in [Sampling::Sequential, Sampling::Random] {
            let config = Config { sampling, ..Config::default() };
            for _ in 0..100 {
                assert_eq!(Epoch::draw(&config, 10_000, None, &mut rng).unwrap().len(), 8);
            }
        }
    }

    #[test]
    fn every_offset_is_drawn() {
        let config = Config { batch: 2, steps: 3, ..Config::default() };
        let tokens: Vec<u32> = (0..40).collect();
        for (sampling, all) in [(Sampling::Sequential, vec![0, 1, 2, 3]), (Sampling::Random, vec![0, 1, 2])] {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
            let mut offsets = std::collections::BTreeSet::new();
            for _ in 0..200 {
                let epoch = Epoch::draw(&Config { sampling, ..config }, tokens.len(), None, &mut rng).unwrap();
                let earliest = *epoch.minibatches.iter().flatten().min().unwrap();
                // The first random window may be left out; every start is the offset plus a multiple of T.
                offsets.insert(if sampling == Sampling::Random { earliest % 3 } else { earliest });
            }
            assert!(offsets.iter().eq(&all), "{sampling}: {offsets:?}");
        }
    }

    #[test]
    fn a_short_text_is_refused_with_the_number_needed() {
        let config = Config { batch: 4, steps: 5, ..Config::default() };
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!(
            Epoch::draw(&config, 25, None, &mut rng),
            Err(Error::TextTooShort { length: 25, batch: 4, steps: 5, needed: 26 })
        );
        assert!(Epoch::draw(&config, 26, None, &mut rng).is_ok());
    }

    #[test]
    fn a_given_offset_is_kept() {
        let config = Config { batch: 2, steps: 3, ..Config::default() };
        let tokens: Vec<u32> = (0..40).collect();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for offset in 0..=3 {
            let epoch = Epoch::draw(&config, tokens.len(), Some(offset), &mut rng).unwrap();
            assert_eq!(epoch.minibatch(&tokens, 0).inputs[0] as usize, offset);
        }
        let error = Epoch::draw(&config, tokens.len(), Some(4), &mut rng);
        assert_eq!(error, Err(Error::WindowOffset { offset: 4, largest: 3 }));
    }
}
