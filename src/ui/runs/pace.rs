//! How long a run takes on this device, from three networks that the worker has timed.

use crate::kernels::network_of;
use crate::model::Config;
use crate::model::config::Cell;
use crate::model::minute::quick;
use crate::text::sampling::minibatches_at_most;

/// The seconds in which a network is to write words.
pub const MINUTE: f64 = 60.0;

/// Characters of an epoch's sample, each a time step of its own.
const SAMPLE: f64 = 64.0;

/// What a training step takes: a part for each time step of a layer, however narrow, one for each element of the gates, and
/// one for each floating-point operation of the products.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    per_step: f64,
    per_element: f64,
    per_operation: f64,
}

/// The networks that are timed: one that is hardly there, a narrow one, and the book's first.
pub fn timed() -> [Config; 3] {
    let hardly = Config { batch: 1, hidden: 8, ..Config::default() };
    [hardly, quick().next().expect("there are some"), Config::default()]
}

/// Time steps of all layers, elements of their gates, and operations of a training step.
fn costs(config: &Config, vocabulary: usize) -> [f64; 3] {
    let gates = match config.cell {
        Cell::Rnn => 1,
        Cell::Gru => 3,
        Cell::Lstm => 4,
    };
    let steps = f64::from(config.steps * config.layers);
    let elements = steps * f64::from(config.batch) * f64::from(gates * config.hidden);
    [steps, elements, network_of(config, vocabulary).work().flops as f64]
}

impl Pace {
    /// From the seconds of a training step of each of [`timed`].
    fn of(measured: &[(Config, f64)], vocabulary: usize) -> Option<Self> {
        let seconds = |wanted: Config| {
            let is_it =
                |config: &Config| Config { engine: wanted.engine, threads: wanted.threads, ..*config } == wanted;
            measured.iter().find(|(config, _)| is_it(config)).map(|(_, seconds)| *seconds)
        };
        let [least, narrow, wide] = timed();
        let per_step = seconds(least)? / costs(&least, vocabulary)[0];
        let [a, b] = [narrow, wide].map(|config| costs(&config, vocabulary));
        // What is left for elements and operations: two equations. A measurement is never so good that both hold with
        // nothing below zero.
        let [x, y] =
            [(seconds(narrow)?, a), (seconds(wide)?, b)].map(|(t, [steps, ..])| (t - per_step * steps).max(0.0));
        let per_operation = ((y * a[1] - x * b[1]) / (a[1] * b[2] - a[2] * b[1])).clamp(0.0, y / b[2]);
        let per_element = ((x - per_operation * a[2]) / a[1]).max(0.0);
        Some(Self { per_step, per_element, per_operation })
    }

    /// Seconds of a whole run, its samples included.
    fn run(&self, config: &Config, vocabulary: usize) -> f64 {
        let [steps, elements, operations] = costs(config, vocabulary);
        let minibatches = minibatches_at_most(config, config.tokens as usize) as f64;
        let minibatch = self.per_step * steps + self.per_element * elements + self.per_operation * operations;
        f64::from(config.epochs) * (minibatches * minibatch + SAMPLE * f64::from(config.layers) * self.per_step)
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
    fn timed_networks_take_what_was_measured() {
        let [least, narrow, wide] = timed();
        let measured = [(least, 0.0002), (narrow, 0.004), (wide, 0.05)];
        for (config, minibatch) in measured {
            let minibatches = minibatches_at_most(&config, config.tokens as usize) as f64;
            let least = f64::from(config.epochs) * minibatches * minibatch;
            let seconds = seconds(&measured, &config, 28).unwrap();
            // With what samples take.
            assert!((least..1.1 * least).contains(&(seconds * (1.0 + 1e-9))), "{seconds}, not {least}");
        }
        assert_eq!(seconds(&measured[..2], &wide, 28), None);
    }

    #[test]
    fn odd_measurements_give_no_negative_times() {
        for seconds in [[0.01, 0.05, 0.01], [0.5, 0.004, 0.05], [1e-9, 1e-6, 0.05], [1e-3, 1e-3, 1e-3]] {
            let measured: Vec<_> = timed().into_iter().zip(seconds).collect();
            let Pace { per_step, per_element, per_operation } = Pace::of(&measured, 28).unwrap();
            assert!([per_step, per_element, per_operation].iter().all(|part| *part >= 0.0), "{seconds:?}");
        }
    }

    #[test]
    fn a_faster_device_is_offered_a_larger_network() {
        let hidden = |speed: f64| {
            let seconds = |config: &Config| costs(config, 28)[2] / speed;
            let measured = timed().map(|config| (config, seconds(&config)));
            within_a_minute(&measured, 28).map(|config| config.hidden)
        };
        for config in quick() {
            let operations = costs(&config, 28)[2] * 8.0 * f64::from(config.epochs);
            assert_eq!(hidden(1.02 * operations / MINUTE), Some(config.hidden));
        }
        assert_eq!(hidden(1e8), None);
    }
}
