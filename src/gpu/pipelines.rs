//! Compute pipelines of the kernels, cached per device.

use super::platform;
use super::tile::Tile;
use super::wgsl::{Dims, tile_of};
use crate::network::{Access, Gates, Kernel};

/// A kernel compiled on a device.
#[derive(Clone)]
pub struct Compiled {
    pub pipeline: wgpu::ComputePipeline,
    pub bind_group_layout: wgpu::BindGroupLayout,
}

/// The pipelines compiled on a device, by kernel, gates and, where it depends on it, tile shape.
#[derive(Default)]
pub struct Pipelines(Vec<(Key, Compiled)>);

type Key = (&'static str, Gates, Option<Tile>);

impl Pipelines {
    /// Whether the kernel is compiled for these gates and a tile shape.
    pub fn has(&self, kernel: &Kernel, gates: Gates, tile: Tile) -> bool {
        self.find((kernel.name, gates, tile_of(kernel, tile))).is_some()
    }

    fn find(&self, wanted: Key) -> Option<&Compiled> {
        self.0.iter().find(|(key, _)| *key == wanted).map(|(_, compiled)| compiled)
    }

    /// The kernel's pipeline for these gates and a tile shape; compiles `wgsl()` on first use.
    pub fn get(
        &mut self,
        device: &wgpu::Device,
        kernel: &'static Kernel,
        gates: Gates,
        tile: Tile,
        wgsl: impl FnOnce() -> String,
    ) -> Compiled {
        let key = (kernel.name, gates, tile_of(kernel, tile));
        if let Some(known) = self.find(key) {
            return known.clone();
        }
        let compiled = compile(device, kernel, wgsl());
        self.0.push((key, compiled.clone()));
        compiled
    }
}

/// Compiles a kernel's WGSL. Binding 0 is the uniform [`Dims`], then come the kernel's tensors.
pub fn compile(device: &wgpu::Device, kernel: &Kernel, wgsl: String) -> Compiled {
    let label = Some(kernel.name);
    let source = wgpu::ShaderSource::Wgsl(wgsl.into());
    let module = platform::shader_module(device, wgpu::ShaderModuleDescriptor { label, source });
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: true,
        min_binding_size: wgpu::BufferSize::new(size_of::<Dims>() as u64),
    };
    let storage = |access| wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Storage { read_only: access == Access::Read },
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let types = std::iter::once(uniform).chain(kernel.bindings.iter().map(|&(_, access)| storage(access)));
    let entries = (0..).zip(types).map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty,
        count: None,
    });
    let bind_group_layout = device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries.collect::<Vec<_>>() });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&bind_group_layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&layout),
        module: &module,
        entry_point: Some(kernel.name),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    Compiled { pipeline, bind_group_layout }
}
