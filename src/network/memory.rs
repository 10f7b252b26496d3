//! What the CPU engine's kernels work on: weights packed for products, and the tensors of a minibatch.

use std::ops::Range;

use dense::Panels;

use super::description::Network;
use super::parameters::Parameters;
use super::table::{Content, Dim};
use crate::model::Hyperparameters;
use crate::model::Sizes;

/// Parameters, and those that products multiply by as the right sides of these.
pub struct Weights {
    pub parameters: Parameters,
    /// For the way forward, `(K, N)`, and for the way back, transposed; by the parameter's name.
    packed: Vec<Packed>,
}

struct Packed {
    name: &'static str,
    place: Range<usize>,
    forward: Panels,
    /// None where there is no way back.
    backward: Option<Panels>,
}

impl Weights {
    /// Packs the parameters for the way forward and, where a network is trained, for the way back.
    pub fn new(parameters: Parameters, trained: bool) -> Self {
        let network = parameters.network;
        let packed = network.places().filter(|(param, _)| param.transposed).map(|(param, place)| {
            let [rows, columns] = network.shape(param)[..] else { panic!("{} is no matrix", param.name) };
            let backward = trained.then(|| Panels::right(rows));
            Packed { name: param.name, place, forward: Panels::right(columns), backward }
        });
        let mut weights = Self { packed: packed.collect(), parameters };
        weights.pack();
        weights
    }

    /// Packs the parameters anew, after they have changed.
    pub fn pack(&mut self) {
        for Packed { place, forward, backward, .. } in &mut self.packed {
            let matrix = &self.parameters.numbers[place.clone()];
            forward.pack_by_depth(matrix);
            if let Some(backward) = backward {
                backward.pack_by_across(matrix);
            }
        }
    }

    fn packed(&self, name: &str) -> &Packed {
        self.packed.iter().find(|packed| packed.name == name).unwrap_or_else(|| panic!("{name} is not packed"))
    }

    /// The right side of a product with a parameter.
    ///
    /// # Panics
    /// A parameter without `transposed` in its table.
    pub fn right(&self, name: &str) -> &Panels {
        &self.packed(name).forward
    }

    /// The right side of a product with a parameter's transpose.
    ///
    /// # Panics
    /// As [`Weights::right`]; weights that are not trained.
    pub fn right_transposed(&self, name: &str) -> &Panels {
        self.packed(name).backward.as_ref().expect("weights that are trained")
    }
}

/// The tensors of a minibatch, in true shapes, and what a training step comes to.
pub struct Tensors {
    pub sizes: Sizes,
    pub hyperparameters: Hyperparameters,
    /// Token ids `(T, B)`.
    pub inputs: Vec<u32>,
    pub targets: Vec<u32>,
    pub floats: Floats,
    pub sides: Sides,
    /// All gradients; none where nothing is trained.
    pub grads: Option<Parameters>,
    /// The minibatch's sum of losses so far, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradients.
    pub grad_norm: f32,
    /// What gradients are multiplied by before the update.
    pub clip_factor: f32,
}

impl Tensors {
    /// Zeros, for a network that is trained or only read with.
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
            clip_factor: 1.0,
        }
    }

    /// The gradient of a parameter.
    ///
    /// # Panics
    /// Nothing is trained; there is no such parameter.
    pub fn grad(&mut self, name: &str) -> &mut [f32] {
        grad(&mut self.grads, name)
    }
}

/// [`Tensors::grad`] where other tensors are borrowed meanwhile.
pub fn grad<'a>(grads: &'a mut Option<Parameters>, name: &str) -> &'a mut [f32] {
    grads.as_mut().expect("a network that is trained").tensor_mut(name)
}

/// The tensors of numbers, by name.
pub struct Floats(Vec<(&'static str, Vec<f32>)>);

impl Floats {
    fn new(network: &Network) -> Self {
        let floats = network.tensors().filter(|tensor| tensor.content == Content::Floats);
        let zeros = |shape: &[Dim]| vec![0.0; shape.iter().map(|dim| dim.of(network.sizes)).product()];
        Self(floats.map(|tensor| (tensor.name, zeros(tensor.shape))).collect())
    }

    /// A tensor.
    ///
    /// # Panics
    /// There is none of this name.
    pub fn get(&self, name: &str) -> &[f32] {
        &self.0[self.place(name)].1
    }

    pub fn get_mut(&mut self, name: &str) -> &mut [f32] {
        let place = self.place(name);
        &mut self.0[place].1
    }

    /// Several tensors at once.
    ///
    /// # Panics
    /// There is none of a name, or a name twice.
    pub fn get_many<const N: usize>(&mut self, names: [&str; N]) -> [&mut [f32]; N] {
        let places = names.map(|name| self.place(name));
        self.0.get_disjoint_mut(places).expect("different tensors").map(|(_, numbers)| &mut numbers[..])
    }

    fn place(&self, name: &str) -> usize {
        let place = self.0.iter().position(|(known, _)| *known == name);
        place.unwrap_or_else(|| panic!("there is no tensor {name}"))
    }

    /// Numbers of all tensors together.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(_, numbers)| numbers.len()).sum()
    }
}

/// The newest hidden state `(B, H)` among the [`Sides`]: a cell packs it where it computes it, and the output layer and
/// the next time step multiply by it.
pub const STATE: &str = "state";

/// Sides of products, packed, by names of the kernels' own.
#[derive(Default)]
pub struct Sides(Vec<(&'static str, Panels)>);

impl Sides {
    /// A left side of so many rows, to be packed.
    pub fn left(&mut self, name: &'static str, rows: usize) -> &mut Panels {
        self.find_or(name, || Panels::left(rows))
    }

    /// A right side of so many columns, to be packed.
    pub fn right(&mut self, name: &'static str, columns: usize) -> &mut Panels {
        self.find_or(name, || Panels::right(columns))
    }

    fn find_or(&mut self, name: &'static str, new: impl FnOnce() -> Panels) -> &mut Panels {
        let place = self.0.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.0.push((name, new()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// A side that has been packed.
    ///
    /// # Panics
    /// It has not.
    pub fn get(&self, name: &str) -> &Panels {
        &self.0.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not packed")).1
    }
}

/// The rows of some positions.
pub fn rows<'a>(tensor: &'a [f32], positions: &Range<usize>, across: usize) -> &'a [f32] {
    &tensor[positions.start * across..positions.end * across]
}
