//! What trains: the GPU's engine or the CPU's, behind one set of calls.

mod profile;
mod race;

pub use profile::profile;
pub use race::{Devices, Open, Race};

use crate::error::Result;
use crate::gpu::tile::Tile;
use crate::model::minibatch::Metrics;
use crate::model::pick::{Generated, SamplingParameters};
use crate::model::{Cursor, Hyperparameters, StateAt};
use crate::model::{Minibatch, Sizes};
use crate::network::{Parameters, Setup};
use crate::{cpu, gpu};

/// What a network can be trained on.
#[derive(Clone)]
pub enum Device {
    Gpu(gpu::Gpu, Tile),
    Cpu,
}

impl Device {
    /// As people are told, in any language.
    pub fn name(&self) -> String {
        match self {
            Self::Gpu(gpu, _) => gpu.name.clone(),
            Self::Cpu => format!("CPU ({})", dense::name()),
        }
    }

    /// Its name in a race, where one GPU takes part with several tile shapes.
    pub fn variant(&self) -> String {
        match self {
            Self::Gpu(gpu, tile) => format!("{}, {}", gpu.name, tile.name()),
            Self::Cpu => self.name(),
        }
    }

    /// The same on another GPU.
    pub fn on(&self, gpu: gpu::Gpu) -> Self {
        match self {
            Self::Gpu(_, tile) => Self::Gpu(gpu, *tile),
            Self::Cpu => Self::Cpu,
        }
    }

    /// A GPU with the tile shape that suits its kind.
    pub fn gpu(gpu: &gpu::Gpu, sizes: Sizes) -> Self {
        Self::Gpu(gpu.clone(), gpu.tile(sizes.batch))
    }
}

/// A network on a device.
pub enum Engine {
    Gpu(Box<gpu::Engine>),
    Cpu(Box<cpu::Engine>),
}

impl Engine {
    /// Puts a network on a device.
    ///
    /// # Errors
    /// A network that is too large for the device; out of memory.
    pub async fn new(device: &Device, setup: &Setup<'_>) -> Result<Self> {
        Ok(match device {
            Device::Gpu(gpu, tile) => Self::Gpu(Box::new(gpu::Engine::new(gpu, *tile, setup).await?)),
            Device::Cpu => Self::Cpu(Box::new(cpu::Engine::new(setup)?)),
        })
    }

    /// Sets the rates of the minibatches that begin from now on. No minibatch may be under way.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) {
        match self {
            Self::Gpu(engine) => engine.set_hyperparameters(hyperparameters),
            Self::Cpu(engine) => engine.set_hyperparameters(hyperparameters),
        }
    }

    /// Goes on with a run for some tens of milliseconds, up to where it is to hold. `minibatch` gives the tokens of a
    /// minibatch and the state that enters it.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn advance(&mut self, run: &mut Cursor, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) -> Result<()> {
        match self {
            Self::Gpu(engine) => engine.advance(run, minibatch).await,
            Self::Cpu(engine) => {
                engine.advance(run, minibatch).await;
                Ok(())
            }
        }
    }

    /// Waits until a run is finished and gives loss and gradient norm of each of its minibatches.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish(&mut self, run: &mut Cursor) -> Result<Vec<Metrics>> {
        match self {
            Self::Gpu(engine) => engine.finish(run).await,
            Self::Cpu(engine) => Ok(engine.finish()),
        }
    }

    /// [`Engine::finish`], and the parameters that the run ended with: in the same read-back.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish_with_parameters(&mut self, run: &mut Cursor) -> Result<(Vec<Metrics>, Parameters)> {
        match self {
            Self::Gpu(engine) => engine.finish_with_parameters(run).await,
            Self::Cpu(engine) => Ok((engine.finish(), engine.parameters().clone())),
        }
    }

    /// Replaces all parameters. Nothing may be under way.
    pub fn write_parameters(&mut self, parameters: &Parameters) {
        match self {
            Self::Gpu(engine) => engine.write_parameters(parameters),
            Self::Cpu(engine) => engine.write_parameters(parameters),
        }
    }

    /// Waits until all that was handed to the device is done.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn settle(&mut self) -> Result<()> {
        match self {
            Self::Gpu(engine) => engine.settle().await,
            Self::Cpu(_) => Ok(()),
        }
    }

    /// `prefix` (at least one token) and the `length` tokens that the network continues it with.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Result<Vec<u32>> {
        match self {
            Self::Gpu(engine) => engine.generate(prefix, length).await,
            Self::Cpu(engine) => Ok(engine.generate(prefix, length).await),
        }
    }

    /// [`Engine::generate`] with sampled tokens, at most [`LONGEST_ANSWER`](crate::model::pick::LONGEST_ANSWER), and
    /// with the logits of each.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn generate_scored(
        &mut self,
        prefix: &[u32],
        length: usize,
        parameters: SamplingParameters,
    ) -> Result<Generated> {
        match self {
            Self::Gpu(engine) => engine.generate_scored(prefix, length, parameters).await,
            Self::Cpu(engine) => Ok(engine.generate_scored(prefix, length, parameters).await),
        }
    }

    /// All parameters, as they are once everything handed to the device is done.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read_parameters(&self) -> Result<Parameters> {
        match self {
            Self::Gpu(engine) => engine.read_parameters().await,
            Self::Cpu(engine) => Ok(engine.parameters().clone()),
        }
    }

    /// A tensor of the last minibatch in its true shape, by the name that the kernels give it.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read(&self, name: &str) -> Result<Vec<f32>> {
        match self {
            Self::Gpu(engine) => engine.read(name).await,
            Self::Cpu(engine) => Ok(engine.tensor(name).to_vec()),
        }
    }

    /// What the next minibatch carries on, of a tensor that flows: `(B, …)`.
    pub fn write_carried(&mut self, name: &str, state: &[f32]) {
        match self {
            Self::Gpu(engine) => engine.write_carried(name, state),
            Self::Cpu(engine) => engine.write_carried(name, state),
        }
    }

    /// Runs one kernel of the training step, all its dispatches, so many times; to measure it.
    ///
    /// # Errors
    /// A failure of the device.
    async fn repeat(&mut self, kernel: &str, times: usize) -> Result<()> {
        match self {
            Self::Gpu(engine) => engine.repeat(kernel, times).await,
            Self::Cpu(engine) => {
                engine.repeat(kernel, times);
                Ok(())
            }
        }
    }

    /// Dispatches of a kernel in a minibatch; on the CPU, calls of its function.
    fn dispatches(&self, kernel: &str) -> usize {
        match self {
            Self::Gpu(engine) => engine.dispatches(kernel),
            Self::Cpu(engine) => engine.calls(kernel),
        }
    }

    /// Does what a minibatch asks for beside the device's own work, and has nothing done.
    fn record(&mut self, minibatch: &Minibatch) {
        match self {
            Self::Gpu(engine) => engine.record(minibatch),
            Self::Cpu(engine) => engine.begin(minibatch, StateAt::Zero, false),
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
