//! The kernel timings: the state of the measurement, and the rows of the table.

use crate::error::Error;
use crate::protocol::{Event, KernelTime, Profile};
use crate::ui::language::words::grouped;
use crate::ui::language::{Words, fill};

/// The request number of a profile; those of continuations start at 1.
pub const REQUEST: u32 = 0;

/// The latest measurement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiling {
    pub profile: Option<Profile>,
    /// Whether a measurement is in progress.
    pub is_running: bool,
    /// Why the latest one was refused.
    pub refusal: Option<Error>,
}

impl Profiling {
    /// A measurement is requested.
    pub fn ask(&mut self) {
        self.is_running = true;
        self.refusal = None;
    }

    /// Applies an event; `is_end` if the worker has no network any more after it.
    pub fn apply(&mut self, event: &Event, is_end: bool) {
        // Requests from before are not answered then.
        self.is_running &= !is_end;
        match event {
            Event::Profiled { request: REQUEST, profile } => {
                self.is_running = false;
                self.profile = Some(profile.clone());
            }
            Event::Refused { request: REQUEST, error } => {
                self.is_running = false;
                self.refusal = Some(error.clone());
            }
            _ => {}
        }
    }
}

/// A kernel's dispatches, milliseconds, share of all kernels' time, GFLOP/s and GB/s, as text.
pub fn row(kernel: &KernelTime, profile: &Profile) -> [String; 5] {
    let all: f64 = profile.kernels.iter().map(|kernel| kernel.seconds).sum();
    let per_second = |count: u64| figure(count as f64 / kernel.seconds / 1e9);
    [
        kernel.dispatches.to_string(),
        figure(kernel.seconds * 1e3),
        format!("{} %", figure(100.0 * kernel.seconds / all)),
        per_second(kernel.flops),
        per_second(kernel.bytes),
    ]
}

/// The sentence below the table: device, minibatch, recording and read-back.
pub fn summary(w: &Words, profile: &Profile) -> String {
    let Profile { device, tokens, minibatch, recording, read_back, .. } = profile;
    let pace = grouped((f64::from(*tokens) / minibatch).round() as u64);
    let share = format!("{:.1}", 100.0 * recording / minibatch);
    let ms = |seconds: &f64| figure(seconds * 1e3);
    fill(w.profile_summary, &[device, &ms(minibatch), &pace, &ms(recording), &share, &ms(read_back)])
}

/// The measurement as a line of a Markdown table, for people to put theirs beside others': device and variant, tokens of
/// a minibatch, its milliseconds, tokens/s, GFLOP/s.
pub fn line(profile: &Profile) -> String {
    let Profile { device, tokens, minibatch, kernels, .. } = profile;
    let flops: u64 = kernels.iter().map(|kernel| kernel.flops).sum();
    let speed = (f64::from(*tokens) / minibatch).round() as u64;
    let (ms, gflops) = (figure(minibatch * 1e3), figure(flops as f64 / minibatch / 1e9));
    format!("| {device} | {tokens} | {ms} | {speed} | {gflops} |")
}

/// A number with two decimals below 10, one below 100, else none.
fn figure(number: f64) -> String {
    match number {
        ..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn a_profile_is_requested_and_arrives_or_is_refused() {
        let mut profiling = Profiling::default();
        profiling.ask();
        assert!(profiling.is_running);
        let profile = Profile {
            device: "a device".to_owned(),
            bytes: 1,
            kernels: Vec::new(),
            tokens: 1120,
            minibatch: 0.5,
            recording: 0.1,
            read_back: 0.1,
        };
        // The answer to a continuation does not count.
        profiling.apply(&Event::Refused { request: 1, error: Error::NoNetwork }, false);
        assert!(profiling.is_running);
        profiling.apply(&Event::Profiled { request: REQUEST, profile: profile.clone() }, false);
        assert_eq!((profiling.is_running, &profiling.profile), (false, &Some(profile)));
        profiling.ask();
        profiling.apply(&Event::Refused { request: REQUEST, error: Error::OutOfMemory }, false);
        assert_eq!((profiling.is_running, &profiling.refusal), (false, &Some(Error::OutOfMemory)));
        profiling.ask();
        profiling.apply(&Event::Failed { run: Some(1), error: Error::OutOfMemory }, true);
        assert!(!profiling.is_running);
    }

    #[test]
    fn a_profile_is_shown_in_figures() {
        let kernel = |name: &str, seconds| KernelTime {
            name: name.to_owned(),
            dispatches: 35,
            seconds,
            flops: 587_000_000,
            bytes: 41_000_000,
        };
        let kernels = vec![kernel("step_forward", 0.1), kernel("step_backward", 0.3)];
        let profile = Profile {
            device: "a device".to_owned(),
            bytes: 1,
            kernels,
            tokens: 1120,
            minibatch: 0.4,
            recording: 0.0008,
            read_back: 0.005,
        };
        assert_eq!(row(&profile.kernels[0], &profile), ["35", "100", "25.0 %", "5.87", "0.41"]);
        let said = summary(&ENGLISH, &profile);
        for word in ["a device", "400 ms", "2,800", "0.80 ms", "0.2 %", "5.00 ms"] {
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(line(&profile), "| a device | 1120 | 400 | 2800 | 2.94 |");
    }
}
