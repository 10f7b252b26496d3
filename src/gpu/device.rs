//! The GPU device and its queue: opening, compiling, submitting, waiting, reading back.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use futures_channel::oneshot;

use super::pipelines::{Compiled, Pipelines};
use super::platform::{self, Submission};
use super::tile::Tile;
use super::wgsl;
use crate::error::{Error, Result};
use crate::model::Sizes;
use crate::network::{Library, Network};

/// A device and its queue.
#[derive(Clone)]
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// The device's name for people.
    pub name: String,
    /// Whether it is a software adapter: a CPU that emulates a GPU.
    pub software: bool,
    /// Whether WGSL's quad operations are available and a quad is four threads with successive local indices.
    pub quads: bool,
    failure: Arc<Mutex<Option<String>>>,
    pipelines: Rc<RefCell<Pipelines>>,
}

impl Gpu {
    /// Opens the system's most powerful adapter with WebGPU's default limits.
    ///
    /// # Errors
    /// [`Error::NoWebGpu`], [`Error::NoAdapter`], or [`Error::NoDevice`] if the adapter refuses one.
    pub async fn open() -> Result<Self> {
        platform::find_adapter().await?;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|_| Error::NoAdapter)?;
        let required_features = adapter.features() & wgpu::Features::SUBGROUP;
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor { required_features, ..Default::default() })
            .await
            .map_err(|error| Error::NoDevice(error.to_string()))?;
        let failure = Arc::new(Mutex::new(None));
        let (on_error, on_loss) = (failure.clone(), failure.clone());
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| keep_first(&on_error, error.to_string())));
        device.set_device_lost_callback(move |reason, message| {
            keep_first(&on_loss, format!("the device was lost ({reason:?}: {message})"));
        });
        let info = adapter.get_info();
        let name = platform::name(&device, &info);
        let software = info.device_type == wgpu::DeviceType::Cpu || name.to_ascii_lowercase().contains("swiftshader");
        // WGSL leaves open which threads form a quad; on software adapters they have successive indices.
        let quads = software && platform::has_subgroups(&device);
        Ok(Self { device, queue, name, software, quads, failure, pipelines: Rc::default() })
    }

    /// The default tile shape for this kind of device and these sizes.
    pub fn tile(&self, sizes: Sizes) -> Tile {
        Tile::choose(self.software, self.quads, sizes)
    }

    /// The tile shapes that the device supports.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> + use<> {
        let quads = self.quads;
        Tile::ALL.into_iter().filter(move |tile| quads || !tile.quads)
    }

    /// The pipelines of a network's kernels for a tile shape, in the order of [`Tile::network`]'s kernels, compiled on
    /// first use.
    pub(super) fn kernels(&self, network: &Network, library: Library, tile: Tile) -> Vec<Compiled> {
        let mut pipelines = self.pipelines.borrow_mut();
        let kernels = tile.network(*network).kernels().into_iter();
        let kernels = kernels.map(|stage| stage.kernel);
        let gates = network.gates();
        kernels.map(|k| pipelines.get(&self.device, k, gates, tile, || wgsl::module(library, k, tile, gates))).collect()
    }

    /// Whether a network's kernels are compiled for a tile shape.
    pub fn has_compiled(&self, network: &Network, tile: Tile) -> bool {
        let pipelines = self.pipelines.borrow();
        tile.network(*network).kernels().into_iter().all(|stage| pipelines.has(stage.kernel, network.gates(), tile))
    }

    /// Precompiles a network's kernels for one more of the likely tile shapes, the default first; returns false if they are
    /// compiled. On a GPU those with many threads are likely; on a software adapter the default alone, since compiling
    /// takes the processor's time.
    ///
    /// # Errors
    /// A kernel that the device does not compile; out of memory.
    pub async fn precompile_next(&self, network: &Network, library: Library) -> Result<bool> {
        let first = self.tile(network.sizes);
        let likely = |tile: &Tile| !self.software && tile.split > 1;
        let tiles = std::iter::once(first).chain(self.tiles().filter(likely));
        let Some(tile) = tiles.into_iter().find(|tile| !self.has_compiled(network, *tile)) else { return Ok(false) };
        self.checked(|| drop(self.kernels(network, library, tile))).await?;
        Ok(true)
    }

    /// Checks for failures since the device was opened that no call has returned.
    ///
    /// # Errors
    /// [`Error::Gpu`] with the first uncaptured error, or the device's loss.
    pub fn check(&self) -> Result<()> {
        let failure = self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        failure.clone().map_or(Ok(()), |message| Err(Error::Gpu(message)))
    }

    /// The device's first failure, which usually causes `symptom`; otherwise `symptom` itself.
    fn failure(&self, symptom: String) -> Error {
        _ = platform::run_callbacks(&self.device); // a loss may not have been reported yet
        self.check().err().unwrap_or(Error::Gpu(symptom))
    }

    /// Runs `make`, which creates objects on the device, inside error scopes.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], or [`Error::Gpu`] with a validation error.
    pub async fn checked<T>(&self, make: impl FnOnce() -> T) -> Result<T> {
        let scopes = platform::ErrorScopes::open(&self.device);
        let made = make();
        scopes.close().await?;
        Ok(made)
    }

    pub fn submit(&self, commands: wgpu::CommandBuffer) -> Submission {
        Submission::new(&self.queue, commands)
    }

    /// Waits for a submission.
    ///
    /// # Errors
    /// A failure of the device; see [`Gpu::check`].
    pub async fn wait(&self, submission: Submission) -> Result<()> {
        self.done(submission).await?;
        self.check()
    }

    /// Waits for a submission. If that fails, the device's first failure is the reason.
    async fn done(&self, submission: Submission) -> Result<()> {
        submission.done(&self.device).await.map_err(|error| match error {
            Error::Gpu(symptom) => self.failure(symptom),
            error => error,
        })
    }

    /// Submits commands that fill a `MAP_READ` buffer, and requests its first `bytes`.
    pub fn read_back(&self, commands: wgpu::CommandBuffer, buffer: &wgpu::Buffer, bytes: u64) -> ReadBack {
        let submission = self.submit(commands);
        let (send, mapped) = oneshot::channel();
        buffer.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| _ = send.send(result));
        ReadBack {
            gpu: self.clone(),
            buffer: buffer.clone(),
            bytes,
            submission: Some(submission),
            mapped,
            outcome: None,
        }
    }
}

/// A read-back under way. Dropped, it leaves its buffer free for another.
pub struct ReadBack {
    gpu: Gpu,
    buffer: wgpu::Buffer,
    bytes: u64,
    submission: Option<Submission>,
    mapped: oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>,
    outcome: Option<Result<(), wgpu::BufferAsyncError>>,
}

impl ReadBack {
    /// Whether the numbers can be read without waiting.
    pub fn is_ready(&mut self) -> bool {
        platform::poll(&self.gpu.device);
        if self.outcome.is_none() {
            self.outcome = self.mapped.try_recv().ok().flatten();
        }
        self.outcome.is_some()
    }

    /// Waits for the numbers.
    ///
    /// # Errors
    /// The buffer can't be mapped, as after the device's loss.
    pub async fn numbers<T: bytemuck::Pod>(mut self) -> Result<Vec<T>> {
        if let Some(submission) = self.submission.take().filter(|_| self.outcome.is_none()) {
            self.gpu.done(submission).await?;
        }
        let outcome = match self.outcome.take() {
            Some(outcome) => Ok(outcome),
            None => (&mut self.mapped).await,
        };
        let failure = |symptom: String| self.gpu.failure(symptom);
        outcome
            .map_err(|_| failure("the device dropped a read-back".to_owned()))?
            .map_err(|error| failure(error.to_string()))?;
        let view = self.buffer.slice(..self.bytes).get_mapped_range().map_err(|error| failure(error.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&view[..]))
    }
}

impl Drop for ReadBack {
    fn drop(&mut self) {
        self.buffer.unmap();
    }
}

/// Records the first failure only: later ones usually follow from it.
fn keep_first(failure: &Mutex<Option<String>>, message: String) {
    failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(message);
}
