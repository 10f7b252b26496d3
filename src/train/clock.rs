//! Time spent on training, and the training speed.

use std::collections::VecDeque;

use web_time::{Duration, Instant};

/// The speed is averaged over this many seconds of training.
const WINDOW: f64 = 5.0;

/// Training is timed in intervals of some tens of milliseconds; during one as long as this the machine was asleep.
const ASLEEP: Duration = Duration::from_secs(30);

/// Measures the seconds of training, without pauses, samples and sleep, and the tokens per second.
#[derive(Debug, Default)]
pub struct Clock {
    seconds: f64,
    running_since: Option<Instant>,
    /// Seconds and tokens trained on at recent calls of [`Clock::pace`].
    recent: VecDeque<(f64, u64)>,
}

impl Clock {
    pub fn start(&mut self) {
        self.running_since = Some(Instant::now());
    }

    pub fn stop(&mut self) {
        if let Some(since) = self.running_since.take() {
            self.count(since.elapsed());
        }
    }

    fn count(&mut self, piece: Duration) {
        if piece < ASLEEP {
            self.seconds += piece.as_secs_f64();
        }
    }

    /// Seconds of training up to the last [`Clock::stop`].
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Tokens per second over the last [`WINDOW`] seconds, given all `tokens` trained on so far.
    pub fn pace(&mut self, tokens: u64) -> f64 {
        self.note(self.seconds, tokens)
    }

    /// A clock that starts at `seconds`.
    pub fn of(seconds: f64) -> Self {
        Self { seconds, ..Self::default() }
    }

    /// Restarts the measurement of the speed, with `tokens` trained on so far.
    pub fn reset_pace(&mut self, tokens: u64) {
        self.recent.clear();
        self.recent.push_back((self.seconds, tokens));
    }

    fn note(&mut self, seconds: f64, tokens: u64) -> f64 {
        if self.recent.is_empty() {
            self.recent.push_back((0.0, 0));
        }
        self.recent.push_back((seconds, tokens));
        while self.recent.len() > 2 && seconds - self.recent[1].0 >= WINDOW {
            self.recent.pop_front();
        }
        let (since, before) = self.recent[0];
        if seconds > since { (tokens - before) as f64 / (seconds - since) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_of_the_last_seconds() {
        let mut clock = Clock::default();
        assert_eq!(clock.note(0.0, 0), 0.0);
        assert_eq!(clock.note(2.0, 200), 100.0);
        assert_eq!(clock.note(100.0, 200), 0.0);
        assert_eq!(clock.note(105.0, 5200), 1000.0);
        assert_eq!(clock.note(110.0, 10200), 1000.0);
    }

    #[test]
    fn sleep_is_not_counted() {
        let mut clock = Clock::default();
        let mut train = |seconds, tokens| {
            clock.count(Duration::from_secs_f64(seconds));
            clock.pace(tokens)
        };
        assert_eq!(train(1.0, 1000), 1000.0);
        assert_eq!(train(8.0 * 3600.0, 1040), 1040.0);
        assert_eq!(train(1.0, 2000), 1000.0);
        assert_eq!(clock.seconds(), 2.0);
    }
}
