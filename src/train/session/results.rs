//! Takes the results of epochs.

use rand_xoshiro::Xoshiro256PlusPlus;

use super::epoch::{EndedEpoch, EpochResult, Validation};
use super::{Session, Unsaved};
use crate::cpu::HeldOut;
use crate::error::{Error, Result};
use crate::kernels;
use crate::model::config::Sampling;
use crate::model::divergence::{self, Divergence};
use crate::model::minibatch::Metrics;
use crate::network::{EpochOutput, Parameters};

impl Session {
    /// Waits for the results of the first epoch that was submitted and whose results have not come, if any.
    ///
    /// # Errors
    /// As [`Session::advance`].
    pub async fn take_ended(&mut self) -> Result<Option<EpochResult>> {
        if self.ended.is_empty() {
            return Ok(None);
        }
        let EndedEpoch { results, rng, since, prefix, .. } = self.ended.remove(0);
        // The CPU has trained already, and only samples now.
        if results.come_from_gpu() {
            self.clock.start();
        }
        let output = self.engine.take_results(results).await;
        self.clock.stop();
        let EpochOutput { metrics, finite, parameters, kept, sample } = output?;
        let seconds = self.clock.seconds() - since.max(std::mem::replace(&mut self.taken, self.clock.seconds()));
        let mut result = self.epoch_result(&metrics, finite, seconds)?;
        result.sample = (!sample.is_empty()).then(|| self.read_sample(&prefix, &sample));
        let parameters = match parameters {
            Some(parameters) if self.config.validation > 0 => {
                let (held_out, steps) = (self.config.validation as usize, self.config.steps as usize);
                let cores = &self.cores;
                let held_out = match self.config.sampling {
                    Sampling::Windows => HeldOut::of_windows(cores, parameters, kernels::LIBRARY, held_out, steps),
                    _ => HeldOut::new(cores, parameters, kernels::LIBRARY, held_out),
                };
                self.validation = Some(Validation { result, rng, held_out: held_out? });
                return Ok(None);
            }
            parameters => parameters.ok_or(kept),
        };
        Ok(Some(self.finish_epoch(result, rng, parameters)))
    }

    /// Reads held-out tokens for some tens of milliseconds, which do not count as training; returns the results of the
    /// epoch when all are read.
    ///
    /// # Errors
    /// A thread that is lost.
    pub(super) async fn validate(&mut self) -> Result<Option<EpochResult>> {
        let count = self.config.validation as usize;
        let first = match self.config.sampling {
            Sampling::Windows => self.config.tokens as usize,
            _ => self.corpus.tokens.len() - count,
        };
        let tokens = &self.corpus.tokens[first - 1..first + count];
        let Some(validation) = &mut self.validation else { return Ok(None) };
        let Some(loss) = validation.held_out.advance(tokens).await? else { return Ok(None) };
        let Some(Validation { mut result, rng, held_out }) = self.validation.take() else { return Ok(None) };
        result.validation = Some(loss.exp().min(f32::MAX.into()));
        Ok(Some(self.finish_epoch(result, rng, Ok(held_out.into_parameters()))))
    }

    /// The results of the epoch after the finished ones; [`Error::Diverged`] if one is not finite.
    fn epoch_result(&self, metrics: &[Metrics], finite: bool, seconds: f64) -> Result<EpochResult> {
        let loss = metrics.iter().map(|m| f64::from(m.loss)).sum::<f64>() / metrics.len() as f64;
        let perplexity = loss.exp();
        if let Some((quantity, m)) = divergence::find(metrics, finite, perplexity) {
            let proposal = divergence::propose(self.schedule.at((self.epoch, m)));
            return Err(Error::Diverged(Divergence { quantity, epoch: self.epoch, minibatch: m as u32, proposal }));
        }
        let tokens = metrics.len() as u64 * self.tokens_per_minibatch();
        Ok(EpochResult {
            epoch: self.epoch + 1,
            loss,
            perplexity,
            grad_norms: metrics.iter().map(|m| m.grad_norm).collect(),
            tokens_per_second: tokens as f64 / seconds.max(1e-9),
            validation: None,
            sample: None,
        })
    }

    /// `rng`: as it was after the epoch's windows were drawn. `parameters`: those after it, or where the device keeps
    /// them.
    fn finish_epoch(
        &mut self,
        result: EpochResult,
        rng: Xoshiro256PlusPlus,
        parameters: std::result::Result<Parameters, usize>,
    ) -> EpochResult {
        self.epoch = result.epoch;
        self.told = self.told.max(self.epoch);
        self.tokens_done += result.grad_norms.len() as u64 * self.tokens_per_minibatch();
        match parameters {
            Ok(parameters) => self.save(rng, parameters),
            Err(kept) => self.unsaved = Some(Unsaved { rng, kept }),
        }
        result
    }
}
