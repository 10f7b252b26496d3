//! How far a session is.

use super::Session;
use crate::protocol::Progress;
use crate::text::sampling::minibatches_at_most;

impl Session {
    /// The run's progress. Of an epoch whose results are awaited all minibatches count as finished.
    pub fn progress(&mut self) -> Progress {
        let done = self.current.as_ref().map_or(0, |current| current.cursor.done());
        let minibatch = self.submitted_minibatches().next().unwrap_or(done);
        let all = self.submitted_minibatches().sum::<usize>() + done;
        let tokens_per_second = self.clock.pace(self.tokens_done + all as u64 * self.tokens_per_minibatch());
        let minibatches_left = (self.config.epochs - self.epoch) as u64 * self.minibatches() as u64 - minibatch as u64;
        let tokens_left = (minibatches_left * self.tokens_per_minibatch()) as f64;
        Progress {
            epoch: self.epoch,
            minibatch: minibatch as u32,
            tokens_per_second,
            seconds_left: if tokens_per_second > 0.0 { tokens_left / tokens_per_second } else { 0.0 },
        }
    }

    /// Minibatches of the first epoch that is not finished; before it is drawn, the most that it can have.
    pub fn minibatches(&self) -> usize {
        let submitted = self.submitted_minibatches().next();
        let known = submitted.or(self.current.as_ref().map(|current| current.epoch.len()));
        known.unwrap_or(minibatches_at_most(&self.config, self.config.tokens as usize))
    }

    /// Minibatches of each epoch that is submitted and not finished.
    fn submitted_minibatches(&self) -> impl Iterator<Item = usize> {
        let validation = self.validation.iter().map(|validation| validation.result.grad_norms.len());
        validation.chain(self.ended.iter().map(|ended| ended.minibatches))
    }
}
