//! Where the time of a training step goes: each kernel timed in isolation, a whole minibatch, recording, read-back.

use web_time::Instant;

use super::{Device, Engine};
use crate::cpu::Cores;
use crate::error::Result;
use crate::kernels::LIBRARY;
use crate::model::Minibatch;
use crate::model::minibatch::Metrics;
use crate::model::profile::{KernelTime, Profile};
use crate::model::{Cursor, Hyperparameters, StateAt};
use crate::network::work::Work;
use crate::network::{EpochRequest, Kernel, Network, Parameters, Setup};

/// Shortest measurement, in seconds: long enough that a browser's rounded clock and the cost of a submission are below
/// one per cent, so that GPU timestamps are not needed.
const MIN_SECONDS: f64 = 0.05;

/// A small learning rate, so that the parameters hardly change while the network is measured.
const HYPERPARAMETERS: Hyperparameters = Hyperparameters { learning_rate: 1e-6, clip: 1.0 };

/// The most minibatches in one measurement.
pub(super) const MAX_MINIBATCHES: usize = 512;

/// A network to be measured, with random parameters and a minibatch of every token in turn.
pub(super) struct Measured {
    engine: Engine,
    network: Network,
    minibatch: Minibatch,
}

impl Measured {
    pub async fn new(device: &Device, network: Network) -> Result<Self> {
        let parameters = &Parameters::init(network, 0);
        let setup = Setup {
            network,
            library: LIBRARY,
            minibatches: MAX_MINIBATCHES,
            hyperparameters: HYPERPARAMETERS,
            parameters,
        };
        let engine = Engine::new(device, &setup).await?;
        Ok(Self { engine, network, minibatch: Minibatch::of_every_token(network.sizes) })
    }

    /// Seconds of `minibatches` training steps, at most [`MAX_MINIBATCHES`].
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

    /// Seconds of the read-back after `minibatches` training steps, without these, and what it reads.
    async fn read_back(&mut self, minibatches: usize) -> Result<(f64, Vec<Metrics>, Parameters)> {
        let run = self.submit(minibatches).await?;
        self.engine.synchronize().await?;
        let request = EpochRequest { parameters: true, ..EpochRequest::default() };
        let start = Instant::now();
        let results = self.engine.request_results(&run, request).await?;
        let output = self.engine.take_results(results).await?;
        Ok((seconds_since(start), output.metrics, output.parameters.expect("they were asked for")))
    }

    /// Seconds of a training step among successive ones, after one has been trained, and how many there were.
    async fn minibatch(&mut self) -> Result<(usize, f64)> {
        let first = self.train(1).await?;
        let minibatches = ((4.0 * MIN_SECONDS / first) as usize).clamp(1, MAX_MINIBATCHES);
        Ok((minibatches, self.train(minibatches).await? / minibatches as f64))
    }

    /// Times one kernel of the training step in all layers that have it.
    async fn kernel(&mut self, kernel: &Kernel, layers: u64) -> Result<KernelTime> {
        let name = kernel.name;
        let seconds = timeit(async |times| self.engine.repeat_kernel(name, times).await).await?;
        let Work { flops, bytes } = (kernel.work)(&self.network.counts()).times(layers);
        Ok(KernelTime { name: name.to_owned(), dispatches: self.engine.dispatches(name) as u32, seconds, flops, bytes })
    }
}

/// Seconds of a training step of a network.
///
/// # Errors
/// As [`profile`].
pub async fn time_minibatch(device: &Device, network: Network) -> Result<f64> {
    let mut measured = Measured::new(device, network).await?;
    measured.train(1).await?;
    Ok(measured.minibatch().await?.1)
}

/// Barriers of a training step on these threads of the CPU, and the seconds that each takes if no thread is late.
///
/// # Errors
/// A network that is too large; a thread that is lost.
pub async fn time_barriers(cores: &Cores, network: Network) -> Result<(usize, f64)> {
    let Engine::Cpu(engine) = Measured::new(&Device::Cpu(cores.clone()), network).await?.engine else {
        unreachable!("an engine for the CPU")
    };
    let barriers = engine.barriers();
    let seconds = timeit(async |times| cores.time_barriers(times * barriers.max(1))).await?;
    Ok((barriers, seconds / barriers.max(1) as f64))
}

/// Measures a training step of a network. Takes a few seconds, or more if the step is long.
///
/// # Errors
/// A network that is too large for the device; a failure of the device.
pub async fn profile(device: &Device, network: Network) -> Result<Profile> {
    let mut measured = Measured::new(device, network).await?;
    measured.train(1).await?;
    let mut kernels = Vec::new();
    let stages = device.network(network).training();
    for (i, stage) in stages.iter().enumerate() {
        let layers = stages.iter().filter(|other| other.kernel.name == stage.kernel.name).count() as u64;
        if stages[..i].iter().all(|other| other.kernel.name != stage.kernel.name) {
            kernels.push(measured.kernel(stage.kernel, layers).await?);
        }
    }
    let (minibatches, minibatch) = measured.minibatch().await?;
    let (read_back, ..) = measured.read_back(minibatches).await?;
    // Last, because a browser processes recorded commands in the background for a while.
    let recording = timeit(async |times| {
        let start = Instant::now();
        (0..times).for_each(|_| measured.engine.record(&measured.minibatch));
        Ok(seconds_since(start))
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

/// Seconds per call. `run(times)` makes `times` calls and returns their seconds; it is called with more and more until
/// they take [`MIN_SECONDS`].
async fn timeit(mut run: impl AsyncFnMut(usize) -> Result<f64>) -> Result<f64> {
    let mut times = 1;
    loop {
        let seconds = run(times).await?.max(1e-6);
        if seconds >= MIN_SECONDS {
            return Ok(seconds / times as f64);
        }
        times *= ((1.2 * MIN_SECONDS / seconds) as usize).clamp(2, 20);
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
    fn the_read_back_returns_metrics_and_parameters() {
        let network = kernels::network(Sizes { batch: 4, steps: 3, hidden: 16, vocabulary: 9 });
        pollster::block_on(async {
            let gpu = Gpu::open().await.unwrap_or_else(|error| panic!("{error}"));
            for device in [Device::gpu(&gpu, network.sizes), Device::cpu()] {
                let mut measured = Measured::new(&device, network).await.unwrap();
                let (seconds, metrics, parameters) = measured.read_back(3).await.unwrap();
                assert!(seconds > 0.0 && metrics.len() == 3, "{}: {metrics:?}", device.name());
                assert!(metrics.iter().all(|m| m.loss > 0.0 && m.grad_norm > 0.0), "{}: {metrics:?}", device.name());
                assert_eq!(parameters, measured.engine.read_parameters().await.unwrap(), "{}", device.name());
            }
        });
    }
}
