//! The tables that describe a network: parameters, tensors, kernels. Everything else follows from them: buffers, bind
//! groups, the recorded step, limits, counts, the oracle's run, checkpoints, what the page shows.

use super::work::{Counts, Work};
use crate::model::Sizes;

/// One dimension of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// Rows of a minibatch.
    B,
    /// Time steps.
    T,
    /// `T + 1`: the state that entered, then one state a time step.
    T1,
    /// `T · B`, positions of a minibatch.
    N,
    /// Hidden units.
    H,
    /// Vocabulary size, as a side of a product.
    V,
    /// Vocabulary size, as rows that are looked up: no product has them for a side, so they are not padded.
    Rows,
    /// Vocabulary size plus one: where each token's positions begin, and the end.
    Starts,
    Count(usize),
}

/// The sizes of a network as a device stores them: `B`, `H` and `V` padded to whole tiles of its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padded {
    pub sizes: Sizes,
    pub batch: usize,
    pub hidden: usize,
    pub vocabulary: usize,
    /// Floats of all parameters.
    pub parameters: usize,
}

impl Padded {
    /// Positions, those of padded rows included.
    pub fn positions(&self) -> usize {
        self.sizes.steps * self.batch
    }
}

impl Dim {
    /// The true size.
    pub fn of(self, sizes: Sizes) -> usize {
        match self {
            Self::B => sizes.batch,
            Self::T => sizes.steps,
            Self::T1 => sizes.steps + 1,
            Self::N => sizes.positions(),
            Self::H => sizes.hidden,
            Self::V | Self::Rows => sizes.vocabulary,
            Self::Starts => sizes.vocabulary + 1,
            Self::Count(count) => count,
        }
    }

    /// The letter of equations.
    pub fn letter(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::T => "T",
            Self::T1 => "T + 1",
            Self::N => "N",
            Self::H => "H",
            Self::V | Self::Rows => "V",
            Self::Starts => "V + 1",
            Self::Count(_) => "",
        }
    }

    /// The size in a device's memory.
    pub fn padded(self, padded: &Padded) -> usize {
        match self {
            Self::B => padded.batch,
            Self::N => padded.positions(),
            Self::H => padded.hidden,
            Self::V => padded.vocabulary,
            _ => self.of(padded.sizes),
        }
    }
}

/// How a parameter begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Zero,
    /// From N(0, σ²).
    Normal(f32),
}

/// A parameter. Its gradient is the tensor `d` + name, its transposed copy name + `_t`.
#[derive(Debug)]
pub struct Param {
    /// As the book, and so files, call it.
    pub name: &'static str,
    /// One or two dimensions; matrices row by row.
    pub shape: &'static [Dim],
    pub init: Init,
    /// Whether the way back multiplies by its transpose: the optimiser's step then keeps a transposed copy.
    pub transposed: bool,
}

/// What a tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Numbers that kernels compute.
    Floats,
    /// Numbers of which only the sum means something: how they are divided is up to the device.
    PartialSums,
    /// Token ids and places, as kernels write them.
    Ids,
    /// Token ids and places of a minibatch, written by the engine.
    Minibatch,
}

/// A tensor that a training step or a prediction computes or is given.
#[derive(Debug)]
pub struct Tensor {
    /// As the kernels call it.
    pub name: &'static str,
    /// Up to three dimensions.
    pub shape: &'static [Dim],
    pub content: Content,
    /// Whether its last slot flows into the first of the next minibatch: `(T + 1, B, …)`.
    pub carried: bool,
}

impl Tensor {
    pub const fn new(name: &'static str, shape: &'static [Dim], content: Content) -> Self {
        Self { name, shape, content, carried: false }
    }

    pub const fn floats(name: &'static str, shape: &'static [Dim]) -> Self {
        Self::new(name, shape, Content::Floats)
    }

    /// A state: `(T + 1, B, …)`.
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

/// How often a kernel runs in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Once for each time step.
    EachStep,
    /// Once for all of them.
    Once,
}

/// How much there is to do in one run of a kernel.
#[derive(Debug, Clone, Copy)]
pub enum Extent {
    /// The tiles of a product `(rows, inner) · (inner, columns)`.
    Product {
        rows: Dim,
        inner: Dim,
        columns: Dim,
        /// Whether the tiles are so few that several threads may share one.
        few_tiles: bool,
    },
    /// So many threads, each of so many floating-point operations.
    Threads(fn(&Padded) -> (usize, usize)),
    /// So many workgroups, each of so many floating-point operations.
    Groups(fn(&Padded) -> (usize, usize)),
}

/// One kernel. Its name is also that of its WGSL file, its entry point, its label, its oracle and its CPU function.
#[derive(Debug)]
pub struct Kernel {
    pub name: &'static str,
    pub runs: Runs,
    /// The tensors at bindings 1, 2, …, by name. Parameters and gradients are tensors, and so are all of them
    /// together: [`PARAMETERS`], [`GRADS`], [`TRANSPOSED`], [`TRANSPOSES`].
    pub bindings: &'static [(&'static str, Access)],
    pub extent: Extent,
    /// Operations and bytes of all its runs in a training step.
    pub work: fn(&Counts) -> Work,
}

/// All parameters as one vector.
pub const PARAMETERS: &str = "parameters";
/// All gradients, in the places of their parameters.
pub const GRADS: &str = "grads";
/// All transposed copies.
pub const TRANSPOSED: &str = "transposed";
/// Where the parameters with transposed copies lie and where the copies go: a row of [`Transpose`] each.
pub const TRANSPOSES: &str = "transposes";

/// Where a parameter lies among all of them, and where its transposed copy goes among all copies, in floats; a device's
/// padding included. As `src/kernels/sgd/sgd_update.wgsl` has it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Transpose {
    pub begin: u32,
    pub end: u32,
    pub rows: u32,
    pub columns: u32,
    pub to: u32,
}

/// A part of a network: a cell, the output layer, the loss, an optimiser, prediction. Its kernels run in the order in
/// which they stand here.
#[derive(Debug)]
pub struct Module {
    pub name: &'static str,
    pub params: &'static [Param],
    pub tensors: &'static [Tensor],
    /// The way forward.
    pub forward: &'static [&'static Kernel],
    /// The way back, to the module before and, in a cell, through time.
    pub backward: &'static [&'static Kernel],
    /// The gradients of the parameters, once the way back is done.
    pub gradients: &'static [&'static Kernel],
    /// What an optimiser does with all gradients.
    pub update: &'static [&'static Kernel],
    /// One step of prediction for one sequence, which the CPU engine does by the way forward,
    pub generate: &'static [&'static Kernel],
    /// and what it needs beside the tensors of a minibatch.
    pub generate_tensors: &'static [Tensor],
}

impl Module {
    /// A module without anything, to name what another one has.
    pub const EMPTY: Self = Self {
        name: "",
        params: &[],
        tensors: &[],
        forward: &[],
        backward: &[],
        gradients: &[],
        update: &[],
        generate: &[],
        generate_tensors: &[],
    };
}

/// Modules are known by their names.
impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
