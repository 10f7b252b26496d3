//! What the CPU engine's kernels work on: parameters packed for matrix products, and the tensors of a minibatch.

use std::ops::Range;

use dense::Panels;

use super::description::Network;
use super::parameters::Parameters;
use super::table::{Content, Dim};
use crate::model::{Hyperparameters, Sizes};

/// The parameters, and packed copies of those that are the right side of a matrix product.
pub struct Weights {
    pub parameters: Parameters,
    packed: Vec<Packed>,
}

/// A weight matrix `(K, N)` as the right side of products.
struct Packed {
    name: &'static str,
    /// Its elements in the vector of all parameters.
    range: Range<usize>,
    forward: Panels,
    /// Its transpose, for the backward pass; `None` for weights that are not trained.
    backward: Option<Panels>,
}

impl Weights {
    /// Packs the parameters for the forward pass and, if `trained`, for the backward pass.
    pub fn new(parameters: Parameters, trained: bool) -> Self {
        let network = parameters.network;
        let packed = network.places().filter(|(param, _)| param.transposed).map(|(param, range)| {
            let [rows, columns] = network.shape(param)[..] else { panic!("{} is no matrix", param.name) };
            let backward = trained.then(|| Panels::right(rows));
            Packed { name: param.name, range, forward: Panels::right(columns), backward }
        });
        let mut weights = Self { packed: packed.collect(), parameters };
        weights.pack();
        weights
    }

    /// Packs the parameters again, after they have changed.
    pub fn pack(&mut self) {
        for Packed { range, forward, backward, .. } in &mut self.packed {
            let matrix = &self.parameters.numbers[range.clone()];
            forward.pack_by_depth(matrix);
            if let Some(backward) = backward {
                backward.pack_by_across(matrix);
            }
        }
    }

    fn packed(&self, name: &str) -> &Packed {
        self.packed.iter().find(|packed| packed.name == name).unwrap_or_else(|| panic!("{name} is not packed"))
    }

    /// A weight matrix `(K, N)` as the right side of a product.
    ///
    /// # Panics
    /// If the parameter's table does not say `transposed`.
    pub fn right(&self, name: &str) -> &Panels {
        &self.packed(name).forward
    }

    /// The transpose `(N, K)` of a weight matrix as the right side of a product.
    ///
    /// # Panics
    /// As [`Weights::right`]; if the weights are not trained.
    pub fn right_transposed(&self, name: &str) -> &Panels {
        self.packed(name).backward.as_ref().expect("weights that are trained")
    }
}

/// The tensors of a minibatch, unpadded, and the results of a training step.
pub struct Tensors {
    pub sizes: Sizes,
    pub hyperparameters: Hyperparameters,
    /// Token ids `(T, B)`.
    pub inputs: Vec<u32>,
    /// Token ids `(T, B)`: the input one time step later.
    pub targets: Vec<u32>,
    pub floats: Floats,
    pub sides: Sides,
    /// All gradients; `None` if the network is not trained.
    pub grads: Option<Parameters>,
    /// Sum of the losses of the positions so far, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradients.
    pub grad_norm: f32,
}

impl Tensors {
    /// Zeros; with gradients if `trained`.
    pub fn new(network: &Network, hyperparameters: Hyperparameters, trained: bool) -> Self {
        Self {
            sizes: network.sizes,
            hyperparameters,
            inputs: Vec::new(),
            targets: Vec::new(),
            floats: Floats::new(network),
            sides: Sides::default(),
            grads: trained.then(|| Parameters::zeros(*network)),
            loss: 0.0,
            grad_norm: 0.0,
        }
    }

    /// The gradient of the parameter `name`.
    ///
    /// # Panics
    /// If the network is not trained or has no such parameter.
    pub fn grad(&mut self, name: &str) -> &mut [f32] {
        grad(&mut self.grads, name)
    }
}

/// [`Tensors::grad`] while other fields of [`Tensors`] are borrowed.
pub fn grad<'a>(grads: &'a mut Option<Parameters>, name: &str) -> &'a mut [f32] {
    grads.as_mut().expect("a network that is trained").tensor_mut(name)
}

/// The tensors of floats, by name.
pub struct Floats(Vec<(&'static str, Vec<f32>)>);

impl Floats {
    fn new(network: &Network) -> Self {
        let floats = network.tensors().filter(|tensor| tensor.content == Content::Floats);
        let zeros = |shape: &[Dim]| vec![0.0; shape.iter().map(|dim| dim.of(network.sizes)).product()];
        Self(floats.map(|tensor| (tensor.name, zeros(tensor.shape))).collect())
    }

    /// # Panics
    /// If there is no tensor of this name.
    pub fn get(&self, name: &str) -> &[f32] {
        &self.0[self.index(name)].1
    }

    /// # Panics
    /// If there is no tensor of this name.
    pub fn get_mut(&mut self, name: &str) -> &mut [f32] {
        let index = self.index(name);
        &mut self.0[index].1
    }

    /// Borrows several tensors at once.
    ///
    /// # Panics
    /// If a tensor is missing or named twice.
    pub fn get_many<const N: usize>(&mut self, names: [&str; N]) -> [&mut [f32]; N] {
        let indices = names.map(|name| self.index(name));
        self.0.get_disjoint_mut(indices).expect("different tensors").map(|(_, numbers)| &mut numbers[..])
    }

    fn index(&self, name: &str) -> usize {
        let index = self.0.iter().position(|(known, _)| *known == name);
        index.unwrap_or_else(|| panic!("there is no tensor {name}"))
    }
}

/// Name, among the [`Sides`], of the newest hidden state `(B, H)`: a cell packs it once it is computed, and the output
/// layer and the next time step use it as the left side of their products.
pub const STATE: &str = "state";

/// Packed sides of products that are not parameters, by names that the kernels choose.
#[derive(Default)]
pub struct Sides(Vec<(&'static str, Panels)>);

impl Sides {
    /// The left side `name` with `rows` rows, for packing.
    pub fn left(&mut self, name: &'static str, rows: usize) -> &mut Panels {
        self.find_or(name, || Panels::left(rows))
    }

    /// The right side `name` with `columns` columns, for packing.
    pub fn right(&mut self, name: &'static str, columns: usize) -> &mut Panels {
        self.find_or(name, || Panels::right(columns))
    }

    fn find_or(&mut self, name: &'static str, new: impl FnOnce() -> Panels) -> &mut Panels {
        let index = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name, new()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    /// A side that has been packed.
    ///
    /// # Panics
    /// If it has not been packed.
    pub fn get(&self, name: &str) -> &Panels {
        &self.0.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not packed")).1
    }
}

/// The rows of a range of positions, of a tensor `(N, across)`.
pub fn rows<'a>(tensor: &'a [f32], positions: &Range<usize>, across: usize) -> &'a [f32] {
    &tensor[positions.start * across..positions.end * across]
}
