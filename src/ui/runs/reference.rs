//! PyTorch's perplexity by epoch with the book's settings, drawn behind the visitor's curve and compared with the final
//! perplexity.
//!
//! Measured by this project with PyTorch 2.15 on a CPU: the book's code and settings (batch 32, 35 steps, 512 hidden
//! units, learning rate 1, clipping 1, the first 10,000 tokens of the book's edition), 500 epochs for each of several
//! seeds. Each figure is the geometric mean of the seeds' perplexities at that epoch, rounded to two decimals. Those of
//! the other networks are in `networks.rs`.

mod networks;

use super::curve::Point;
use crate::model::config::Config;
use crate::model::preset::Preset;
use crate::ui::language::{Words, fill};

/// The last epoch with a figure.
pub const LAST: u32 = 500;

/// There is a figure for every epoch up to this one, and for every [`STRIDE`]th after it.
const EARLY: u32 = 20;

const STRIDE: u32 = 10;

/// The curve of one of the book's runs.
#[derive(Debug, PartialEq)]
pub struct Reference {
    /// Number of seeds that it is the mean of.
    pub seeds: u32,
    early: [f64; EARLY as usize],
    late: [f64; ((LAST - EARLY) / STRIDE) as usize],
}

impl Reference {
    /// The curve to compare a run of this configuration with; `None` unless all settings but seed, epochs, engine and threads
    /// are those of a run of the book's Chinese edition.
    pub fn of(config: &Config) -> Option<&'static Self> {
        Some(match Preset::of(config)?.key {
            "rnn" => &FIRST,
            "rnn_reset" => &SECOND,
            "rnn_random" => &RANDOM,
            "rnn_concise" => &networks::RNN_CONCISE,
            "gru" => &networks::GRU,
            "gru_concise" => &networks::GRU_CONCISE,
            "lstm" => &networks::LSTM,
            "lstm_concise" => &networks::LSTM_CONCISE,
            "deep_lstm" => &networks::DEEP_LSTM,
            _ => return None,
        })
    }

    /// The name of the curve: “PyTorch, mean of four seeds”.
    pub fn name(&self, w: &Words) -> String {
        let seeds = match self.seeds {
            2 => w.two,
            3 => w.three,
            _ => w.four,
        };
        fill(w.pytorch, &[seeds])
    }

    /// Whether there is a figure for this epoch.
    pub fn is_measured(epoch: u32) -> bool {
        (1..=LAST).contains(&epoch) && (epoch <= EARLY || epoch.is_multiple_of(STRIDE))
    }

    /// Perplexity at an epoch from 1 to [`LAST`], linearly interpolated between figures.
    pub fn perplexity(&self, epoch: u32) -> Option<f64> {
        if !(1..=LAST).contains(&epoch) {
            return None;
        }
        if epoch <= EARLY {
            return Some(self.early[epoch as usize - 1]);
        }
        let figure = |epoch: u32| match (epoch - EARLY) / STRIDE {
            0 => self.early[EARLY as usize - 1],
            n => self.late[n as usize - 1],
        };
        let before = epoch - epoch % STRIDE;
        if before == epoch {
            return Some(figure(epoch));
        }
        let (from, to) = (figure(before), figure(before + STRIDE));
        Some(from + (to - from) * f64::from(epoch - before) / f64::from(STRIDE))
    }

    /// The curve from the first epoch to `end`, or to [`LAST`].
    pub fn until(&self, end: u32) -> Vec<Point> {
        let end = end.min(LAST);
        let epochs = (1..=end).filter(|&epoch| Self::is_measured(epoch) || epoch == end);
        epochs.filter_map(|epoch| Some((epoch, self.perplexity(epoch)?))).collect()
    }
}

static FIRST: Reference = Reference {
    seeds: 4,
    early: [
        24.76, 19.65, 17.96, 17.63, 17.12, 16.67, 16.03, 15.31, 14.47, 13.64, 12.94, 12.45, 11.96, 11.70, 11.45, 11.24,
        11.05, 10.89, 10.70, 10.68,
    ],
    late: [
        9.57, 9.01, 8.53, 8.24, 8.06, 7.74, 7.59, 7.38, 7.03, 6.84, 6.58, 6.16, 5.84, 5.31, 4.75, 4.12, 3.53, 2.98,
        2.60, 2.26, 1.96, 1.78, 1.61, 1.47, 1.42, 1.35, 1.33, 1.28, 1.27, 1.20, 1.14, 1.08, 1.10, 1.07, 1.10, 1.09,
        1.06, 1.05, 1.05, 1.05, 1.04, 1.05, 1.04, 1.08, 1.08, 1.07, 1.04, 1.04,
    ],
};

static SECOND: Reference = Reference {
    seeds: 2,
    early: [
        24.75, 19.67, 17.85, 17.54, 17.11, 16.60, 16.01, 15.26, 14.39, 13.66, 12.92, 12.43, 12.09, 11.69, 11.45, 11.24,
        11.11, 10.93, 10.86, 10.59,
    ],
    late: [
        9.58, 9.06, 8.68, 8.35, 8.15, 7.91, 7.79, 7.55, 7.37, 7.08, 6.85, 6.52, 6.30, 5.94, 5.57, 5.12, 4.60, 4.10,
        3.69, 3.42, 2.99, 2.81, 2.44, 2.26, 2.14, 2.06, 1.89, 1.86, 1.87, 1.60, 1.76, 1.65, 1.66, 1.72, 1.56, 1.56,
        1.57, 1.52, 1.52, 1.53, 1.49, 1.61, 1.51, 1.51, 1.49, 1.52, 1.38, 1.41,
    ],
};

static RANDOM: Reference = Reference {
    seeds: 3,
    early: [
        24.77, 19.69, 17.95, 17.49, 17.04, 16.56, 16.04, 15.29, 14.41, 13.59, 12.95, 12.45, 11.99, 11.64, 11.47, 11.24,
        11.06, 10.86, 10.77, 10.62,
    ],
    late: [
        9.67, 9.05, 8.69, 8.33, 8.20, 7.92, 7.82, 7.67, 7.46, 7.25, 7.10, 6.69, 6.54, 6.22, 5.96, 5.68, 5.37, 5.03,
        4.48, 4.06, 3.71, 3.33, 3.01, 2.71, 2.60, 2.35, 2.18, 2.11, 1.97, 1.87, 1.84, 1.80, 1.80, 1.75, 1.71, 1.70,
        1.67, 1.68, 1.66, 1.65, 1.56, 1.58, 1.61, 1.56, 1.62, 1.51, 1.53, 1.48,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Edition;

    #[test]
    fn figures_are_exact_and_interpolated_in_between() {
        assert_eq!(FIRST.perplexity(0), None);
        assert_eq!(FIRST.perplexity(1), Some(24.76));
        assert_eq!(FIRST.perplexity(20), Some(10.68));
        assert!((FIRST.perplexity(25).unwrap() - 10.125).abs() < 1e-9);
        assert_eq!(FIRST.perplexity(50), Some(8.53));
        assert!((FIRST.perplexity(499).unwrap() - 1.04).abs() < 1e-9);
        assert_eq!((SECOND.perplexity(500), RANDOM.perplexity(500)), (Some(1.41), Some(1.48)));
        assert_eq!(FIRST.perplexity(501), None);
    }

    #[test]
    fn a_curve_ends_at_the_given_epoch() {
        assert_eq!(FIRST.until(0), []);
        assert_eq!(FIRST.until(2), [(1, 24.76), (2, 19.65)]);
        let curve = FIRST.until(34);
        assert_eq!((curve.len(), curve.last().unwrap().0), (22, 34));
        assert_eq!(FIRST.until(1000), FIRST.until(500));
    }

    #[test]
    fn only_a_run_with_the_books_settings_has_one() {
        let book = Config::default();
        assert_eq!(Reference::of(&Config { seed: 9, epochs: 3, ..book }), Some(&FIRST));
        for preset in Edition::Chinese.presets() {
            let reference = Reference::of(&preset.config()).unwrap();
            let same = Edition::Chinese.presets().filter(|other| Reference::of(&other.config()) == Some(reference));
            assert_eq!(same.count(), 1, "{}", preset.key);
        }
        assert!(Edition::English.presets().all(|preset| Reference::of(&preset.config()).is_none()));
        for other in [
            Config { hidden: 511, ..book },
            Config { batch: 31, ..book },
            Config { steps: 36, ..book },
            Config { lr: 0.5, ..book },
            Config { clip: 2.0, ..book },
            Config { tokens: 10_001, ..book },
        ] {
            assert_eq!(Reference::of(&other), None);
        }
    }
}
