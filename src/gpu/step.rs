//! The training step as a list of dispatches, made once a network.

use super::kernels::{Dims, GROUP, KERNELS, NORM_GROUPS};
use super::layout::{ALIGNMENT, Layout};
use crate::model::run::Rates;

/// The most floating-point operations in one dispatch, on a software adapter and on a GPU: some 10 ms, so that a
/// submission can be short. Longer products are cut into slices of their tiles, which changes no result.
const SOFTWARE_SLICE: u64 = 50_000_000;
const HARDWARE_SLICE: u64 = 2_000_000_000;

/// The largest number of workgroups in one dimension (WebGPU's default limit).
const MOST_WORKGROUPS: usize = 65_535;

/// One dispatch of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispatch {
    /// Which of [`KERNELS`].
    pub kernel: usize,
    /// Where its [`Dims`] stand in the uniform buffer, in bytes.
    pub dims_at: u32,
    /// Workgroups in x and y.
    pub groups: [u32; 2],
    /// Floating-point operations, for pacing.
    pub flops: u64,
}

/// The dispatches of a training step and of a generated token, and the [`Dims`] that they read.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    pub train: Vec<Dispatch>,
    pub generate: Vec<Dispatch>,
    /// The same with the score by which a token is picked.
    pub generate_scored: Vec<Dispatch>,
    /// One for each different dispatch, [`ALIGNMENT`] bytes apart in the uniform buffer.
    dims: Vec<Dims>,
    /// The most operations of one dispatch.
    slice: u64,
}

/// Index of a kernel in [`KERNELS`].
///
/// # Panics
/// There is none of this name.
pub fn kernel_index(name: &str) -> usize {
    KERNELS.iter().position(|kernel| kernel.name == name).unwrap_or_else(|| panic!("no kernel {name}"))
}

impl Steps {
    pub fn new(layout: &Layout, software: bool) -> Self {
        let slice = if software { SOFTWARE_SLICE } else { HARDWARE_SLICE };
        let (train, generate, generate_scored) = (Vec::new(), Vec::new(), Vec::new());
        let mut steps = Self { train, generate, generate_scored, dims: vec![layout.dims()], slice };
        steps.train = steps.list_training(layout);
        let [state, logits, score, pick] = steps.list_generation(layout);
        steps.generate = vec![state, logits, pick];
        steps.generate_scored = vec![state, logits, score, pick];
        steps
    }

    /// The uniform buffer's content.
    pub fn uniforms(&self, rates: Rates) -> Vec<u8> {
        let mut bytes = vec![0; self.dims.len() * ALIGNMENT as usize];
        for (slot, &dims) in bytes.chunks_exact_mut(ALIGNMENT as usize).zip(&self.dims) {
            let dims = Dims { learning_rate: rates.learning_rate, clip: rates.clip, ..dims };
            slot[..size_of::<Dims>()].copy_from_slice(bytemuck::bytes_of(&dims));
        }
        bytes
    }

    fn list_training(&mut self, layout: &Layout) -> Vec<Dispatch> {
        let (b, h, v) = (layout.batch, layout.hidden, layout.vocabulary);
        let steps = layout.sizes.steps;
        let n = steps * b;
        let parameters = layout.tensor("parameters").padded[2];
        let mut list = Vec::new();
        for t in 0..steps {
            list.extend(self.product(layout, "step_forward", [b, h, h], t));
        }
        list.extend(self.product(layout, "output_forward", [n, v, h], 0));
        list.push(self.threads("softmax_cross_entropy", n, 6 * v));
        list.extend(self.product(layout, "output_backward", [n, h, v], 0));
        for t in (0..steps).rev() {
            list.extend(self.product(layout, "step_backward", [b, h, h], t));
        }
        list.extend(self.product(layout, "w_hh_grad", [h, h, n], 0));
        list.extend(self.product(layout, "w_hq_grad", [h, v, n], 0));
        list.push(self.threads("w_xh_grad", layout.sizes.vocabulary * h / 4, 4 * n.div_ceil(layout.sizes.vocabulary)));
        // A workgroup takes 32 columns of either bias.
        list.push(self.groups("bias_grad", h.div_ceil(32) + v.div_ceil(32), 32 * n));
        list.push(self.groups("grad_norm", NORM_GROUPS, 2 * parameters / NORM_GROUPS));
        list.push(self.groups("clip_factor", 1, n + NORM_GROUPS));
        list.push(self.threads("sgd_update", parameters / 4, 8));
        list
    }

    fn list_generation(&mut self, layout: &Layout) -> [Dispatch; 4] {
        let (h, v) = (layout.hidden, layout.sizes.vocabulary);
        [
            self.threads("generate_state", h / 4, 8 * h),
            self.threads("generate_logits", v, 2 * h),
            self.threads("generate_score", v, 2 * v),
            self.groups("generate_pick", 1, v),
        ]
    }

    /// A kernel in tiles, cut into slices where it is long.
    fn product(&mut self, layout: &Layout, name: &str, [rows, columns, inner]: [usize; 3], t: usize) -> Vec<Dispatch> {
        let tile = KERNELS[kernel_index(name)].tile(layout.tile);
        let tiles = (rows / tile.rows()) * (columns / tile.columns());
        let groups = tiles.div_ceil(tile.tiles());
        let flops = 2 * rows as u64 * columns as u64 * inner as u64;
        let slices = flops.div_ceil(self.slice).clamp(1, groups as u64);
        let first_group = |slice: u64| (groups as u64 * slice / slices) as usize;
        (0..slices)
            .map(|slice| {
                let (begin, end) = (first_group(slice), first_group(slice + 1));
                let dims = Dims { t: t as u32, first: (begin * tile.tiles()) as u32, ..layout.dims() };
                self.dispatch(name, dims, end - begin, flops / slices)
            })
            .collect()
    }

    /// A kernel with so many threads, each of so many operations.
    fn threads(&mut self, name: &str, threads: usize, flops: usize) -> Dispatch {
        self.groups(name, threads.div_ceil(GROUP), GROUP * flops)
    }

    /// A kernel with so many workgroups, each of so many operations.
    fn groups(&mut self, name: &str, groups: usize, flops: usize) -> Dispatch {
        self.dispatch(name, self.dims[0], groups, groups as u64 * flops as u64)
    }

    fn dispatch(&mut self, name: &str, dims: Dims, groups: usize, flops: u64) -> Dispatch {
        let slot = self.dims.iter().position(|known| *known == dims).unwrap_or_else(|| {
            self.dims.push(dims);
            self.dims.len() - 1
        });
        let x = groups.min(MOST_WORKGROUPS);
        Dispatch {
            kernel: kernel_index(name),
            dims_at: (slot as u64 * ALIGNMENT) as u32,
            groups: [x as u32, groups.div_ceil(x) as u32],
            flops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::tile::Tile;
    use crate::model::Sizes;

    const BOOK: Sizes = Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 };

    #[test]
    fn a_minibatch_of_the_book_is_at_most_80_dispatches() {
        let layout = Layout::new(BOOK, Tile::ALL[0]);
        assert_eq!(Steps::new(&layout, false).train.len(), 80);
    }

    #[test]
    fn slices_cover_every_tile_once() {
        let layout = Layout::new(BOOK, Tile::ALL[3]);
        let steps = Steps::new(&layout, true);
        let slices: Vec<_> = steps.train.iter().filter(|d| d.kernel == kernel_index("w_hh_grad")).collect();
        assert!(slices.len() > 1);
        let mut next = 0;
        for dispatch in &slices {
            assert_eq!(steps.dims[dispatch.dims_at as usize / ALIGNMENT as usize].first, next);
            next += dispatch.groups[0] * layout.tile.group as u32;
        }
        assert_eq!(next as usize, layout.hidden / layout.tile.rows() * layout.hidden / layout.tile.columns());
    }

    #[test]
    fn many_workgroups_are_folded_into_two_dimensions() {
        let layout = Layout::new(Sizes { batch: 1, steps: 1, hidden: 4096, vocabulary: 5000 }, Tile::ALL[0]);
        for dispatch in Steps::new(&layout, false).train {
            assert!(dispatch.groups.iter().all(|&groups| (1..=MOST_WORKGROUPS as u32).contains(&groups)));
        }
    }
}
