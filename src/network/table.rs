//! The tables that describe a network's modules: parameters, tensors, kernels. Buffers, bind groups, the recorded step,
//! device limits, work counts, the oracle's step, checkpoints and what the page shows all follow from them.

use super::work::{Counts, Work};
use crate::model::Sizes;

/// One dimension of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Batch size.
    B,
    /// Time steps.
    T,
    /// `T + 1`: the initial state, then one state for each time step.
    T1,
    /// `T · B`: positions of a minibatch, ordered `t · B + b`.
    N,
    /// Hidden units.
    H,
    /// Vocabulary size, as a dimension of a matrix product.
    V,
    /// Vocabulary size, as rows of a look-up table: not a dimension of any product, so not padded.
    Rows,
    /// `V + 1`: the start of each token's positions, and the end of the last.
    Starts,
    /// `H / UNITS`, rounded up: the workgroups of a cell's step of prediction.
    UnitGroups,
    /// This many gates of all hidden units, `G · H`, gate by gate. A device stores the gates of four units beside each
    /// other, so that a thread has them all: see [`stored_gate`].
    Gates(usize),
    /// A constant.
    Count(usize),
}

/// Where a device stores gate `i / hidden` of hidden unit `i % hidden`, of `gates` gates: in the order of four units, gate,
/// unit.
pub fn stored_gate(gates: usize, hidden: usize, i: usize) -> usize {
    let (gate, unit) = (i / hidden, i % hidden);
    (unit / 4 * gates + gate) * 4 + unit % 4
}

/// Hidden units that a workgroup computes in a step of prediction: `UNITS` in `units.wgsl`.
pub const UNITS: usize = 32;

/// The gates of a cell's hidden unit: how many there are, how many the input has, the last of them, and how many the state
/// has, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gates {
    pub cell: usize,
    pub input: usize,
    pub state: usize,
}

/// The sizes of a network as a device stores them: `B`, `H` and `V` padded to whole tiles of its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padded {
    pub sizes: Sizes,
    pub batch: usize,
    pub hidden: usize,
    pub vocabulary: usize,
    pub gates: Gates,
    /// Floats of the parameter buffer, padding included.
    pub parameters: usize,
}

impl Padded {
    /// `T · B` with B padded.
    pub fn positions(&self) -> usize {
        self.sizes.steps * self.batch
    }
}

impl Dim {
    /// The unpadded size.
    pub fn of(self, sizes: Sizes) -> usize {
        match self {
            Self::B => sizes.batch,
            Self::T => sizes.steps,
            Self::T1 => sizes.steps + 1,
            Self::N => sizes.positions(),
            Self::H => sizes.hidden,
            Self::V | Self::Rows => sizes.vocabulary,
            Self::Starts => sizes.vocabulary + 1,
            Self::UnitGroups => sizes.hidden.div_ceil(UNITS),
            Self::Gates(gates) => gates * sizes.hidden,
            Self::Count(count) => count,
        }
    }

    /// The letter in equations and shapes.
    pub fn letter(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::T => "T",
            Self::T1 => "T + 1",
            Self::N => "N",
            Self::H => "H",
            Self::V | Self::Rows => "V",
            Self::Starts => "V + 1",
            Self::Gates(gates) => ["", "H", "2H", "3H", "4H"][gates],
            Self::UnitGroups | Self::Count(_) => "",
        }
    }

    /// The size as a device stores it.
    pub fn padded(self, padded: &Padded) -> usize {
        match self {
            Self::B => padded.batch,
            Self::N => padded.positions(),
            Self::H => padded.hidden,
            Self::V => padded.vocabulary,
            Self::Gates(gates) => gates * padded.hidden,
            _ => self.of(padded.sizes),
        }
    }
}

/// How a parameter is initialised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Zero,
    /// N(0, σ²), by its standard deviation σ.
    Normal(f32),
    /// U(−1/√H, 1/√H), as PyTorch's layers.
    Uniform,
}

/// The tensors that a parameter is in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// One of the same name.
    Same,
    /// One for each gate, by their names.
    Gates(&'static [&'static str]),
    /// One, transposed, by its name and the gates in its order: PyTorch's layers have a row for each output.
    Transposed(&'static str, &'static [usize]),
}

/// A parameter. Its gradient is the tensor `d` + name, its transposed copy name + `_t`.
#[derive(Debug)]
pub struct Param {
    /// The name that kernels bind.
    pub name: &'static str,
    /// One or two dimensions; matrices row by row.
    pub shape: &'static [Dim],
    pub init: Init,
    pub files: Files,
    /// Whether the backward pass multiplies by its transpose, of which the optimizer's update then keeps a copy.
    pub transposed: bool,
}

/// What a tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Floats that kernels compute.
    Floats,
    /// Floats of which only the sum is defined: how it is divided depends on the device.
    PartialSums,
    /// Token ids, positions and other unsigned integers of prediction.
    Ids,
    /// Token ids and positions of a minibatch, uploaded by the engine.
    Minibatch,
}

impl Param {
    /// A parameter of the book's networks from scratch: matrices from N(0, 0.01²), biases zero.
    pub const fn scratch(name: &'static str, shape: &'static [Dim], files: Files) -> Self {
        let init = if shape.len() > 1 { Init::Normal(0.01) } else { Init::Zero };
        Self { name, shape, init, files, transposed: false }
    }

    /// A parameter of PyTorch's layers.
    pub const fn concise(name: &'static str, shape: &'static [Dim], file: Files) -> Self {
        Self { name, shape, init: Init::Uniform, files: file, transposed: false }
    }

    /// With a transposed copy.
    pub const fn with_transposed(self) -> Self {
        Self { transposed: true, ..self }
    }

    /// A layer's weights of its input: above the lowest with a transposed copy, by which the layer below gets its gradient.
    pub const fn of_input(self) -> Self {
        Self { transposed: matches!(self.shape[0], Dim::H), ..self }
    }
}

/// What an optimizer keeps from one training step to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A vector laid out like all parameters.
    OfParameters(&'static str),
    /// A few numbers.
    Numbers(&'static str, usize),
}

impl State {
    pub fn name(self) -> &'static str {
        let (Self::OfParameters(name) | Self::Numbers(name, _)) = self;
        name
    }
}

/// A tensor that a training step or a step of prediction reads or writes.
#[derive(Debug, Clone, Copy)]
pub struct Tensor {
    /// The name that kernels bind.
    pub name: &'static str,
    /// Up to three dimensions.
    pub shape: &'static [Dim],
    pub content: Content,
    /// Whether slot T of this `(T + 1, B, …)` tensor is carried into slot 0 of the next minibatch.
    pub carried: bool,
}

impl Tensor {
    pub const fn new(name: &'static str, shape: &'static [Dim], content: Content) -> Self {
        Self { name, shape, content, carried: false }
    }

    pub const fn floats(name: &'static str, shape: &'static [Dim]) -> Self {
        Self::new(name, shape, Content::Floats)
    }

    /// A state `(T + 1, B, …)`.
    pub const fn carried(name: &'static str, shape: &'static [Dim]) -> Self {
        Self { carried: true, ..Self::floats(name, shape) }
    }
}

/// How a kernel uses a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// How often a kernel is called in a training step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Once for each time step.
    EachStep,
    /// Once for all time steps.
    Once,
}

/// The size of one call of a kernel.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// The tiles of a product `(rows, inner) · (inner, columns)`.
    Product {
        rows: Dim,
        inner: Dim,
        columns: Dim,
        /// The most threads that may share the sum of a tile (1, or at least 4): many where there are too few tiles to
        /// keep a GPU busy, few where there are enough, one where the sum is short.
        sharers: usize,
    },
    /// The tiles of a product `(rows, inner) · (inner, gates · H)`; a tile has all gates of its hidden units.
    GateProduct { rows: Dim, inner: Dim, gates: usize },
    /// Returns the number of threads, and the floating-point operations of each.
    Threads(fn(&Padded) -> (usize, usize)),
    /// Returns the number of workgroups, and the floating-point operations of each.
    Groups(fn(&Padded) -> (usize, usize)),
    /// The same, of workgroups with as many threads as those of a product.
    TileGroups(fn(&Padded) -> (usize, usize)),
}

/// One kernel. WGSL file, entry point, label, oracle and CPU function have its name.
#[derive(Debug)]
pub struct Kernel {
    pub name: &'static str,
    pub runs: Runs,
    /// The tensors at bindings 1, 2, …, by name: parameters, gradients (`d` + name), transposed copies (name + `_t`),
    /// the modules' tensors, an optimizer's state, and the whole buffers [`PARAMETERS`], [`GRADS`], [`TRANSPOSED`] and
    /// [`TRANSPOSES`]. In a layer above the lowest also [`BELOW`] and [`DBELOW`].
    pub bindings: &'static [(&'static str, Access)],
    pub extent: Extent,
    /// Operations and bytes of all its calls in a training step.
    pub work: fn(&Counts) -> Work,
}

/// The hidden states of the layer below.
pub const BELOW: &str = "below";
/// Their gradient.
pub const DBELOW: &str = "dbelow";
/// What the layer below has generated.
pub const GENERATED_BELOW: &str = "generated_below";
/// All parameters as one vector.
pub const PARAMETERS: &str = "parameters";
/// All gradients, each at the offset of its parameter in [`PARAMETERS`].
pub const GRADS: &str = "grads";
/// All transposed copies as one vector.
pub const TRANSPOSED: &str = "transposed";
/// One [`Transpose`] for each parameter with a transposed copy.
pub const TRANSPOSES: &str = "transposes";

/// The range `begin..end` of a parameter `(rows, columns)` in [`PARAMETERS`] and the offset `to` of its transposed copy
/// in [`TRANSPOSED`], in floats, padding included. `struct Transpose` in `src/kernels/sgd/sgd_update.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Transpose {
    pub begin: u32,
    pub end: u32,
    pub rows: u32,
    pub columns: u32,
    pub to: u32,
}

/// A part of a network: a cell, the output layer, the loss, an optimizer, prediction. Kernels are called in the order
/// of these lists; see [`plan`](super::plan).
///
/// Engines and other modules bind some tensors by name, so a cell must have them: `inputs`, `starts` and `positions` of
/// the minibatch; `states`, its first carried tensor; `dh`, or `dz` if the backward pass turns `dh` into it in place; and
/// for prediction `generated_states`, of which slot 0 is zero when it begins. An optimizer must have `metrics`.
#[derive(Debug)]
pub struct Module {
    pub name: &'static str,
    pub params: &'static [Param],
    pub tensors: &'static [Tensor],
    /// The forward pass.
    pub forward: &'static [&'static Kernel],
    /// The backward pass: the gradient of the module's input and, in a cell, backpropagation through time.
    pub backward: &'static [&'static Kernel],
    /// The gradients of the parameters, after all backward passes.
    pub gradients: &'static [&'static Kernel],
    /// An optimizer's update of all parameters.
    pub update: &'static [&'static Kernel],
    /// An optimizer's state, zero at first.
    pub state: &'static [State],
    /// One step of prediction for one sequence, on the GPU; the CPU engine calls `forward` instead.
    pub generate: &'static [&'static Kernel],
    /// The tensors of `generate`.
    pub generate_tensors: &'static [Tensor],
}

impl Module {
    /// A module without kernels or tensors: the base of struct updates.
    pub const EMPTY: Self = Self {
        name: "",
        params: &[],
        tensors: &[],
        forward: &[],
        backward: &[],
        gradients: &[],
        update: &[],
        state: &[],
        generate: &[],
        generate_tensors: &[],
    };
}

/// Modules are equal if their names are.
impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
