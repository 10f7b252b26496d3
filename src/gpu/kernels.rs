//! The one table of kernels: name, source, bindings. Layouts, pipelines and bind groups are made from it, and
//! `tests/shaders.rs` holds it against the WGSL.

use super::device::Gpu;
use super::platform;
use super::tile::Tile;
use crate::error::Result;

/// Invocations of a workgroup, but for the kernels in register blocks: `GROUP` in `shaders/common.wgsl`.
pub const GROUP: usize = 64;

/// Workgroups of `grad_norm`, each of which leaves one partial sum.
pub const NORM_GROUPS: usize = 64;

/// How a kernel uses a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// One kernel. Its name is also its file's, its entry point's, its label's and its oracle's.
#[derive(Debug)]
pub struct Kernel {
    pub name: &'static str,
    source: &'static str,
    /// The shared files that it needs in front of it, after [`COMMON`].
    uses: &'static [&'static str],
    /// The tensors at bindings 1, 2, …, by the names that the WGSL gives them. Binding 0 is [`Dims`].
    pub bindings: &'static [(&'static str, Access)],
}

/// `Dims` of `shaders/common.wgsl`: what a kernel knows beside its tensors.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Dims {
    pub batch: u32,
    pub steps: u32,
    pub hidden: u32,
    pub vocabulary: u32,
    pub batch_padded: u32,
    pub hidden_padded: u32,
    pub vocabulary_padded: u32,
    /// Where `w_hh` begins among the parameters, in floats.
    pub w_hh_at: u32,
    /// Where `w_hq` begins.
    pub w_hq_at: u32,
    /// Time step of the dispatch.
    pub t: u32,
    /// First tile of the dispatch.
    pub first: u32,
    pub learning_rate: f32,
    /// Threshold of gradient clipping.
    pub clip: f32,
}

const COMMON: &str = include_str!("../../shaders/common.wgsl");
const BLOCK_PRODUCT: &str = include_str!("../../shaders/block_product.wgsl");
const QUAD_PRODUCT: &str = include_str!("../../shaders/quad_product.wgsl");
const FINISH_BLOCK: &str = include_str!("../../shaders/finish_block.wgsl");
const ONE_PART: &str = include_str!("../../shaders/one_part.wgsl");
const SPLIT_PARTS: &str = include_str!("../../shaders/split_parts.wgsl");
const TANH: &str = include_str!("../../shaders/tanh.wgsl");

macro_rules! kernel {
    ($name:ident, [$($uses:ident),*], [$($tensor:ident: $access:ident),*]) => {
        Kernel {
            name: stringify!($name),
            source: include_str!(concat!("../../shaders/", stringify!($name), ".wgsl")),
            uses: &[$($uses),*],
            bindings: &[$((stringify!($tensor), Access::$access)),*],
        }
    };
}

/// Every kernel, in the order of a training step; then those of generation.
#[rustfmt::skip]
pub const KERNELS: [Kernel; 16] = [
    kernel!(step_forward, [TANH, BLOCK_PRODUCT], [inputs: Read, w_xh: Read, w_hh: Read, b_h: Read, states: Write]),
    kernel!(output_forward, [BLOCK_PRODUCT], [states: Read, w_hq: Read, b_q: Read, logits: Write]),
    kernel!(softmax_cross_entropy, [], [targets: Read, logits: Read, losses: Write, dlogits: Write]),
    kernel!(output_backward, [BLOCK_PRODUCT], [dlogits: Read, w_hq_t: Read, dz: Write]),
    kernel!(step_backward, [BLOCK_PRODUCT], [states: Read, w_hh_t: Read, dz: Write]),
    kernel!(w_hh_grad, [BLOCK_PRODUCT], [states: Read, dz: Read, dw_hh: Write]),
    kernel!(w_hq_grad, [BLOCK_PRODUCT], [states: Read, dlogits: Read, dw_hq: Write]),
    kernel!(w_xh_grad, [], [starts: Read, positions: Read, dz: Read, dw_xh: Write]),
    kernel!(bias_grad, [], [dz: Read, dlogits: Read, db_h: Write, db_q: Write]),
    kernel!(grad_norm, [], [grads: Read, squares: Write]),
    kernel!(clip_factor, [], [squares: Read, losses: Read, metrics: Write]),
    kernel!(sgd_update, [], [grads: Read, metrics: Read, parameters: Write, w_hh_t: Write, w_hq_t: Write]),
    kernel!(generate_state, [TANH],
        [sequence: Read, w_xh: Read, w_hh: Read, b_h: Read, state: Read, next_state: Write]),
    kernel!(generate_logits, [],
        [next_state: Read, w_hq_t: Read, b_q: Read, sequence: Read, next_logits: Write, thoughts: Write]),
    kernel!(generate_score, [], [sequence: Read, terms: Read, thoughts: Read, next_logits: Write]),
    kernel!(generate_pick, [], [next_state: Read, next_logits: Read, state: Write, sequence: Write]),
];

/// The products whose rows are one time step's or whose columns the vocabulary's.
const FEW_TILES: [&str; 4] = ["step_forward", "output_forward", "step_backward", "w_hq_grad"];

impl Kernel {
    /// Whether it computes its result by `block_product`, in tiles.
    pub fn is_tiled(&self) -> bool {
        self.uses.contains(&BLOCK_PRODUCT)
    }

    /// How this kernel's product is divided: where it has many tiles, no thread shares one.
    pub fn tile(&self, tile: Tile) -> Tile {
        if FEW_TILES.contains(&self.name) { tile } else { Tile { split: 1, ..tile } }
    }

    /// The whole WGSL module for a tile shape.
    pub fn wgsl(&self, tile: Tile) -> String {
        if !self.is_tiled() {
            return [&[COMMON], self.uses, &[self.source]].concat().join("\n");
        }
        let tile = self.tile(tile);
        let (enabled, product): (_, &[&str]) = match tile {
            Tile { quads: true, .. } => (platform::SUBGROUPS, &[QUAD_PRODUCT, FINISH_BLOCK]),
            Tile { split: 2.., .. } => ("", &[BLOCK_PRODUCT, SPLIT_PARTS, FINISH_BLOCK]),
            _ => ("", &[BLOCK_PRODUCT, ONE_PART, FINISH_BLOCK]),
        };
        let uses = self.uses.iter().filter(|&&used| used != BLOCK_PRODUCT);
        let shared = product.iter().chain(uses).copied();
        [enabled, &tile.constants(), COMMON]
            .into_iter()
            .chain(shared)
            .chain([self.source])
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Layouts and pipeline for a module.
    pub(super) fn compile(&self, device: &wgpu::Device, wgsl: String) -> Compiled {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(self.name),
            source: wgpu::ShaderSource::Wgsl(wgsl.into()),
        });
        let dims = wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: true,
                min_binding_size: wgpu::BufferSize::new(size_of::<Dims>() as u64),
            },
            count: None,
        };
        let tensors = (1..).zip(self.bindings).map(|(binding, &(_, access))| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: access == Access::Read },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        });
        let bind_group_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(self.name),
            entries: &std::iter::once(dims).chain(tensors).collect::<Vec<_>>(),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(self.name),
            bind_group_layouts: &[Some(&bind_group_layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(self.name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(self.name),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        Compiled { pipeline, bind_group_layout }
    }
}

impl Gpu {
    /// All kernels for a tile shape, compiled once on this device.
    pub(super) fn kernels(&self, tile: Tile) -> Vec<Compiled> {
        let mut known = self.compiled.borrow_mut();
        if let Some((_, kernels)) = known.iter().find(|(of, _)| *of == tile) {
            return kernels.clone();
        }
        let kernels: Vec<_> = KERNELS.iter().map(|kernel| kernel.compile(&self.device, kernel.wgsl(tile))).collect();
        known.push((tile, kernels.clone()));
        kernels
    }

    /// Has the kernels compiled that a network of so many rows will probably want, while its visitor reads.
    ///
    /// # Errors
    /// What the device has against them.
    pub async fn warm_up(&self, batch: usize) -> Result<()> {
        self.checked(|| drop(self.kernels(self.tile(batch)))).await
    }
}

/// A kernel as one device runs it.
#[derive(Clone)]
pub(super) struct Compiled {
    pub pipeline: wgpu::ComputePipeline,
    pub bind_group_layout: wgpu::BindGroupLayout,
}
