//! A network on the GPU: buffers, bind groups, and training on minibatches.
//!
//! [`Engine::advance`] copies a minibatch's tokens and its initial state into the kernels' buffers, dispatches the
//! training step and keeps the last state and the metrics on the GPU; `results.rs` reads the metrics back.

use std::collections::BTreeMap;

use super::device::Gpu;
use super::fit;
use super::layout::{Buffer, Layout, Tensor};
use super::pacing::Pacing;
use super::pipelines::{Compiled, compile};
use super::step::{Dispatch, Steps};
use super::tile::Tile;
use super::wgsl::Dims;
use crate::error::Result;
use crate::model::minibatch::by_time;
use crate::model::{Cursor, Hyperparameters, Minibatch, StateAt};
use crate::network::plan::Stage;
use crate::network::{Kernel, Network, Parameters, Setup};

/// The most minibatches in one submission.
const MAX_UPLOADS: u64 = 64;

/// Sequences after whose end the parameters are kept on the device: of two results may be awaited, and the one before
/// them is the last good one.
pub(super) const KEPT: usize = 3;

/// The most bytes of parameters that are kept. Where there are more, an epoch takes so long that they can be read.
const KEPT_BYTES: u64 = 16 << 20;

/// The most bytes of tokens in one submission, unless a single minibatch has more.
const MAX_UPLOADED_BYTES: u64 = 4 << 20;

/// A network on a device. All buffers, pipelines and bind groups are created once, by [`Engine::new`].
pub struct Engine {
    pub(super) gpu: Gpu,
    pub(super) layout: Layout,
    pub(super) steps: Steps,
    /// In the order of [`Network::kernels`]; each layer binds tensors of its own.
    kernels: Vec<(Compiled, wgpu::BindGroup)>,
    pub(super) buffers: BTreeMap<Buffer, wgpu::Buffer>,
    uniforms: wgpu::Buffer,
    /// Tokens of the minibatches of one submission; each is copied to the minibatch buffer when it begins.
    pub(super) uploads: wgpu::Buffer,
    /// For each carried tensor, the slot that goes from one minibatch to the next.
    carried: Vec<(Tensor, wgpu::Buffer)>,
    /// `metrics` of each minibatch of the current sequence, 16 bytes each.
    pub(super) history: wgpu::Buffer,
    /// For answers.
    pub(super) readback: wgpu::Buffer,
    /// Copies of the parameters at the end of the last sequences; none if they are large.
    pub(super) kept: Vec<wgpu::Buffer>,
    /// For the results of an epoch; one is filled while the other is read.
    pub(super) results: [wgpu::Buffer; 2],
    pub(super) pacing: Pacing,
    /// The number of submissions that train or copy results.
    pub(super) submissions: u64,
    /// The number of sequences whose results were requested.
    pub(super) sequences: usize,
    /// How often results were waited for while the device had nothing to do.
    pub(super) idle_waits: usize,
}

impl Engine {
    /// Creates a network on a device, with kernels for a tile shape.
    ///
    /// # Errors
    /// [`Error::TooLarge`](crate::Error::TooLarge) if it exceeds the device's limits; out of memory.
    pub async fn new(gpu: &Gpu, tile: Tile, setup: &Setup<'_>) -> Result<Self> {
        Self::with_kernels(gpu, tile, setup, &|| gpu.kernels(&setup.network, setup.library, tile)).await
    }

    /// [`Engine::new`] with the given WGSL, for tests that break a kernel.
    ///
    /// # Errors
    /// As [`Engine::new`]; a kernel that does not compile.
    pub async fn with_wgsl(gpu: &Gpu, tile: Tile, setup: &Setup<'_>, wgsl: &dyn Fn(&Kernel) -> String) -> Result<Self> {
        let kernels = tile.network(setup.network).kernels();
        let compile = || kernels.iter().map(|stage| compile(&gpu.device, stage.kernel, wgsl(stage.kernel))).collect();
        Self::with_kernels(gpu, tile, setup, &compile).await
    }

    async fn with_kernels(
        gpu: &Gpu,
        tile: Tile,
        setup: &Setup<'_>,
        kernels: &dyn Fn() -> Vec<Compiled>,
    ) -> Result<Self> {
        fit::check(gpu, tile, setup.network)?;
        let layout = Layout::new(setup.network, tile);
        let engine = gpu.checked(|| Self::build(gpu, layout, setup, kernels())).await?;
        engine.write_parameters(setup.parameters);
        Ok(engine)
    }

    fn build(gpu: &Gpu, layout: Layout, setup: &Setup<'_>, kernels: Vec<Compiled>) -> Self {
        use wgpu::BufferUsages as Usage;
        let steps = Steps::new(&layout, gpu.software);
        let buffer = |label, size, usage| {
            let (label, mapped_at_creation) = (Some(label), false);
            gpu.device.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation })
        };
        let copied = Usage::COPY_SRC | Usage::COPY_DST;
        let mut buffers = BTreeMap::new();
        for place in layout.tensors.iter().map(|tensor| tensor.buffer) {
            let make = || buffer(place.label(), layout.end(place), Usage::STORAGE | copied);
            buffers.entry(place).or_insert_with(make);
        }
        let content = steps.uniforms(setup.hyperparameters);
        let uniforms = buffer("uniforms", content.len() as u64, Usage::UNIFORM | Usage::COPY_DST);
        gpu.queue.write_buffer(&uniforms, 0, &content);
        let transposes = &buffers[&layout.tensor(crate::network::table::TRANSPOSES).buffer];
        gpu.queue.write_buffer(transposes, 0, bytemuck::cast_slice(&layout.transposes));
        let kernels = layout.called.kernels().into_iter().zip(kernels);
        let kernels =
            kernels.map(|(stage, compiled)| bind(gpu, stage, compiled, &layout, &buffers, &uniforms)).collect();
        let minibatch = layout.end(Buffer::Minibatch);
        let uploads = (MAX_UPLOADED_BYTES / minibatch).clamp(1, MAX_UPLOADS) * minibatch;
        let metrics = 16 * setup.minibatches as u64;
        let generated = layout.tensor("sequence").bytes() + layout.tensor("generated_logits").bytes();
        let parameters = layout.end(Buffer::Parameters);
        let results = metrics + parameters + layout.tensor("sequence").bytes();
        let carried = layout.network.carried().map(|tensor| {
            let tensor = layout.tensor(&tensor.name).clone();
            let slot = buffer("carried", tensor.slot_bytes(), copied);
            (tensor, slot)
        });
        Self {
            kernels,
            uniforms,
            uploads: buffer("uploads", uploads, copied),
            carried: carried.collect(), // new buffers are zero
            history: buffer("history", metrics, copied),
            readback: buffer("readback", generated, Usage::MAP_READ | Usage::COPY_DST),
            kept: (0..if parameters <= KEPT_BYTES { KEPT } else { 0 })
                .map(|_| buffer("kept", parameters, copied))
                .collect(),
            results: [(); 2].map(|()| buffer("results", results, Usage::MAP_READ | Usage::COPY_DST)),
            gpu: gpu.clone(),
            buffers,
            layout,
            steps,
            pacing: Pacing::new(),
            submissions: 0,
            sequences: 0,
            idle_waits: 0,
        }
    }

    pub fn network(&self) -> Network {
        self.layout.network
    }

    /// Replaces all parameters and their transposed copies, and the optimizer's state.
    pub fn write_parameters(&self, parameters: &Parameters) {
        for (param, numbers) in parameters.tensors() {
            self.write(&param.name, numbers);
            if let ([rows, columns], true) = (&self.network().shape(&param)[..], param.transposed) {
                let transposed = (0..rows * columns).map(|i| numbers[i % rows * columns + i / rows]);
                self.write(&param.transposed_name(), &transposed.collect::<Vec<_>>());
            }
        }
        for (name, place) in self.network().state_tensors() {
            self.write(&name, &parameters.state[place]);
        }
    }

    /// All parameters, after everything submitted.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read_parameters(&self) -> Result<Parameters> {
        let buffer = &self.buffers[&Buffer::Parameters];
        Ok(self.layout.parameters(&self.read_buffer(buffer, 0, self.layout.end(Buffer::Parameters)).await?))
    }

    /// Sets the state `(B, …)` of the carried tensor `name` that enters the next minibatch.
    ///
    /// # Panics
    /// If the tensor is not carried.
    pub fn write_carried(&self, name: &str, state: &[f32]) {
        let carried = self.carried.iter().find(|(tensor, _)| tensor.name == name);
        let (tensor, slot) = carried.unwrap_or_else(|| panic!("{name} is not carried"));
        let padded = tensor.pad(state); // fills slot 0
        self.gpu.queue.write_buffer(slot, 0, bytemuck::cast_slice(&padded[..padded.len() / tensor.padded[0]]));
    }

    /// Sets learning rate and clipping threshold of later minibatches. No minibatch may be in progress.
    pub fn set_hyperparameters(&self, hyperparameters: Hyperparameters) {
        self.gpu.queue.write_buffer(&self.uniforms, 0, &self.steps.uniforms(hyperparameters));
    }

    /// Submits the next commands of a sequence of minibatches, at most up to where the cursor is to hold, and waits
    /// while two submissions are in flight. `minibatch(i)` returns the tokens of minibatch `i` and its initial state.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn advance(&mut self, run: &mut Cursor, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) -> Result<()> {
        let mut encoder = self.encoder();
        let mut tokens: Vec<u32> = Vec::new();
        let mut flops = 0;
        while !run.is_held() && flops < self.pacing.budget {
            if run.at.1 == 0 {
                if (4 * tokens.len()) as u64 == self.uploads.size() {
                    break; // no room for another minibatch's tokens
                }
                let (minibatch, state) = minibatch(run.at.0);
                self.begin_minibatch(&mut encoder, 4 * tokens.len() as u64, state);
                tokens.extend(self.pack(&minibatch));
            }
            flops += self.record_up_to(&mut encoder, run, self.pacing.budget.saturating_sub(flops));
            if run.at.1 == self.steps.train.len() {
                self.end_minibatch(&mut encoder, run.at.0);
                run.at = (run.at.0 + 1, 0);
            }
        }
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&tokens));
        let submission = self.gpu.submit(encoder.finish());
        self.submissions += 1;
        self.pacing.submitted(submission, flops, Some(run.at.0));
        if let Some(done) = self.pacing.make_room(&self.gpu).await? {
            run.done = done;
        }
        Ok(())
    }

    /// Records the copies of tokens and initial state to the buffers that the kernels read.
    pub(super) fn begin_minibatch(&self, encoder: &mut wgpu::CommandEncoder, tokens_at: u64, state: StateAt) {
        let minibatch = self.layout.end(Buffer::Minibatch);
        encoder.copy_buffer_to_buffer(&self.uploads, tokens_at, &self.buffers[&Buffer::Minibatch], 0, minibatch);
        for (tensor, carried) in &self.carried {
            let states = &self.buffers[&tensor.buffer];
            match state {
                StateAt::Zero => encoder.clear_buffer(states, 0, Some(tensor.slot_bytes())),
                StateAt::Carried => encoder.copy_buffer_to_buffer(carried, 0, states, 0, tensor.slot_bytes()),
            }
        }
    }

    /// Records the copies of the last state and of the metrics of minibatch `m`.
    pub(super) fn end_minibatch(&self, encoder: &mut wgpu::CommandEncoder, m: usize) {
        for (tensor, carried) in &self.carried {
            let bytes = tensor.slot_bytes();
            encoder.copy_buffer_to_buffer(&self.buffers[&tensor.buffer], tensor.bytes() - bytes, carried, 0, bytes);
        }
        encoder.copy_buffer_to_buffer(self.buffer("metrics"), 0, &self.history, 16 * m as u64, 16);
    }

    /// Records dispatches of the current minibatch until they reach `budget` operations or its end; returns the
    /// operations.
    fn record_up_to(&self, encoder: &mut wgpu::CommandEncoder, run: &mut Cursor, budget: u64) -> u64 {
        let rest = &self.steps.train[run.at.1..];
        let mut flops = 0;
        let mut fits = |dispatch: &&Dispatch| {
            let fits = flops < budget;
            flops += if fits { dispatch.flops } else { 0 };
            fits
        };
        let count = rest.iter().take_while(&mut fits).count();
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        self.dispatch(&mut pass, &rest[..count]);
        run.at.1 += count;
        flops
    }

    /// Records dispatches; a pipeline is set only where it changes.
    pub(super) fn dispatch<'a>(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        dispatches: impl IntoIterator<Item = &'a Dispatch>,
    ) {
        let mut set = None;
        for &Dispatch { kernel, dims_at, groups: [x, y], .. } in dispatches {
            let (compiled, bind_group) = &self.kernels[kernel];
            if set != Some(kernel) {
                pass.set_pipeline(&compiled.pipeline);
                set = Some(kernel);
            }
            pass.set_bind_group(0, bind_group, &[dims_at]);
            pass.dispatch_workgroups(x, y, 1);
        }
    }

    /// The content of the minibatch buffer: inputs, targets, and the positions sorted by input for `row_sum_grads.wgsl`.
    pub(super) fn pack(&self, minibatch: &Minibatch) -> Vec<u32> {
        let sizes = self.layout.network.sizes;
        let inputs = by_time(sizes, &minibatch.inputs);
        let targets = by_time(sizes, &minibatch.targets);
        let mut starts = vec![0; sizes.vocabulary + 1];
        for &token in &inputs {
            starts[token as usize + 1] += 1;
        }
        for token in 0..sizes.vocabulary {
            starts[token + 1] += starts[token];
        }
        let padded = |n: usize| (n / sizes.batch * self.layout.padded.batch + n % sizes.batch) as u32;
        let (mut positions, mut next) = (vec![0; inputs.len()], starts.clone());
        for (n, &token) in inputs.iter().enumerate() {
            let place = &mut next[token as usize]; // in order, so that sums are added up in one order
            positions[*place as usize] = padded(n);
            *place += 1;
        }
        let mut packed = vec![0; self.layout.end(Buffer::Minibatch) as usize / 4];
        for (name, ids) in [("inputs", inputs), ("targets", targets), ("starts", starts), ("positions", positions)] {
            let tensor = self.layout.tensor(name);
            let ids = tensor.pad(&ids);
            packed[tensor.at as usize / 4..][..ids.len()].copy_from_slice(&ids);
        }
        packed
    }

    /// Waits until everything submitted is done, as `torch.cuda.synchronize`.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn synchronize(&mut self) -> Result<()> {
        self.pacing.drain(&self.gpu).await
    }

    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// The buffer of a tensor that has its own.
    pub(super) fn buffer(&self, name: &'static str) -> &wgpu::Buffer {
        &self.buffers[&Buffer::Own(name, 0)]
    }

    /// The buffer that contains a tensor.
    pub(super) fn buffer_of(&self, tensor: &Tensor) -> &wgpu::Buffer {
        &self.buffers[&tensor.buffer]
    }

    /// Bytes of all buffers together.
    pub fn bytes(&self) -> u64 {
        self.all_buffers().map(wgpu::Buffer::size).sum()
    }

    fn all_buffers(&self) -> impl Iterator<Item = &wgpu::Buffer> {
        let others = [&self.uniforms, &self.uploads, &self.history, &self.readback];
        self.buffers
            .values()
            .chain(others)
            .chain(&self.kept)
            .chain(&self.results)
            .chain(self.carried.iter().map(|(_, slot)| slot))
    }
}

impl Drop for Engine {
    /// On the web a dropped buffer keeps its memory until JavaScript collects garbage.
    fn drop(&mut self) {
        self.all_buffers().for_each(wgpu::Buffer::destroy);
    }
}

/// Creates the bind group of a kernel: [`Dims`] at binding 0, then its tensors.
fn bind(
    gpu: &Gpu,
    Stage { kernel, layer, .. }: Stage,
    compiled: Compiled,
    layout: &Layout,
    buffers: &BTreeMap<Buffer, wgpu::Buffer>,
    uniforms: &wgpu::Buffer,
) -> (Compiled, wgpu::BindGroup) {
    let section = |buffer, offset, bytes| {
        let size = wgpu::BufferSize::new(bytes);
        wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size })
    };
    let dims = section(uniforms, 0, size_of::<Dims>() as u64);
    let tensors = kernel.bindings.iter().map(|(name, _)| {
        let tensor = layout.tensor(&layout.called.resolve(name, layer));
        section(&buffers[&tensor.buffer], tensor.at, tensor.bytes())
    });
    let resources = (0..).zip(std::iter::once(dims).chain(tensors));
    let entries = resources.map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource });
    let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(kernel.name),
        layout: &compiled.bind_group_layout,
        entries: &entries.collect::<Vec<_>>(),
    });
    (compiled, bind_group)
}
