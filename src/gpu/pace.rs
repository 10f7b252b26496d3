//! How much work a submission holds: some tens of milliseconds of it, and never more than two are under way.

use std::collections::VecDeque;

use web_time::Instant;

use super::device::Gpu;
use super::platform::Submission;
use crate::error::Result;

/// What a submission should take, in seconds.
const TARGET: f64 = 0.025;

/// How many submissions may be under way.
const IN_FLIGHT: usize = 2;

/// Floating-point operations of the first submission, before anything is known of the device.
const FIRST: u64 = 20_000_000;

pub struct Pace {
    /// Floating-point operations that the next submission should hold.
    pub budget: u64,
    under_way: VecDeque<Submitted>,
    last_done: Instant,
}

struct Submitted {
    submission: Submission,
    flops: u64,
    at: Instant,
    /// Minibatches that are finished with it.
    minibatches: usize,
}

impl Pace {
    pub fn new() -> Self {
        Self { budget: FIRST, under_way: VecDeque::new(), last_done: Instant::now() }
    }

    pub fn submitted(&mut self, submission: Submission, flops: u64, minibatches: usize) {
        self.under_way.push_back(Submitted { submission, flops, at: Instant::now(), minibatches });
    }

    /// Waits until there is room for another submission and learns from what is done; gives the number of finished
    /// minibatches, if one more submission is.
    pub async fn make_room(&mut self, gpu: &Gpu) -> Result<Option<usize>> {
        if self.under_way.len() < IN_FLIGHT {
            return Ok(None);
        }
        let Some(Submitted { submission, flops, at, minibatches }) = self.under_way.pop_front() else {
            return Ok(None);
        };
        gpu.wait(submission).await?;
        let now = Instant::now();
        let seconds = (now - at.max(self.last_done)).as_secs_f64().max(1e-4);
        self.last_done = now;
        let wanted = (flops as f64 / seconds * TARGET) as u64;
        self.budget = wanted.clamp(self.budget / 2, self.budget * 2).max(1);
        Ok(Some(minibatches))
    }

    /// Waits until nothing is under way.
    pub async fn drain(&mut self, gpu: &Gpu) -> Result<()> {
        while let Some(submitted) = self.under_way.pop_front() {
            gpu.wait(submitted.submission).await?;
        }
        self.last_done = Instant::now();
        Ok(())
    }
}
