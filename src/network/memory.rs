//! What the CPU engine's kernels work on: parameters packed for matrix products, and the tensors of a minibatch.

use std::ops::Range;

use dense::Panels;

use super::description::{Named, Network};
use super::parameters::Parameters;
use super::table::{BELOW, Content, DBELOW, Dim, Param};
use crate::model::{Hyperparameters, Sizes};

/// The parameters, and packed copies of those that are the right side of a matrix product.
pub struct Weights {
    pub parameters: Parameters,
    packed: Vec<Packed>,
    layer: usize,
}

/// A weight matrix `(K, N)` as the right side of products.
struct Packed {
    param: Named<Param>,
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
            let [rows, columns] = network.shape(&param)[..] else { panic!("{} is no matrix", param.name) };
            let backward = trained.then(|| Panels::right(rows));
            Packed { param, range, forward: Panels::right(columns), backward }
        });
        let mut weights = Self { packed: packed.collect(), parameters, layer: 0 };
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

    /// Sets the layer whose kernels run: names are those that they bind.
    pub fn enter(&mut self, layer: usize) {
        self.layer = layer;
    }

    /// The elements of a parameter.
    ///
    /// # Panics
    /// If the network has none of this name.
    pub fn tensor(&self, name: &str) -> &[f32] {
        &self.parameters.numbers[self.parameters.network.place_in(name, self.layer)]
    }

    /// Whether the network has such a parameter.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.network.layer(self.layer).params.iter().any(|param| param.name == name)
    }

    fn packed(&self, name: &str) -> &Packed {
        let is = |packed: &&Packed| packed.param.is(name, self.layer);
        self.packed.iter().find(is).unwrap_or_else(|| panic!("{name} is not packed"))
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
    pub network: Network,
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
    pub layer: usize,
}

impl Tensors {
    /// Zeros; with gradients if `trained`.
    pub fn new(network: &Network, hyperparameters: Hyperparameters, trained: bool) -> Self {
        Self {
            network: *network,
            sizes: network.sizes,
            hyperparameters,
            inputs: Vec::new(),
            targets: Vec::new(),
            floats: Floats::new(network),
            sides: Sides::default(),
            grads: trained.then(|| Parameters::gradients(*network)),
            loss: 0.0,
            grad_norm: 0.0,
            layer: 0,
        }
    }

    /// Sets the layer whose kernels run: names are those that they bind.
    pub fn enter(&mut self, layer: usize) {
        (self.layer, self.floats.layer, self.sides.layer) = (layer, layer, layer);
    }

    /// The gradient of the parameter `name`.
    ///
    /// # Panics
    /// If the network is not trained or has no such parameter.
    pub fn grad(&mut self, name: &str) -> &mut [f32] {
        grad(&mut self.grads, self.layer, name)
    }
}

/// [`Tensors::grad`] while other fields of [`Tensors`] are borrowed.
pub fn grad<'a>(grads: &'a mut Option<Parameters>, layer: usize, name: &str) -> &'a mut [f32] {
    let grads = grads.as_mut().expect("a network that is trained");
    let place = grads.network.place_in(name, layer);
    &mut grads.numbers[place]
}

/// The tensors of floats, by name.
pub struct Floats {
    layer: usize,
    tensors: Vec<FloatTensor>,
}

struct FloatTensor {
    name: &'static str,
    /// `None` for those that are no layer's.
    layer: Option<usize>,
    numbers: Vec<f32>,
}

impl Floats {
    fn new(network: &Network) -> Self {
        let length = |shape: &[Dim]| shape.iter().map(|dim| dim.of(network.sizes)).product();
        let mut tensors = Vec::new();
        for (layer, module) in network.modules() {
            for tensor in module.tensors.iter().filter(|tensor| tensor.content == Content::Floats) {
                let numbers = vec![0.0; length(tensor.shape)];
                tensors.push(FloatTensor { name: tensor.name, layer, numbers });
            }
        }
        Self { layer: 0, tensors }
    }

    /// # Panics
    /// If there is no tensor of this name.
    pub fn get(&self, name: &str) -> &[f32] {
        &self.tensors[self.index(name)].numbers
    }

    /// # Panics
    /// If there is no tensor of this name.
    pub fn get_mut(&mut self, name: &str) -> &mut [f32] {
        let index = self.index(name);
        &mut self.tensors[index].numbers
    }

    /// A layer's tensor.
    ///
    /// # Panics
    /// If the layer has none of this name.
    pub fn of_layer(&self, name: &str, layer: usize) -> &[f32] {
        let index = self.find(name, layer).unwrap_or_else(|| panic!("there is no tensor {name}"));
        &self.tensors[index].numbers
    }

    /// Borrows several tensors at once.
    ///
    /// # Panics
    /// If a tensor is missing or named twice.
    pub fn get_many<const N: usize>(&mut self, names: [&str; N]) -> [&mut [f32]; N] {
        let indices = names.map(|name| self.index(name));
        self.tensors.get_disjoint_mut(indices).expect("different tensors").map(|tensor| &mut tensor.numbers[..])
    }

    fn index(&self, name: &str) -> usize {
        let found = match name {
            BELOW => self.find("states", self.layer - 1),
            DBELOW => self.find_dh(self.layer - 1),
            "dh" => self.find_dh(self.layer),
            name => self.find(name, self.layer),
        };
        found.unwrap_or_else(|| panic!("there is no tensor {name}"))
    }

    fn find(&self, name: &str, layer: usize) -> Option<usize> {
        let is = |tensor: &FloatTensor| tensor.name == name && tensor.layer.is_none_or(|of| of == layer);
        self.tensors.iter().position(is)
    }

    /// Some cells turn `dh` into `dz` in place.
    fn find_dh(&self, layer: usize) -> Option<usize> {
        self.find("dh", layer).or_else(|| self.find("dz", layer))
    }
}

/// Name, among the [`Sides`], of the newest hidden state `(B, H)`: a cell packs it once it is computed, and the output
/// layer and the next time step use it as the left side of their products.
pub const STATE: &str = "state";

/// Name of a cell's hidden states among the tensors.
pub const STATES: &str = "states";

/// Packed sides of products that are not parameters, by names that the kernels choose: of each layer its own, since
/// layers may take turns.
#[derive(Default)]
pub struct Sides {
    layer: usize,
    packed: Vec<(&'static str, usize, Panels)>,
}

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
        let index = self.find(name, self.layer).unwrap_or_else(|| {
            self.packed.push((name, self.layer, new()));
            self.packed.len() - 1
        });
        &mut self.packed[index].2
    }

    fn find(&self, name: &str, layer: usize) -> Option<usize> {
        self.packed.iter().position(|(known, of, _)| *known == name && *of == layer)
    }

    /// A side that has been packed.
    ///
    /// # Panics
    /// If it has not been packed.
    pub fn get(&self, name: &str) -> &Panels {
        self.of_layer(name, self.layer)
    }

    /// A side that the layer below has packed.
    ///
    /// # Panics
    /// If it has not been packed.
    pub fn below(&self, name: &str) -> &Panels {
        self.of_layer(name, self.layer - 1)
    }

    fn of_layer(&self, name: &str, layer: usize) -> &Panels {
        let index = self.find(name, layer).unwrap_or_else(|| panic!("{name} is not packed"));
        &self.packed[index].2
    }
}

/// The rows of a range of positions, of a tensor `(N, across)`.
pub fn rows<'a>(tensor: &'a [f32], positions: &Range<usize>, across: usize) -> &'a [f32] {
    &tensor[positions.start * across..positions.end * across]
}
