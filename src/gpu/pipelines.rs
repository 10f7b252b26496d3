//! Kernels as one device runs them.

use super::tile::Tile;
use super::wgsl::Dims;
use crate::network::{Access, Kernel};

/// A kernel as one device runs it.
#[derive(Clone)]
pub struct Compiled {
    pub pipeline: wgpu::ComputePipeline,
    pub bind_group_layout: wgpu::BindGroupLayout,
}

/// What was compiled on a device, by kernel and tile shape.
#[derive(Default)]
pub struct Pipelines(Vec<(&'static str, Tile, Compiled)>);

impl Pipelines {
    /// A kernel for a tile shape, compiled the first time.
    pub fn get(
        &mut self,
        device: &wgpu::Device,
        kernel: &'static Kernel,
        tile: Tile,
        wgsl: impl FnOnce() -> String,
    ) -> Compiled {
        if let Some((.., known)) = self.0.iter().find(|(name, of, _)| (*name, *of) == (kernel.name, tile)) {
            return known.clone();
        }
        let compiled = compile(device, kernel, wgsl());
        self.0.push((kernel.name, tile, compiled.clone()));
        compiled
    }
}

/// Layouts and pipeline for a kernel's module.
pub fn compile(device: &wgpu::Device, kernel: &Kernel, wgsl: String) -> Compiled {
    let label = Some(kernel.name);
    let source = wgpu::ShaderSource::Wgsl(wgsl.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
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
