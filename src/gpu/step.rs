//! The training step and a step of prediction as lists of dispatches, built once per network from its plan.

use super::layout::{ALIGNMENT, Layout};
use super::tile::Tile;
use super::wgsl::{Dims, GROUP, tile_of};
use crate::model::Hyperparameters;
use crate::network::plan::{Call, Stage};
use crate::network::{Dim, Extent, Kernel};

/// The most floating-point operations in one dispatch of a product, on a software adapter and on a GPU: about 10 ms, so
/// that submissions can be short. Longer products are cut into slices of their patches, which changes no result.
const SOFTWARE_SLICE: u64 = 50_000_000;
const HARDWARE_SLICE: u64 = 2_000_000_000;

/// The largest number of workgroups in one dimension (WebGPU's default limit).
const MAX_WORKGROUPS: usize = 65_535;

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispatch {
    /// Index in [`Network::kernels`](crate::network::Network::kernels), of a kernel in a layer.
    pub kernel: usize,
    /// The time step; 0 for kernels that run once.
    pub t: usize,
    /// Offset of its [`Dims`] in the uniform buffer, in bytes.
    pub dims_at: u32,
    /// Workgroups in x and y.
    pub groups: [u32; 2],
    /// Floating-point operations, for pacing.
    pub flops: u64,
}

/// The dispatches of a training step and of a predicted token, and the [`Dims`] that they read.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// All kernels in all layers.
    kernels: Vec<(&'static str, usize)>,
    pub train: Vec<Dispatch>,
    /// For the slots 0 and 1 in turn.
    pub generate: [Vec<Dispatch>; 2],
    /// `generate` with sampling.
    pub generate_scored: [Vec<Dispatch>; 2],
    /// The distinct values, stored [`ALIGNMENT`] bytes apart in the uniform buffer.
    dims: Vec<Dims>,
    /// The most operations in one dispatch of a product.
    slice: u64,
}

impl Steps {
    pub fn new(layout: &Layout, software: bool) -> Self {
        let network = layout.called;
        let mut steps = Self {
            kernels: network.kernels().iter().map(|stage| (stage.kernel.name, stage.layer)).collect(),
            train: Vec::new(),
            generate: Default::default(),
            generate_scored: Default::default(),
            dims: vec![layout.dims()],
            slice: if software { SOFTWARE_SLICE } else { HARDWARE_SLICE },
        };
        let train = steps.list(layout, &network.training_calls());
        let [generate, generate_scored] = [false, true].map(|scored| {
            [0, 1].map(|t| {
                let stages = network.generation(scored).into_iter();
                let calls: Vec<Call> = stages.map(|Stage { kernel, layer, .. }| Call { kernel, layer, t }).collect();
                steps.list(layout, &calls)
            })
        });
        Self { train, generate, generate_scored, ..steps }
    }

    /// Index of a layer's kernel in [`Network::kernels`](crate::network::Network::kernels).
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn index(&self, kernel: &str, layer: usize) -> usize {
        let index = self.kernels.iter().position(|known| *known == (kernel, layer));
        index.unwrap_or_else(|| panic!("layer {layer} of the network has no kernel {kernel}"))
    }

    /// The dispatches of a kernel in a training step, in all layers.
    pub fn of(&self, kernel: &str) -> impl Iterator<Item = &Dispatch> {
        self.train.iter().filter(move |dispatch| self.kernels[dispatch.kernel].0 == kernel)
    }

    /// The content of the uniform buffer.
    pub fn uniforms(&self, hyperparameters: Hyperparameters) -> Vec<u8> {
        let mut bytes = vec![0; self.dims.len() * ALIGNMENT as usize];
        for (slot, &dims) in bytes.chunks_exact_mut(ALIGNMENT as usize).zip(&self.dims) {
            let dims = Dims { learning_rate: hyperparameters.learning_rate, clip: hyperparameters.clip, ..dims };
            slot[..size_of::<Dims>()].copy_from_slice(bytemuck::bytes_of(&dims));
        }
        bytes
    }

    fn list(&mut self, layout: &Layout, calls: &[Call]) -> Vec<Dispatch> {
        let mut list = Vec::new();
        for calls in calls.chunk_by(|a, b| a.kernel.name == b.kernel.name && a.layer == b.layer) {
            if tile_of(calls[0].kernel, layout.tile).is_some_and(|tile| tile.sequence) {
                list.extend(self.sequence(layout, calls));
            } else {
                list.extend(calls.iter().flat_map(|call| self.dispatches(layout, call)));
            }
        }
        list
    }

    /// The dispatches of a kernel's calls at successive time steps: one, or several for a long sequence.
    fn sequence(&mut self, layout: &Layout, calls: &[Call]) -> Vec<Dispatch> {
        let Call { kernel, layer, .. } = calls[0];
        let (tile, [rows, columns, inner]) = product_of(kernel, layout);
        let flops = flops_of(kernel, [rows, columns, inner]);
        let times = (self.slice / flops).clamp(1, calls.len() as u64) as usize;
        let slices = calls.chunks(times).map(|calls| {
            let dims = Dims { t: calls[0].t as u32, times: calls.len() as u32, ..layout.dims() };
            self.dispatch(kernel, layer, dims, tile.groups(rows, columns), flops * calls.len() as u64)
        });
        slices.collect()
    }

    /// The dispatches of one kernel call: several for a long product.
    fn dispatches(&mut self, layout: &Layout, call: &Call) -> Vec<Dispatch> {
        let padded = &layout.padded;
        match call.kernel.extent {
            Extent::Product { .. } | Extent::GateProduct { .. } => self.product(layout, call),
            Extent::Threads(count) => {
                let (threads, flops) = count(padded);
                vec![self.groups(call, threads.div_ceil(GROUP), GROUP * flops)]
            }
            Extent::Groups(count) | Extent::TileGroups(count) => {
                let (groups, flops) = count(padded);
                vec![self.groups(call, groups, flops)]
            }
        }
    }

    /// The dispatches of a product, one for each slice of its patches.
    fn product(&mut self, layout: &Layout, call: &Call) -> Vec<Dispatch> {
        let (tile, sizes) = product_of(call.kernel, layout);
        let (groups, flops) = (tile.groups(sizes[0], sizes[1]), flops_of(call.kernel, sizes));
        let slices = flops.div_ceil(self.slice).clamp(1, groups as u64);
        let first_group = |slice: u64| (groups as u64 * slice / slices) as usize;
        (0..slices)
            .map(|slice| {
                let (begin, end) = (first_group(slice), first_group(slice + 1));
                let dims = Dims { t: call.t as u32, first: begin as u32, ..layout.dims() };
                self.dispatch(call.kernel, call.layer, dims, end - begin, flops / slices)
            })
            .collect()
    }

    /// A dispatch of `groups` workgroups with `flops` operations each.
    fn groups(&mut self, call: &Call, groups: usize, flops: usize) -> Dispatch {
        let dims = Dims { t: call.t as u32, ..self.dims[0] };
        self.dispatch(call.kernel, call.layer, dims, groups, groups as u64 * flops as u64)
    }

    fn dispatch(&mut self, kernel: &Kernel, layer: usize, dims: Dims, groups: usize, flops: u64) -> Dispatch {
        let slot = self.dims.iter().position(|known| *known == dims).unwrap_or_else(|| {
            self.dims.push(dims);
            self.dims.len() - 1
        });
        let x = groups.min(MAX_WORKGROUPS);
        Dispatch {
            kernel: self.index(kernel.name, layer),
            t: dims.t as usize,
            dims_at: (slot as u64 * ALIGNMENT) as u32,
            groups: [x as u32, groups.div_ceil(x) as u32],
            flops,
        }
    }
}

/// The tile shape of a product, and its rows, columns and inner dimension.
///
/// # Panics
/// If the kernel is none.
fn product_of(kernel: &Kernel, layout: &Layout) -> (Tile, [usize; 3]) {
    let (rows, inner, columns) = match kernel.extent {
        Extent::Product { rows, inner, columns, .. } => (rows, inner, columns),
        // The tiles are of hidden units, each with all its gates.
        Extent::GateProduct { rows, inner, .. } => (rows, inner, Dim::H),
        _ => panic!("{} is no product", kernel.name),
    };
    let tile = tile_of(kernel, layout.tile).expect("a product is in tiles");
    (tile, [rows, columns, inner].map(|dim| dim.padded(&layout.padded)))
}

fn flops_of(kernel: &Kernel, [rows, columns, inner]: [usize; 3]) -> u64 {
    let gates = if let Extent::GateProduct { gates, .. } = kernel.extent { gates } else { 1 };
    2 * gates as u64 * rows as u64 * columns as u64 * inner as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::model::Sizes;

    fn book() -> crate::network::Network {
        kernels::network(Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 })
    }

    #[test]
    fn a_minibatch_of_the_book_is_at_most_76_dispatches_on_a_gpu() {
        let layout = Layout::new(book(), Tile::choose(false, false, book().sizes));
        assert_eq!(Steps::new(&layout, false).train.len(), 76);
        let small = book().with_sizes(Sizes { hidden: 64, ..book().sizes });
        let layout = Layout::new(small, Tile::choose(false, false, small.sizes));
        assert_eq!(Steps::new(&layout, false).train.len(), 8);
    }

    #[test]
    fn slices_cover_every_patch_once() {
        let layout = Layout::new(book(), Tile::ALL[3]);
        let steps = Steps::new(&layout, true);
        let slices: Vec<_> = steps.of("w_hh_grad").collect();
        assert!(slices.len() > 1);
        let mut next = 0;
        for dispatch in &slices {
            assert_eq!(steps.dims[dispatch.dims_at as usize / ALIGNMENT as usize].first, next);
            next += dispatch.groups[0];
        }
        assert_eq!(next as usize, layout.tile.groups(layout.padded.hidden, layout.padded.hidden));
    }

    #[test]
    fn many_workgroups_are_folded_into_two_dimensions() {
        let layout =
            Layout::new(book().with_sizes(Sizes { batch: 1, steps: 1, hidden: 4096, vocabulary: 5000 }), Tile::ALL[0]);
        for dispatch in Steps::new(&layout, false).train {
            assert!(dispatch.groups.iter().all(|&groups| (1..=MAX_WORKGROUPS as u32).contains(&groups)));
        }
    }
}
