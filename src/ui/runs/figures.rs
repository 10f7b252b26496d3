//! The figures of the shown run: progress and speed.

use crate::protocol::{EpochReport, FinalReport, Progress};

/// The figures; `None` or 0 until they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Bytes of the run's buffers, on the GPU or in memory.
    pub bytes: Option<u64>,
    /// Finished epochs.
    pub epoch: u32,
    /// Finished minibatches of the current epoch.
    pub minibatch: u32,
    pub perplexity: Option<f64>,
    pub tokens_per_second: Option<f64>,
    pub seconds_left: Option<f64>,
}

impl Figures {
    /// The finished fraction, from 0 to 1, of a run of `epochs` with `minibatches` each.
    pub fn done(&self, epochs: u32, minibatches: u32) -> f64 {
        if epochs == 0 {
            return 0.0;
        }
        let within = f64::from(self.minibatch) / f64::from(minibatches.max(1));
        ((f64::from(self.epoch) + within.min(1.0)) / f64::from(epochs)).min(1.0)
    }

    pub fn set_progress(&mut self, progress: Progress) {
        (self.epoch, self.minibatch) = (progress.epoch, progress.minibatch);
        // Unknown until there is a speed.
        let left = Some(progress.seconds_left).filter(|_| progress.tokens_per_second > 0.0);
        self.set_speed(progress.tokens_per_second, left);
    }

    pub fn finish_epoch(&mut self, report: &EpochReport) {
        (self.epoch, self.minibatch) = (report.epoch, 0);
        self.perplexity = Some(report.perplexity);
        self.set_speed(report.tokens_per_second, None);
    }

    pub fn finish(&mut self, report: &FinalReport) {
        (self.epoch, self.minibatch) = (report.epochs, 0);
        self.perplexity = Some(report.perplexity);
        self.seconds_left = None;
        self.tokens_per_second = Some(report.tokens_per_second);
    }

    fn set_speed(&mut self, tokens_per_second: f64, seconds_left: Option<f64>) {
        self.tokens_per_second = Some(tokens_per_second).filter(|x| x.is_finite() && *x > 0.0);
        self.seconds_left = seconds_left.or(self.seconds_left).filter(|x| x.is_finite());
    }
}
