//! How long a run takes on this device, from two networks that the worker has timed.

use crate::kernels::network_of;
use crate::model::Config;
use crate::model::minute::quick;
use crate::text::sampling::minibatches_at_most;

/// The seconds in which a network is to write words.
pub const MINUTE: f64 = 60.0;

/// Characters of an epoch's sample, each a time step of its own.
const SAMPLE: f64 = 64.0;

/// What a training step takes: a part for each time step of a layer, however narrow, and one for each operation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    per_step: f64,
    per_operation: f64,
}

/// The networks that are timed: a narrow one, whose time steps cost more than its operations, and the book's first.
pub fn timed() -> [Config; 2] {
    [quick().next().expect("there are some"), Config::default()]
}

/// Time steps of all layers, and floating-point operations, of a training step.
fn costs(config: &Config, vocabulary: usize) -> (f64, f64) {
    (f64::from(config.steps * config.layers), network_of(config, vocabulary).work().flops as f64)
}

impl Pace {
    /// From the seconds of a training step of each of [`timed`].
    fn of(measured: &[(Config, f64)], vocabulary: usize) -> Option<Self> {
        let seconds = timed().map(|wanted| {
            let is_it =
                |config: &Config| Config { engine: wanted.engine, threads: wanted.threads, ..*config } == wanted;
            measured.iter().find(|(config, _)| is_it(config)).map(|(_, seconds)| *seconds)
        });
        let ((narrow, wide), [first, second]) = (seconds[0].zip(seconds[1])?, timed().map(|c| costs(&c, vocabulary)));
        let per_operation = ((wide - narrow) / (second.1 - first.1)).clamp(0.0, wide / second.1);
        let per_step = ((narrow - per_operation * first.1) / first.0).max(0.0);
        Some(Self { per_step, per_operation })
    }

    /// Seconds of a whole run, its samples included.
    fn run(&self, config: &Config, vocabulary: usize) -> f64 {
        let (steps, operations) = costs(config, vocabulary);
        let minibatches = minibatches_at_most(config, config.tokens as usize) as f64;
        let minibatch = self.per_step * steps + self.per_operation * operations;
        f64::from(config.epochs) * (minibatches * minibatch + SAMPLE * self.per_step)
    }
}

/// About how many seconds a run of these settings takes; `None` before this device was timed.
pub fn seconds(measured: &[(Config, f64)], config: &Config, vocabulary: u32) -> Option<f64> {
    Some(Pace::of(measured, vocabulary as usize)?.run(config, vocabulary as usize))
}

/// The largest settings with which a network writes words within a minute.
pub fn within_a_minute(measured: &[(Config, f64)], vocabulary: u32) -> Option<Config> {
    quick().rev().find(|config| seconds(measured, config, vocabulary).is_some_and(|seconds| seconds <= MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_timed_networks_take_what_was_measured() {
        let [narrow, wide] = timed();
        let measured = [(narrow, 0.004), (wide, 0.05)];
        for (config, minibatch) in measured {
            // With what samples take.
            let least = f64::from(config.epochs) * 8.0 * minibatch;
            let seconds = seconds(&measured, &config, 28).unwrap();
            assert!((least..1.3 * least).contains(&seconds), "{seconds}, not {least}");
        }
        assert_eq!(seconds(&measured[..1], &wide, 28), None);
    }

    #[test]
    fn odd_measurements_give_no_negative_times() {
        for (narrow, wide) in [(0.05, 0.01), (1e-6, 0.05)] {
            let [first, second] = timed();
            let pace = Pace::of(&[(first, narrow), (second, wide)], 28).unwrap();
            assert!(pace.per_step >= 0.0 && pace.per_operation >= 0.0, "{pace:?}");
        }
    }

    #[test]
    fn a_faster_device_is_offered_a_larger_network() {
        let hidden = |speed: f64| {
            let seconds = |config: &Config| costs(config, 28).1 / speed;
            let measured = timed().map(|config| (config, seconds(&config)));
            within_a_minute(&measured, 28).map(|config| config.hidden)
        };
        for config in quick() {
            let operations = costs(&config, 28).1 * 8.0 * f64::from(config.epochs);
            assert_eq!(hidden(1.001 * operations / MINUTE), Some(config.hidden));
        }
        assert_eq!(hidden(1e8), None);
    }
}
