//! Records the operations of kernels on the CPU.

use std::ops::Range;

use dense::{Matrix, Op, Panels, Share};

use super::barriers::Barriers;
use super::description::Network;
use super::memory::{STATES, Space, Tensors, Weights};
use crate::model::Sizes;

/// Positions that one call of a gradient kernel sums over: a block of its product's depth.
pub const GRAD_POSITIONS: usize = dense::DEPTH;

/// Numbers that the engine writes or reads, each at an address of its own.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    pub learning_rate: u32,
    pub clip: u32,
    /// Mean loss of the minibatch, in nats.
    pub loss: u32,
    /// Global L2 norm of the gradients.
    pub grad_norm: u32,
    /// `min(1, clip / grad_norm)`
    pub clip_factor: u32,
}

impl Numbers {
    fn new(space: &mut Space) -> Self {
        let [learning_rate, clip, loss, grad_norm, clip_factor] = [(); 5].map(|()| space.take(1) as u32);
        Self { learning_rate, clip, loss, grad_norm, clip_factor }
    }
}

/// Records `dx = dz · w_xᵀ (N, V)`, the gradient of the lowest layer's inputs as one-hot vectors.
pub type InputGradients = fn(&mut Recorder<'_>, Matrix);

/// A packed side of a product that is no parameter: of a layer, by a name that its kernels choose, and a number.
struct Side {
    name: &'static str,
    layer: usize,
    index: usize,
    panels: Panels,
}

pub(super) const NOTHING: Matrix = Matrix { at: 0, rows: 0, columns: 0, stride: 0 };

/// Records what kernels do as operations on the tensors of a network, with barriers where threads have to wait for each
/// other. A kernel's names are those that it binds.
pub struct Recorder<'a> {
    pub network: Network,
    pub numbers: Numbers,
    threads: usize,
    pub(super) weights: &'a Weights,
    pub(super) tensors: &'a Tensors,
    pub(super) space: &'a mut Space,
    sides: Vec<Side>,
    layer: usize,
    pub(super) share: Share,
    pub(super) ops: Vec<Op>,
    pub(super) barriers: Barriers,
}

impl<'a> Recorder<'a> {
    /// For a network of the tensors' sizes.
    pub fn new(
        network: Network,
        threads: usize,
        weights: &'a Weights,
        tensors: &'a Tensors,
        space: &'a mut Space,
    ) -> Self {
        let (numbers, barriers) = (Numbers::new(space), Barriers::new(threads));
        let (sides, layer, share, ops) = (Vec::new(), 0, Share::COLUMNS, Vec::new());
        Self { network, numbers, threads, weights, tensors, space, sides, layer, share, ops, barriers }
    }

    /// The number of operations so far.
    pub fn recorded(&self) -> usize {
        self.ops.len()
    }

    /// Returns the operations.
    pub fn finish(self) -> Vec<Op> {
        self.ops
    }

    /// Sets the layer whose kernels are recorded next.
    pub fn enter(&mut self, layer: usize) {
        self.layer = layer;
    }

    pub fn sizes(&self) -> Sizes {
        self.network.sizes
    }

    /// The time step of positions that are one step's.
    pub fn step(&self, positions: &Range<usize>) -> usize {
        positions.start / self.sizes().batch
    }

    /// Records the part of one time step that depends on no other step's, on one thread: several steps at a time, each
    /// undivided. A step alone is divided like everything else.
    pub fn alone(&mut self, positions: &Range<usize>, record: impl FnOnce(&mut Self)) {
        if self.sizes().steps > 1 {
            self.share = Share::thread(self.step(positions) % self.threads);
        }
        record(self);
        self.share = Share::COLUMNS;
    }

    /// The rows of a tensor `(N, …)` or `(T + 1, B, …)` at these positions.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn tensor(&self, name: &str, positions: &Range<usize>) -> Matrix {
        self.tensors.get(name, self.layer).rows(positions.start, positions.len())
    }

    /// The rows of a tensor `(T + 1, B, …)` one time step after these positions.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn after(&self, name: &str, positions: &Range<usize>) -> Matrix {
        let batch = self.sizes().batch;
        self.tensor(name, &(positions.start + batch..positions.end + batch))
    }

    /// A tensor `(B, …)`.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn of_batch(&self, name: &str) -> Matrix {
        self.tensor(name, &(0..self.sizes().batch))
    }

    /// The input's token ids at these positions.
    pub fn inputs(&self, positions: &Range<usize>) -> Matrix {
        self.tensors.inputs.rows(positions.start, positions.len())
    }

    /// # Panics
    /// If the network has no such parameter.
    pub fn param(&self, name: &str) -> Matrix {
        self.find_param(name).unwrap_or_else(|| panic!("the network has no parameter {name}"))
    }

    /// A parameter, if the network has it.
    pub fn find_param(&self, name: &str) -> Option<Matrix> {
        self.weights.param(name, self.layer)
    }

    /// The gradient of the parameter `name`.
    ///
    /// # Panics
    /// If the network has no such parameter.
    pub fn grad(&self, name: &str) -> Matrix {
        self.weights.grad(name, self.layer).unwrap_or_else(|| panic!("the network has no parameter {name}"))
    }

    /// All parameters as one row.
    pub fn parameters(&self) -> Matrix {
        self.weights.parameters
    }

    /// All gradients as one row.
    pub fn grads(&self) -> Matrix {
        self.weights.grads
    }

    /// A part of the optimizer's state.
    ///
    /// # Panics
    /// If it has no such part.
    pub fn state(&self, name: &str) -> Matrix {
        self.weights.state(name).unwrap_or_else(|| panic!("the optimizer keeps no {name}"))
    }

    /// A weight matrix as the right side of products: the columns of each gate.
    ///
    /// # Panics
    /// If the parameter's table does not say `transposed`.
    pub fn weights(&self, name: &str) -> &'a [Panels] {
        self.weights.right(name, self.layer)
    }

    /// The transpose of a weight matrix as the right side of a product.
    ///
    /// # Panics
    /// As [`Recorder::weights`].
    pub fn weights_transposed(&self, name: &str) -> Panels {
        self.weights.right_transposed(name, self.layer)
    }

    /// The left side `name` with so many rows. Those of different indices are apart.
    pub fn left(&mut self, name: &'static str, index: usize, rows: usize, depth: usize) -> Panels {
        self.side(name, self.layer, index, Panels::left(self.space.tile, rows, depth))
    }

    /// The left side `name` for a time step whose neighbours use another.
    pub fn left_of_step(&mut self, name: &'static str, positions: &Range<usize>, depth: usize) -> Panels {
        self.left(name, self.step(positions) % 2, positions.len(), depth)
    }

    /// The left side `name` for a time step that is recorded [`alone`](Self::alone).
    pub fn left_alone(&mut self, name: &'static str, positions: &Range<usize>, depth: usize) -> Panels {
        self.left(name, self.step(positions) % self.threads, positions.len(), depth)
    }

    /// The right side `name` with so many columns. Those of different indices are apart.
    pub fn right(&mut self, name: &'static str, index: usize, columns: usize, depth: usize) -> Panels {
        self.side(name, self.layer, index, Panels::right(self.space.tile, columns, depth))
    }

    /// The space of a side, as large as it was when it was first asked for.
    fn side(&mut self, name: &'static str, layer: usize, index: usize, panels: Panels) -> Panels {
        let is = |side: &&Side| (side.name, side.layer, side.index) == (name, layer, index);
        let at = match self.sides.iter().find(is) {
            Some(side) => {
                assert!(panels.words() <= side.panels.words(), "a side grows");
                side.panels.at
            }
            None => {
                let at = self.space.take(panels.words());
                self.sides.push(Side { name, layer, index, panels: panels.at(at) });
                at
            }
        };
        panels.at(at)
    }

    /// The states `(B, H)` before time step `t` as the left side of products: a cell packs each once it is computed, and
    /// the next time step, the output layer and the layer above use it.
    pub fn state_side(&mut self, t: usize) -> Panels {
        self.state_side_of(self.layer, t)
    }

    /// [`Recorder::state_side`] of the layer below.
    pub fn state_side_below(&mut self, t: usize) -> Panels {
        self.state_side_of(self.layer - 1, t)
    }

    fn state_side_of(&mut self, layer: usize, t: usize) -> Panels {
        let Sizes { batch, hidden, .. } = self.sizes();
        self.side("state", layer, t, Panels::left(self.space.tile, batch, hidden))
    }

    /// Packs the states before time step `t`.
    pub fn pack_state(&mut self, t: usize) {
        let batch = self.sizes().batch;
        let (side, states) = (self.state_side(t), self.tensors.get(STATES, self.layer).rows(t * batch, batch));
        self.pack_by_across(side, states);
    }

    /// `a += dz_{t+1} · wᵀ`, from those gates of `dz` that the weights are of; returns whether there is a later step.
    pub fn add_later_error(&mut self, a: Matrix, weights: &str, positions: &Range<usize>) -> bool {
        let batch = self.sizes().batch;
        if positions.end == self.sizes().positions() {
            return false;
        }
        let weights = self.weights_transposed(weights);
        let left = self.left_of_step("error", positions, weights.depth);
        let later = self.tensor("dz", &(positions.start + batch..positions.end + batch));
        self.pack_gates(left, later.columns(0, weights.depth));
        self.product(a, left, weights);
        true
    }

    /// `grad += leftᵀ · right`, for rows of the same positions: by turns in sides with these names.
    pub fn add_product_of_rows(
        &mut self,
        grad: Matrix,
        [left_name, right_name]: [&'static str; 2],
        [left, right]: [Matrix; 2],
        positions: &Range<usize>,
    ) {
        let (turn, depth) = (positions.start / GRAD_POSITIONS % 2, positions.len());
        let left_side = self.left(left_name, turn, left.columns as usize, depth);
        let right_side = self.right(right_name, turn, right.columns as usize, depth);
        self.pack_by_depth(left_side, left);
        self.pack_by_depth(right_side, right);
        self.product(grad, left_side, right_side);
    }

    /// The address of a constant.
    pub fn constant(&mut self, number: f32) -> u32 {
        self.space.constant(number)
    }
}
