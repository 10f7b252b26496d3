//! Sizes submissions to some tens of milliseconds of work, and keeps at most two in flight.

use std::collections::VecDeque;

use web_time::Instant;

use super::device::Gpu;
use super::platform::Submission;
use crate::error::Result;

/// Target duration of a submission, in seconds.
const TARGET: f64 = 0.025;

/// The most submissions in flight.
const IN_FLIGHT: usize = 2;

/// Floating-point operations of the first submission, before the device's speed is known.
const FIRST: u64 = 20_000_000;

pub struct Pacing {
    /// Floating-point operations that the next submission should hold.
    pub budget: u64,
    in_flight: VecDeque<Submitted>,
    last_done: Instant,
}

struct Submitted {
    submission: Submission,
    flops: u64,
    at: Instant,
    /// Minibatches of the current sequence that are finished once it is done, if it trains.
    minibatches: Option<usize>,
}

impl Pacing {
    pub fn new() -> Self {
        Self { budget: FIRST, in_flight: VecDeque::new(), last_done: Instant::now() }
    }

    /// Adds a submission: its operations and, if it trains, the minibatches that are finished once it is done.
    pub fn submitted(&mut self, submission: Submission, flops: u64, minibatches: Option<usize>) {
        self.in_flight.push_back(Submitted { submission, flops, at: Instant::now(), minibatches });
    }

    /// If [`IN_FLIGHT`] submissions are in flight, waits for the oldest, adjusts the budget to its duration, and
    /// returns the number of finished minibatches.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn make_room(&mut self, gpu: &Gpu) -> Result<Option<usize>> {
        if self.in_flight.len() < IN_FLIGHT {
            return Ok(None);
        }
        let Some(Submitted { submission, flops, at, minibatches }) = self.in_flight.pop_front() else {
            return Ok(None);
        };
        gpu.wait(submission).await?;
        let now = Instant::now();
        let seconds = (now - at.max(self.last_done)).as_secs_f64().max(1e-4);
        self.last_done = now;
        let wanted = (flops as f64 / seconds * TARGET) as u64;
        self.budget = wanted.clamp(self.budget / 2, self.budget * 2).max(1);
        Ok(minibatches)
    }

    /// Another sequence of minibatches begins: what is in flight counts none of its own.
    pub fn begin_sequence(&mut self) {
        self.in_flight.iter_mut().for_each(|submitted| submitted.minibatches = None);
    }

    /// Waits for all submissions in flight.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn drain(&mut self, gpu: &Gpu) -> Result<()> {
        while let Some(submitted) = self.in_flight.pop_front() {
            gpu.wait(submitted.submission).await?;
        }
        self.last_done = Instant::now();
        Ok(())
    }
}
