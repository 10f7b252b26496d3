//! Where the time of a training step goes: each kernel alone, again and again, and what lies beside them.

use web_time::Instant;

use super::{Device, Engine};
use crate::error::Result;
use crate::kernels::LIBRARY;
use crate::model::Minibatch;
use crate::model::minibatch::Metrics;
use crate::model::profile::{KernelTime, Profile};
use crate::model::{Cursor, Hyperparameters, StateAt};
use crate::network::work::Work;
use crate::network::{Kernel, Network, Parameters, Setup};

/// Seconds for which a kernel is repeated. Beside so much, what a browser rounds its clock to and what a submission
/// costs by itself are below one per cent; timestamps on the device would say no more.
const ENOUGH: f64 = 0.05;

/// Small, so that the network stays the same while it is measured.
const RATES: Hyperparameters = Hyperparameters { learning_rate: 1e-6, clip: 1.0 };

/// The most minibatches that are trained on for one time.
pub(super) const MOST: usize = 64;

/// A network that trains on every token in turn.
pub(super) struct Measured {
    engine: Engine,
    network: Network,
    minibatch: Minibatch,
}

impl Measured {
    pub async fn new(device: &Device, network: Network) -> Result<Self> {
        let parameters = &Parameters::init(network, 0);
        let setup = Setup { network, library: LIBRARY, minibatches: MOST, hyperparameters: RATES, parameters };
        let engine = Engine::new(device, &setup).await?;
        Ok(Self { engine, network, minibatch: Minibatch::of_every_token(network.sizes) })
    }

    /// Seconds of so many complete minibatches, at most [`MOST`].
    pub async fn train(&mut self, minibatches: usize) -> Result<f64> {
        let start = Instant::now();
        let mut run = self.submit(minibatches).await?;
        self.engine.finish(&mut run).await?;
        Ok(seconds_since(start))
    }

    async fn submit(&mut self, minibatches: usize) -> Result<Cursor> {
        let mut run = Cursor::new(minibatches);
        while !run.is_submitted() {
            self.engine.advance(&mut run, |_| (self.minibatch.clone(), StateAt::Zero)).await?;
        }
        Ok(run)
    }

    /// What the end of an epoch of so many minibatches reads, and the seconds of that alone.
    async fn read_back(&mut self, minibatches: usize) -> Result<(f64, Vec<Metrics>, Parameters)> {
        let mut run = self.submit(minibatches).await?;
        self.engine.settle().await?;
        let start = Instant::now();
        let (metrics, parameters) = self.engine.finish_with_parameters(&mut run).await?;
        Ok((seconds_since(start), metrics, parameters))
    }

    /// One kernel of the step.
    async fn kernel(&mut self, kernel: &Kernel) -> Result<KernelTime> {
        let name = kernel.name;
        let seconds = repeated(async |times| self.engine.repeat(name, times).await).await?;
        let Work { flops, bytes } = (kernel.work)(&self.network.counts());
        Ok(KernelTime { name: name.to_owned(), dispatches: self.engine.dispatches(name) as u32, seconds, flops, bytes })
    }
}

/// Measures a training step of a network: a few seconds, more where it is long.
///
/// # Errors
/// A network that is too large for the device; a failure of the device.
pub async fn profile(device: &Device, network: Network) -> Result<Profile> {
    let mut measured = Measured::new(device, network).await?;
    measured.train(1).await?;
    let mut kernels = Vec::new();
    for stage in network.training() {
        kernels.push(measured.kernel(stage.kernel).await?);
    }
    let first = measured.train(1).await?;
    let minibatches = ((4.0 * ENOUGH / first) as usize).clamp(1, MOST);
    let minibatch = measured.train(minibatches).await? / minibatches as f64;
    let (read_back, ..) = measured.read_back(minibatches).await?;
    // The last, for a browser hands on what was recorded and may work at it for a while.
    let recording = repeated(async |times| {
        (0..times).for_each(|_| measured.engine.record(&measured.minibatch));
        Ok(())
    });
    let recording = recording.await?;
    Ok(Profile {
        device: device.variant(),
        bytes: measured.engine.bytes(),
        kernels,
        tokens: network.sizes.positions() as u32,
        minibatch,
        recording,
        read_back,
    })
}

/// Seconds of one time, of as many as it takes to measure it.
async fn repeated(mut run: impl AsyncFnMut(usize) -> Result<()>) -> Result<f64> {
    let mut times = 1;
    loop {
        let start = Instant::now();
        run(times).await?;
        let seconds = seconds_since(start);
        if seconds >= ENOUGH {
            return Ok(seconds / times as f64);
        }
        times *= ((1.2 * ENOUGH / seconds) as usize).clamp(2, 20);
    }
}

fn seconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64().max(1e-6)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::gpu::Gpu;
    use crate::kernels;
    use crate::model::Sizes;

    #[test]
    fn what_an_epoch_reads_back_is_read_back() {
        let network = kernels::network(Sizes { batch: 4, steps: 3, hidden: 16, vocabulary: 9 });
        pollster::block_on(async {
            let gpu = Gpu::open().await.unwrap_or_else(|error| panic!("{error}"));
            for device in [Device::gpu(&gpu, network.sizes), Device::Cpu] {
                let mut measured = Measured::new(&device, network).await.unwrap();
                let (seconds, metrics, parameters) = measured.read_back(3).await.unwrap();
                assert!(seconds > 0.0 && metrics.len() == 3, "{}: {metrics:?}", device.name());
                assert!(metrics.iter().all(|m| m.loss > 0.0 && m.grad_norm > 0.0), "{}: {metrics:?}", device.name());
                assert_eq!(parameters, measured.engine.read_parameters().await.unwrap(), "{}", device.name());
            }
        });
    }
}
