//! Where the CPU engine keeps what its kernels work on, as addresses in one memory: parameters, their packed copies, the
//! tensors of a minibatch.

use std::ops::Range;
use std::slice;

use dense::{Matrix, Op, Panels, Tile};

use super::description::{Named, Network};
use super::table::{BELOW, Content, DBELOW, Dim, Param, State};

/// Words between the beginnings of two regions are a multiple of this, so that each begins a cache line.
const LINE: u64 = 16;

/// Operations in a memory.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    pub at: u32,
    /// How many they are.
    pub ops: usize,
}

/// The regions of a memory that have been given away, and what is in it from the beginning.
#[derive(Debug)]
pub struct Space {
    /// The tiles of the products of those who will work on it.
    pub tile: Tile,
    end: u64,
    constants: Vec<(u32, f32)>,
    programs: Vec<(u32, Vec<Op>)>,
}

impl Space {
    /// Nothing has been given away yet.
    pub fn new(tile: Tile) -> Self {
        Self { tile, end: 0, constants: Vec::new(), programs: Vec::new() }
    }

    /// Gives away a region of so many words, and returns its address. It is zero at first.
    ///
    /// Addresses have 32 bits: who uses the memory checks [`Space::words`] first.
    pub fn take(&mut self, words: usize) -> usize {
        let at = self.end;
        self.end += (words as u64).next_multiple_of(LINE);
        at as usize
    }

    /// A region for a matrix.
    pub fn matrix(&mut self, rows: usize, columns: usize) -> Matrix {
        Matrix::new(self.take(rows * columns), rows, columns)
    }

    /// The address of a constant.
    pub fn constant(&mut self, number: f32) -> u32 {
        if let Some((at, _)) = self.constants.iter().find(|(_, known)| known.to_bits() == number.to_bits()) {
            return *at;
        }
        let at = self.take(1) as u32;
        self.constants.push((at, number));
        at
    }

    /// Puts operations into the memory.
    pub fn program(&mut self, ops: Vec<Op>) -> Program {
        let at = self.take(ops.len() * size_of::<Op>() / 4) as u32;
        let program = Program { at, ops: ops.len() };
        self.programs.push((at, ops));
        program
    }

    /// Writes all constants and programs, by their addresses.
    pub fn contents(&self, mut write: impl FnMut(u32, &[f32])) {
        self.constants.iter().for_each(|(at, number)| write(*at, &[*number]));
        for (at, ops) in &self.programs {
            // SAFETY: an operation is words without padding between them.
            write(*at, unsafe { slice::from_raw_parts(ops.as_ptr().cast(), ops.len() * size_of::<Op>() / 4) });
        }
    }

    /// All words given away.
    pub fn words(&self) -> u64 {
        self.end
    }
}

/// The parameters, and packed copies of those that are the right side of a matrix product.
#[derive(Debug)]
pub struct Weights {
    pub network: Network,
    /// All parameters as one row.
    pub parameters: Matrix,
    /// The optimizer's state as one row; empty if nothing is trained.
    pub state: Matrix,
    /// All gradients as one row, likewise.
    pub grads: Matrix,
    packed: Vec<Packed>,
}

/// A weight matrix `(K, gates · N)` as the right side of products.
#[derive(Debug)]
struct Packed {
    param: Named<Param>,
    matrix: Matrix,
    /// The columns of each gate.
    forward: Vec<Panels>,
    /// Its transpose, for the backward pass; `None` for weights that are not trained.
    backward: Option<Panels>,
}

impl Weights {
    /// Takes space for the forward pass and, if `trained`, for the backward pass.
    pub fn new(network: Network, trained: bool, space: &mut Space) -> Self {
        let count = network.parameter_count();
        let [state, grads] = if trained { [network.state_count(), count] } else { [0; 2] };
        let [parameters, state, grads] = [count, state, grads].map(|count| space.matrix(1, count));
        let mut weights = Self { network, parameters, state, grads, packed: Vec::new() };
        for (param, range) in network.places().filter(|(param, _)| param.transposed) {
            let matrix = weights.of(parameters, &param, &range);
            let (rows, columns) = (matrix.rows as usize, matrix.columns as usize);
            let gates = if let [.., Dim::Gates(gates)] = param.shape { *gates } else { 1 };
            let mut right = |columns, depth| {
                let panels = Panels::right(space.tile, columns, depth);
                panels.at(space.take(panels.words()))
            };
            let forward = (0..gates).map(|_| right(columns / gates, rows)).collect();
            let backward = trained.then(|| right(rows, columns));
            weights.packed.push(Packed { param, matrix, forward, backward });
        }
        weights
    }

    /// A parameter's matrix, or the row of a bias, in a row of all.
    fn of(&self, all: Matrix, param: &Param, range: &Range<usize>) -> Matrix {
        let shape = self.network.shape(param);
        let columns = *shape.last().expect("a parameter has a dimension");
        Matrix::new(all.at as usize + range.start, range.len() / columns, columns)
    }

    fn find(&self, all: Matrix, name: &str, layer: usize) -> Option<Matrix> {
        let (param, range) = self.network.places().find(|(param, _)| param.is(name, layer))?;
        Some(self.of(all, &param, &range))
    }

    /// The parameter that a layer's kernels bind by this name, if there is one.
    pub fn param(&self, name: &str, layer: usize) -> Option<Matrix> {
        self.find(self.parameters, name, layer)
    }

    /// Its gradient.
    pub fn grad(&self, name: &str, layer: usize) -> Option<Matrix> {
        self.find(self.grads, name, layer)
    }

    /// A part of the optimizer's state.
    pub fn state(&self, name: &str) -> Option<Matrix> {
        let places = self.network.state_places();
        let (_, range) = places.into_iter().find(|(state, _): &(State, _)| state.name() == name)?;
        Some(self.state.columns(range.start, range.len()))
    }

    /// A weight matrix as the right side of a product: the columns of each gate.
    ///
    /// # Panics
    /// If the parameter's table does not say `transposed`.
    pub fn right(&self, name: &str, layer: usize) -> &[Panels] {
        &self.packed(name, layer).forward
    }

    /// The transpose of a weight matrix as the right side of a product.
    ///
    /// # Panics
    /// As [`Weights::right`]; if the weights are not trained.
    pub fn right_transposed(&self, name: &str, layer: usize) -> Panels {
        self.packed(name, layer).backward.expect("weights that are trained")
    }

    fn packed(&self, name: &str, layer: usize) -> &Packed {
        let is = |packed: &&Packed| packed.param.is(name, layer);
        self.packed.iter().find(is).unwrap_or_else(|| panic!("{name} is not packed"))
    }

    /// Each packed matrix with its copies: of each gate's columns, and the transpose.
    pub fn copies(&self) -> impl Iterator<Item = (Matrix, &[Panels], Option<Panels>)> {
        self.packed.iter().map(|packed| (packed.matrix, &packed.forward[..], packed.backward))
    }
}

/// The tensors of a minibatch, unpadded, each as a matrix with its last dimension as columns.
#[derive(Debug, Clone)]
pub struct Tensors {
    network: Network,
    floats: Vec<FloatTensor>,
    /// Token ids `(T, B)`, one a row.
    pub inputs: Matrix,
    /// Token ids `(T, B)`: the input one time step later.
    pub targets: Matrix,
    /// The loss of each position, an f64.
    pub losses: Matrix,
}

#[derive(Debug, Clone)]
struct FloatTensor {
    name: &'static str,
    /// `None` for those that are no layer's.
    layer: Option<usize>,
    matrix: Matrix,
}

impl Tensors {
    pub fn new(network: Network, space: &mut Space) -> Self {
        let positions = network.sizes.positions();
        let mut floats = Vec::new();
        for (layer, module) in network.modules() {
            for tensor in module.tensors.iter().filter(|tensor| tensor.content == Content::Floats) {
                let mut dims = tensor.shape.iter().map(|dim| dim.of(network.sizes));
                let columns = dims.next_back().expect("a tensor has a dimension");
                floats.push(FloatTensor { name: tensor.name, layer, matrix: space.matrix(dims.product(), columns) });
            }
        }
        let [inputs, targets] = [(); 2].map(|()| space.matrix(positions, 1));
        Self { network, floats, inputs, targets, losses: space.matrix(positions, 2) }
    }

    /// The tensor that a layer's kernels bind by this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, name: &str, layer: usize) -> Matrix {
        let found = match name {
            BELOW => self.find(STATES, layer - 1),
            DBELOW => self.find_dh(layer - 1),
            "dh" => self.find_dh(layer),
            name => self.find(name, layer),
        };
        found.unwrap_or_else(|| panic!("there is no tensor {name} in {}", self.network.cell.name))
    }

    fn find(&self, name: &str, layer: usize) -> Option<Matrix> {
        let is = |tensor: &&FloatTensor| tensor.name == name && tensor.layer.is_none_or(|of| of == layer);
        self.floats.iter().find(is).map(|tensor| tensor.matrix)
    }

    /// Some cells turn `dh` into `dz` in place.
    fn find_dh(&self, layer: usize) -> Option<Matrix> {
        self.find("dh", layer).or_else(|| self.find("dz", layer))
    }
}

/// Name of a cell's hidden states among the tensors.
pub const STATES: &str = "states";
