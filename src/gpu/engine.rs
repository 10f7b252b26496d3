//! A network on the GPU: its buffers, its bind groups, and the way through its minibatches.

use std::collections::BTreeMap;

use super::device::Gpu;
use super::fit;
use super::kernels::{Access, Compiled, KERNELS, Kernel};
use super::layout::{Layout, Place};
use super::pace::Pace;
use super::step::{Dispatch, Steps, kernel_index};
use super::tile::Tile;
use crate::error::Result;
use crate::model::minibatch::{Metrics, by_time};
use crate::model::parameters::{NAMES, shapes};
use crate::model::run::{Rates, Run, StateAt};
use crate::model::{Minibatch, Parameters, Sizes};

/// The most minibatches in one submission, and the most bytes of tokens for it, if one minibatch has not more.
const UPLOADS: u64 = 64;
const UPLOADED_BYTES: u64 = 4 << 20;

/// A network on a device. All its buffers, pipelines and bind groups are made once, here.
pub struct Engine {
    pub(super) gpu: Gpu,
    pub(super) layout: Layout,
    pub(super) steps: Steps,
    kernels: Vec<(Compiled, wgpu::BindGroup)>,
    buffers: BTreeMap<Place, wgpu::Buffer>,
    uniforms: wgpu::Buffer,
    /// Tokens of the minibatches of one submission, on their way to the buffer that the kernels read.
    pub(super) uploads: wgpu::Buffer,
    /// The state between two minibatches.
    carried: wgpu::Buffer,
    /// `metrics` of every minibatch of a run.
    history: wgpu::Buffer,
    pub(super) readback: wgpu::Buffer,
    pub(super) pace: Pace,
}

impl Engine {
    /// Puts a network with these parameters on a device, for runs of at most `minibatches`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for what exceeds the device's limits; out of memory.
    pub async fn new(
        gpu: &Gpu,
        tile: Tile,
        sizes: Sizes,
        minibatches: usize,
        rates: Rates,
        parameters: &Parameters,
    ) -> Result<Self> {
        Self::with_kernels(gpu, tile, sizes, minibatches, rates, parameters, &|| gpu.kernels(tile)).await
    }

    /// [`Engine::new`] with kernels of one's own: for tests that break one and see whether it is noticed.
    ///
    /// # Errors
    /// As [`Engine::new`]; a kernel that does not compile.
    pub async fn with_wgsl(
        gpu: &Gpu,
        tile: Tile,
        sizes: Sizes,
        minibatches: usize,
        rates: Rates,
        parameters: &Parameters,
        wgsl: &dyn Fn(&Kernel) -> String,
    ) -> Result<Self> {
        let compile = || KERNELS.iter().map(|kernel| kernel.compile(&gpu.device, wgsl(kernel))).collect();
        Self::with_kernels(gpu, tile, sizes, minibatches, rates, parameters, &compile).await
    }

    async fn with_kernels(
        gpu: &Gpu,
        tile: Tile,
        sizes: Sizes,
        minibatches: usize,
        rates: Rates,
        parameters: &Parameters,
        kernels: &dyn Fn() -> Vec<Compiled>,
    ) -> Result<Self> {
        fit::check(gpu, tile, sizes)?;
        let layout = Layout::new(sizes, tile);
        let engine = gpu.checked(|| Self::build(gpu, layout, minibatches, rates, kernels())).await?;
        engine.write_parameters(parameters);
        engine.write_carried(&vec![0.0; sizes.batch * sizes.hidden]);
        Ok(engine)
    }

    fn build(gpu: &Gpu, layout: Layout, minibatches: usize, rates: Rates, kernels: Vec<Compiled>) -> Self {
        use wgpu::BufferUsages as Usage;
        let steps = Steps::new(&layout, gpu.software);
        let buffer = |label, size, usage| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let mut buffers = BTreeMap::new();
        for place in layout.tensors.iter().map(|tensor| tensor.place) {
            let label = match place {
                Place::Minibatch => "minibatch",
                Place::Parameters => "parameters",
                Place::Grads => "grads",
                Place::Transposed => "transposed",
                Place::Own(name) => name,
            };
            let make = || buffer(label, layout.end(place), Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST);
            buffers.entry(place).or_insert_with(make);
        }
        let content = steps.uniforms(rates);
        let uniforms = buffer("uniforms", content.len() as u64, Usage::UNIFORM | Usage::COPY_DST);
        gpu.queue.write_buffer(&uniforms, 0, &content);
        let kernels = KERNELS.iter().zip(kernels);
        let kernels =
            kernels.map(|(kernel, compiled)| bind(gpu, kernel, compiled, &layout, &buffers, &uniforms)).collect();
        let minibatch = layout.end(Place::Minibatch);
        let uploads = (UPLOADED_BYTES / minibatch).clamp(1, UPLOADS) * minibatch;
        let metrics = 16 * minibatches as u64;
        let generated = layout.tensor("sequence").bytes() + layout.tensor("thoughts").bytes();
        Self {
            kernels,
            uniforms,
            uploads: buffer("uploads", uploads, Usage::COPY_SRC | Usage::COPY_DST),
            carried: buffer("carried", layout.state_bytes(), Usage::COPY_SRC | Usage::COPY_DST),
            history: buffer("history", metrics, Usage::COPY_SRC | Usage::COPY_DST),
            readback: buffer(
                "readback",
                (metrics + layout.end(Place::Parameters)).max(generated),
                Usage::MAP_READ | Usage::COPY_DST,
            ),
            gpu: gpu.clone(),
            buffers,
            layout,
            steps,
            pace: Pace::new(),
        }
    }

    /// Replaces all parameters.
    pub fn write_parameters(&self, parameters: &Parameters) {
        for ((name, rows, columns), numbers) in shapes(self.layout.sizes).into_iter().zip(parameters.tensors()) {
            self.write(name, numbers);
            if let "w_hh" | "w_hq" = name {
                let transposed =
                    (0..rows * columns).map(|i| numbers[i % rows * columns + i / rows]).collect::<Vec<_>>();
                self.write(&format!("{name}_t"), &transposed);
            }
        }
    }

    /// All parameters, as they are once everything submitted is done.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read_parameters(&self) -> Result<Parameters> {
        let mut parameters = Parameters::zeros(self.layout.sizes);
        for ((name, ..), numbers) in shapes(self.layout.sizes).into_iter().zip(parameters.tensors_mut()) {
            *numbers = self.read(name).await?;
        }
        Ok(parameters)
    }

    /// The state `(B, H)` that the next minibatch carries on.
    pub fn write_carried(&self, state: &[f32]) {
        let padded = self.layout.tensor("states").pad(state); // fills slot 0
        let slot = &padded[..self.layout.batch * self.layout.hidden];
        self.gpu.queue.write_buffer(&self.carried, 0, bytemuck::cast_slice(slot));
    }

    fn write(&self, name: &str, numbers: &[f32]) {
        let tensor = self.layout.tensor(name);
        let padded = tensor.pad(numbers);
        self.gpu.queue.write_buffer(&self.buffers[&tensor.place], tensor.at, bytemuck::cast_slice(&padded));
    }

    /// A tensor in its true shape, by the name that the kernels give it. Makes a buffer for it: for tests and
    /// exports, not for the way through an epoch.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn read(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.layout.tensor(name);
        let staging = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: tensor.bytes(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.buffers[&tensor.place], tensor.at, &staging, 0, tensor.bytes());
        self.gpu.submit(encoder.finish());
        let padded = self.gpu.read(&staging, tensor.bytes()).await?;
        staging.destroy();
        Ok(tensor.unpad(&padded))
    }

    /// Sets the rates of the minibatches that begin from now on. No minibatch may be under way.
    pub fn set_rates(&self, rates: Rates) {
        self.gpu.queue.write_buffer(&self.uniforms, 0, &self.steps.uniforms(rates));
    }

    /// Hands the device its next submission of a run, up to where that is to hold, and waits while two are under way.
    /// `minibatch` gives the tokens of a minibatch and the state that enters it.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn advance(&mut self, run: &mut Run, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) -> Result<()> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut tokens: Vec<u32> = Vec::new();
        let mut flops = 0;
        while !run.is_held() && flops < self.pace.budget {
            if run.at.1 == 0 {
                if (4 * tokens.len()) as u64 == self.uploads.size() {
                    break; // no room for another minibatch's tokens
                }
                let (minibatch, state) = minibatch(run.at.0);
                self.begin_minibatch(&mut encoder, 4 * tokens.len() as u64, state);
                tokens.extend(self.pack(&minibatch));
            }
            flops += self.dispatch_some(&mut encoder, run, self.pace.budget.saturating_sub(flops));
            if run.at.1 == self.steps.train.len() {
                self.end_minibatch(&mut encoder, run.at.0);
                run.at = (run.at.0 + 1, 0);
            }
        }
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&tokens));
        let submission = self.gpu.submit(encoder.finish());
        self.pace.submitted(submission, flops, run.at.0);
        if let Some(done) = self.pace.make_room(&self.gpu).await? {
            run.done = done;
        }
        Ok(())
    }

    /// Tokens and state to where the kernels read them.
    pub(super) fn begin_minibatch(&self, encoder: &mut wgpu::CommandEncoder, tokens_at: u64, state: StateAt) {
        let minibatch = self.layout.end(Place::Minibatch);
        encoder.copy_buffer_to_buffer(&self.uploads, tokens_at, &self.buffers[&Place::Minibatch], 0, minibatch);
        let states = &self.buffers[&Place::Own("states")];
        match state {
            StateAt::Zero => encoder.clear_buffer(states, 0, Some(self.layout.state_bytes())),
            StateAt::Carried => encoder.copy_buffer_to_buffer(&self.carried, 0, states, 0, self.layout.state_bytes()),
        }
    }

    /// Keeps the last state and the metrics.
    pub(super) fn end_minibatch(&self, encoder: &mut wgpu::CommandEncoder, m: usize) {
        let bytes = self.layout.state_bytes();
        let last = self.layout.sizes.steps as u64 * bytes;
        encoder.copy_buffer_to_buffer(&self.buffers[&Place::Own("states")], last, &self.carried, 0, bytes);
        encoder.copy_buffer_to_buffer(&self.buffers[&Place::Own("metrics")], 0, &self.history, 16 * m as u64, 16);
    }

    /// Records dispatches of the minibatch under way until they come to `budget` operations; gives how many they are.
    fn dispatch_some(&self, encoder: &mut wgpu::CommandEncoder, run: &mut Run, budget: u64) -> u64 {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        let mut flops = 0;
        for dispatch in &self.steps.train[run.at.1..] {
            self.dispatch(&mut pass, dispatch);
            run.at.1 += 1;
            flops += dispatch.flops;
            if flops >= budget {
                break;
            }
        }
        flops
    }

    pub(super) fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>, dispatch: &Dispatch) {
        let (compiled, bind_group) = &self.kernels[dispatch.kernel];
        pass.set_pipeline(&compiled.pipeline);
        pass.set_bind_group(0, bind_group, &[dispatch.dims_at]);
        pass.dispatch_workgroups(dispatch.groups[0], dispatch.groups[1], 1);
    }

    /// A minibatch as the buffer of its tokens holds it; see `shaders/w_xh_grad.wgsl` for starts and positions.
    pub(super) fn pack(&self, minibatch: &Minibatch) -> Vec<u32> {
        let sizes = self.layout.sizes;
        let inputs = by_time(sizes, &minibatch.inputs);
        let targets = by_time(sizes, &minibatch.targets);
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by_key(|&n| inputs[n]); // stable, so that sums are added up in one order
        let mut starts = vec![0; sizes.vocabulary + 1];
        for &token in &inputs {
            starts[token as usize + 1] += 1;
        }
        for token in 0..sizes.vocabulary {
            starts[token + 1] += starts[token];
        }
        let padded = |n: usize| (n / sizes.batch * self.layout.batch + n % sizes.batch) as u32;
        let positions: Vec<u32> = order.into_iter().map(padded).collect();
        let mut packed = vec![0; self.layout.end(Place::Minibatch) as usize / 4];
        for (name, ids) in [("inputs", inputs), ("targets", targets), ("starts", starts), ("positions", positions)] {
            let tensor = self.layout.tensor(name);
            let ids = tensor.pad(&ids);
            packed[tensor.at as usize / 4..][..ids.len()].copy_from_slice(&ids);
        }
        packed
    }

    /// Waits until all that was submitted is done.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn settle(&mut self) -> Result<()> {
        self.pace.drain(&self.gpu).await
    }

    /// Waits until a run is finished and gives loss and gradient norm of each of its minibatches: the one read-back
    /// of an epoch.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish(&mut self, run: &mut Run) -> Result<Vec<Metrics>> {
        let (metrics, _) = self.read_run(run, 0).await?;
        Ok(metrics)
    }

    /// [`Engine::finish`], and the parameters that the run ended with: in the same read-back.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn finish_with_parameters(&mut self, run: &mut Run) -> Result<(Vec<Metrics>, Parameters)> {
        let (metrics, padded) = self.read_run(run, self.layout.end(Place::Parameters)).await?;
        let mut parameters = Parameters::zeros(self.layout.sizes);
        for (name, numbers) in NAMES.into_iter().zip(parameters.tensors_mut()) {
            let tensor = self.layout.tensor(name);
            *numbers = tensor.unpad(&padded[tensor.at as usize / 4..]);
        }
        Ok((metrics, parameters))
    }

    /// The metrics of a run and so many bytes of the parameters, as they are after it.
    async fn read_run(&mut self, run: &mut Run, parameters: u64) -> Result<(Vec<Metrics>, Vec<f32>)> {
        let metrics = 16 * run.at.0 as u64;
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(&self.history, 0, &self.readback, 0, metrics);
        encoder.copy_buffer_to_buffer(&self.buffers[&Place::Parameters], 0, &self.readback, metrics, parameters);
        self.gpu.submit(encoder.finish());
        let mut numbers = self.gpu.read::<f32>(&self.readback, metrics + parameters).await?;
        self.settle().await?;
        run.settled();
        let parameters = numbers.split_off(metrics as usize / 4);
        let metrics = numbers.chunks_exact(4).map(|numbers| Metrics { loss: numbers[0], grad_norm: numbers[1] });
        Ok((metrics.collect(), parameters))
    }

    /// Runs the dispatches of one minibatch up to and including the last of the kernel of this name: for tests that
    /// look at what a kernel was given and what it gave.
    ///
    /// # Errors
    /// A failure of the device.
    pub async fn run_through(&mut self, minibatch: &Minibatch, state: StateAt, kernel: &str) -> Result<()> {
        let last = self.steps.train.iter().rposition(|dispatch| dispatch.kernel == kernel_index(kernel));
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.begin_minibatch(&mut encoder, 0, state);
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for dispatch in &self.steps.train[..=last.expect("a kernel of the training step")] {
                self.dispatch(&mut pass, dispatch);
            }
        }
        self.gpu.queue.write_buffer(&self.uploads, 0, bytemuck::cast_slice(&self.pack(minibatch)));
        let submission = self.gpu.submit(encoder.finish());
        self.gpu.wait(submission).await
    }

    pub(super) fn buffer(&self, name: &'static str) -> &wgpu::Buffer {
        &self.buffers[&Place::Own(name)]
    }

    /// Bytes of all buffers together.
    pub fn bytes(&self) -> u64 {
        self.all_buffers().map(wgpu::Buffer::size).sum()
    }

    fn all_buffers(&self) -> impl Iterator<Item = &wgpu::Buffer> {
        let others = [&self.uniforms, &self.uploads, &self.carried, &self.history, &self.readback];
        self.buffers.values().chain(others)
    }
}

impl Drop for Engine {
    /// On the web a buffer that is merely dropped stays until JavaScript's garbage is collected.
    fn drop(&mut self) {
        self.all_buffers().for_each(wgpu::Buffer::destroy);
    }
}

/// Binds a kernel's tensors.
fn bind(
    gpu: &Gpu,
    kernel: &Kernel,
    compiled: Compiled,
    layout: &Layout,
    buffers: &BTreeMap<Place, wgpu::Buffer>,
    uniforms: &wgpu::Buffer,
) -> (Compiled, wgpu::BindGroup) {
    let dims = wgpu::BindGroupEntry {
        binding: 0,
        resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: uniforms,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<super::kernels::Dims>() as u64),
        }),
    };
    let tensors = (1..).zip(kernel.bindings).map(|(binding, &(name, _)): (u32, &(&str, Access))| {
        let tensor = layout.tensor(name);
        wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &buffers[&tensor.place],
                offset: tensor.at,
                size: wgpu::BufferSize::new(tensor.bytes()),
            }),
        }
    });
    let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(kernel.name),
        layout: &compiled.bind_group_layout,
        entries: &std::iter::once(dims).chain(tensors).collect::<Vec<_>>(),
    });
    (compiled, bind_group)
}
