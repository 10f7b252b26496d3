//! The engine that trains and predicts: the GPU's ([`crate::gpu`]) or the CPU's ([`crate::cpu`]), behind one interface.
//! [`Devices::choose`] picks the faster [`Device`] by a race, [`profile()`] times each kernel.

mod profile;
mod race;

pub use profile::{profile, time_barriers, time_minibatch};
pub use race::{Devices, Open, Race};

use crate::cpu::{self, Cores};
use crate::error::Result;
use crate::gpu;
use crate::gpu::tile::Tile;
use crate::model::minibatch::Metrics;
use crate::model::pick::{Generated, SamplingParameters};
use crate::model::{Cursor, Hyperparameters, Minibatch, Sizes, StateAt};
use crate::network::{EpochOutput, EpochRequest, Network, Parameters, Setup};

/// What a network can be trained on.
#[derive(Clone)]
pub enum Device {
    Gpu(gpu::Gpu, Tile),
    Cpu(Cores),
}

impl Device {
    /// Its name for people, in any language.
    pub fn name(&self) -> String {
        match self {
            Self::Gpu(gpu, _) => gpu.name.clone(),
            Self::Cpu(cores) if cores.threads() > 1 => {
                format!("CPU ({}) × {}", cores.simd(), cores.threads())
            }
            Self::Cpu(cores) => format!("CPU ({})", cores.simd()),
        }
    }

    /// Its name in a race, where one GPU competes with several tile shapes.
    pub fn variant(&self) -> String {
        match self {
            Self::Gpu(gpu, tile) => format!("{}, {}", gpu.name, tile.name()),
            Self::Cpu(_) => self.name(),
        }
    }

    /// The same kind of device and tile shape, on this GPU.
    pub fn on(&self, gpu: gpu::Gpu) -> Self {
        match self {
            Self::Gpu(_, tile) => Self::Gpu(gpu, *tile),
            Self::Cpu(cores) => Self::Cpu(cores.clone()),
        }
    }

    /// The network with the kernels that the device calls.
    pub fn network(&self, network: Network) -> Network {
        match self {
            Self::Gpu(_, tile) => tile.network(network),
            Self::Cpu(_) => network,
        }
    }

    /// The CPU, with one thread.
    pub fn cpu() -> Self {
        Self::Cpu(Cores::one())
    }

    /// The threads for what the CPU does, whichever device trains.
    pub fn cores(&self) -> Cores {
        match self {
            Self::Cpu(cores) => cores.clone(),
            Self::Gpu(..) => Cores::one(),
        }
    }

    /// A GPU with its default tile shape.
    pub fn gpu(gpu: &gpu::Gpu, sizes: Sizes) -> Self {
        Self::Gpu(gpu.clone(), gpu.tile(sizes))
    }
}

/// Results that an engine has been asked for.
pub enum Results {
    Gpu(gpu::Results),
    /// Made when they are taken.
    Cpu {
        prefix: Vec<u32>,
        length: usize,
    },
}

impl Results {
    /// Whether a GPU has been asked for them.
    pub fn come_from_gpu(&self) -> bool {
        matches!(self, Self::Gpu(_))
    }

    /// Whether they can be taken without waiting.
    pub fn are_ready(&mut self) -> bool {
        match self {
            Self::Gpu(results) => results.are_ready(),
            Self::Cpu { .. } => true,
        }
    }
}

/// A network on a device.
pub enum Engine {
    Gpu(Box<gpu::Engine>),
    Cpu(Box<cpu::Engine>),
}

impl Engine {
    /// Creates a network on a device.
    ///
    /// # Errors
    /// A network that is too large for the device; out of memory.
    pub async fn new(device: &Device, setup: &Setup<'_>) -> Result<Self> {
        Ok(match device {
            Device::Gpu(gpu, tile) => Self::Gpu(Box::new(gpu::Engine::new(gpu, *tile, setup).await?)),
            Device::Cpu(cores) => Self::Cpu(Box::new(cpu::Engine::new(cores, setup)?)),
        })
    }

    /// Sets learning rate and clipping threshold of later minibatches. No minibatch may be in progress.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) {
        match self {
            Self::Gpu(engine) => engine.set_hyperparameters(hyperparameters),
            Self::Cpu(engine) => engine.set_hyperparameters(hyperparameters),
        }
    }

    /// Trains for some tens of milliseconds, at most up to where the cursor is to hold. `minibatch(i)` returns the
    /// tokens of minibatch `i` and its initial state.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn advance(&mut self, run: &mut Cursor, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) -> Result<()> {
        match self {
            Self::Gpu(engine) => engine.advance(run, minibatch).await,
            Self::Cpu(engine) => engine.advance(run, minibatch).await,
        }
    }

    /// Requests the results of a sequence of minibatches that has been submitted. The next sequence can begin at once on a
    /// GPU; results have to be taken before those of the sequence after it are requested, on the CPU before the next
    /// begins.
    ///
    /// # Errors
    /// On the GPU, an empty or too long prefix; a failure of the device.
    pub async fn request_results(&mut self, run: &Cursor, request: EpochRequest<'_>) -> Result<Results> {
        Ok(match self {
            Self::Gpu(engine) => Results::Gpu(engine.request_results(run, request).await?),
            Self::Cpu(_) => Results::Cpu { prefix: request.prefix.to_vec(), length: request.length },
        })
    }

    /// Waits for requested results.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn take_results(&mut self, results: Results) -> Result<EpochOutput> {
        match (self, results) {
            (Self::Gpu(engine), Results::Gpu(results)) => engine.take_results(results).await,
            (Self::Cpu(engine), Results::Cpu { prefix, length }) => {
                let (metrics, parameters) = (engine.finish(), engine.parameters());
                let finite = parameters.numbers.iter().all(|weight| weight.is_finite());
                let sample = if length > 0 { engine.generate(&prefix, length).await? } else { Vec::new() };
                Ok(EpochOutput { metrics, finite, parameters: Some(parameters), kept: 0, sample })
            }
            _ => unreachable!("results of another engine"),
        }
    }

    /// Whether the device keeps the parameters of the last sequences, so that results need not bring them.
    pub fn keeps_parameters(&self) -> bool {
        matches!(self, Self::Gpu(engine) if engine.keeps_parameters())
    }

    /// The parameters that the device keeps from a sequence, by [`EpochOutput::kept`].
    ///
    /// # Errors
    /// A failure of the device.
    ///
    /// # Panics
    /// If it keeps none.
    pub async fn read_kept(&self, kept: usize) -> Result<Parameters> {
        match self {
            Self::Gpu(engine) => engine.read_kept(kept).await,
            Self::Cpu(_) => panic!("the CPU's results bring the parameters"),
        }
    }

    /// How often results were waited for while the device had nothing to do.
    pub fn idle_waits(&self) -> usize {
        match self {
            Self::Gpu(engine) => engine.idle_waits(),
            Self::Cpu(_) => 0,
        }
    }

    /// Waits for a sequence of minibatches and returns loss and gradient norm of each.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish(&mut self, run: &mut Cursor) -> Result<Vec<Metrics>> {
        match self {
            Self::Gpu(engine) => engine.finish(run).await,
            Self::Cpu(engine) => Ok(engine.finish()),
        }
    }

    /// Replaces all parameters. No minibatch may be in progress.
    pub fn write_parameters(&mut self, parameters: &Parameters) {
        match self {
            Self::Gpu(engine) => engine.write_parameters(parameters),
            Self::Cpu(engine) => engine.write_parameters(parameters),
        }
    }

    /// Waits until everything submitted to the device is done, as `torch.cuda.synchronize`.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn synchronize(&mut self) -> Result<()> {
        match self {
            Self::Gpu(engine) => engine.synchronize().await,
            Self::Cpu(_) => Ok(()),
        }
    }

    /// Continues `prefix` (at least one token) by the `length` likeliest tokens. Returns prefix and continuation.
    ///
    /// # Errors
    /// On the GPU, an empty or too long prefix; a failure of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        match self {
            Self::Gpu(engine) => engine.generate(prefix, length).await,
            Self::Cpu(engine) => engine.generate(prefix, length).await,
        }
    }

    /// [`Engine::generate`] with sampled tokens, at most [`LONGEST_ANSWER`](crate::model::pick::LONGEST_ANSWER), and
    /// with the logits `(length + 1, V)` of each and of the one after.
    ///
    /// # Errors
    /// As [`Engine::generate`]; on the GPU, a longer continuation.
    pub async fn generate_scored(
        &mut self,
        prefix: &[u32],
        length: usize,
        parameters: SamplingParameters,
    ) -> Result<Generated> {
        match self {
            Self::Gpu(engine) => engine.generate_scored(prefix, length, parameters).await,
            Self::Cpu(engine) => engine.generate_scored(prefix, length, parameters).await,
        }
    }

    /// All parameters, after everything submitted.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read_parameters(&self) -> Result<Parameters> {
        match self {
            Self::Gpu(engine) => engine.read_parameters().await,
            Self::Cpu(engine) => Ok(engine.parameters()),
        }
    }

    /// A tensor of floats of the last minibatch, unpadded, by the name that the kernels bind.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read(&self, name: &str) -> Result<Vec<f32>> {
        match self {
            Self::Gpu(engine) => engine.read(name).await,
            Self::Cpu(engine) => Ok(engine.tensor(name)),
        }
    }

    /// Sets the state `(B, …)` of the carried tensor `name` that enters the next minibatch.
    pub fn write_carried(&mut self, name: &str, state: &[f32]) {
        match self {
            Self::Gpu(engine) => engine.write_carried(name, state),
            Self::Cpu(engine) => engine.write_carried(name, state),
        }
    }

    /// Runs all calls of one kernel of the training step `times` times, to measure it.
    ///
    /// # Errors
    /// A failure of the device.
    async fn repeat_kernel(&mut self, kernel: &str, times: usize) -> Result<f64> {
        match self {
            Self::Gpu(engine) => engine.repeat_kernel(kernel, times).await,
            Self::Cpu(engine) => engine.repeat_kernel(kernel, times),
        }
    }

    /// Dispatches of a kernel in a training step; on the CPU, calls of its function.
    fn dispatches(&self, kernel: &str) -> usize {
        match self {
            Self::Gpu(engine) => engine.dispatches(kernel),
            Self::Cpu(engine) => engine.kernel_calls(kernel),
        }
    }

    /// Does the host's part of a minibatch: packing tokens and recording commands, which are dropped.
    fn record(&mut self, minibatch: &Minibatch) {
        match self {
            Self::Gpu(engine) => engine.record(minibatch),
            Self::Cpu(engine) => _ = engine.begin(minibatch, StateAt::Zero, false),
        }
    }

    /// Bytes of all its tensors, on the GPU or in memory.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Gpu(engine) => engine.bytes(),
            Self::Cpu(engine) => engine.bytes(),
        }
    }
}
