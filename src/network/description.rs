//! A network: its modules, and what follows from their tables.

use std::ops::{Deref, Range};
use std::vec::IntoIter;

use super::table::{BELOW, DBELOW, Dim, GENERATED_BELOW, Gates, Module, Param, State, Tensor};
use super::work::Counts;
use crate::model::Sizes;

/// The modules and the sizes of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// The lowest layer, which reads tokens.
    pub cell: &'static Module,
    /// Each layer above it, which reads the hidden states of the one below.
    pub upper: &'static Module,
    /// The number of layers, at least 1.
    pub layers: usize,
    pub output: &'static Module,
    pub loss: &'static Module,
    pub optimizer: &'static Module,
    /// What the optimizer keeps of its last updates, from 0 to 1.
    pub momentum: f32,
    /// What the optimizer adds to a gradient, in units of the parameter.
    pub weight_decay: f32,
    /// How the next token is picked.
    pub prediction: &'static Module,
    pub sizes: Sizes,
}

/// A parameter or tensor, with its name in the network: that of a layer above the lowest ends with `_l1`, `_l2`, ….
#[derive(Debug, Clone)]
pub struct Named<T: 'static> {
    pub name: String,
    /// `None` for those that are no layer's.
    pub layer: Option<usize>,
    table: &'static T,
}

impl Named<Param> {
    /// Whether the kernels of a layer bind it by this name.
    pub fn is(&self, name: &str, layer: usize) -> bool {
        self.table.name == name && self.layer.is_none_or(|of| of == layer)
    }

    /// The name without its layer.
    pub fn table_name(&self) -> &'static str {
        self.table.name
    }

    /// The name of its gradient.
    pub fn gradient(&self) -> String {
        format!("d{}", self.name)
    }

    /// The name of its transposed copy.
    pub fn transposed_name(&self) -> String {
        layered(&format!("{}_t", self.table.name), self.layer.unwrap_or(0))
    }
}

impl Named<Tensor> {
    /// The name without its layer.
    pub fn table_name(&self) -> &'static str {
        self.table.name
    }
}

impl<T> Deref for Named<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.table
    }
}

/// The name of a layer's parameter or tensor.
fn layered(name: &str, layer: usize) -> String {
    if layer == 0 { name.to_owned() } else { format!("{name}_l{layer}") }
}

/// The name without its layer, and the layer.
fn without_layer(name: &str) -> (&str, usize) {
    let layer = name.rsplit_once("_l").and_then(|(base, layer)| Some((base, layer.parse().ok()?)));
    layer.unwrap_or((name, 0))
}

impl Network {
    /// The same modules with other sizes.
    pub fn with_sizes(self, sizes: Sizes) -> Self {
        Self { sizes, ..self }
    }

    /// Its cell, layers and optimizer in a word; empty for the book's first network.
    pub fn name(&self) -> String {
        match (self.cell.name, self.layers, self.optimizer.name) {
            ("rnn", 1, "sgd") => String::new(),
            (cell, layers, optimizer) => format!("{cell} {layers} {optimizer}"),
        }
    }

    /// The cell of a layer.
    pub fn layer(&self, layer: usize) -> &'static Module {
        if layer == 0 { self.cell } else { self.upper }
    }

    /// All modules; the layers with their numbers.
    pub fn modules(&self) -> impl Iterator<Item = (Option<usize>, &'static Module)> + use<> {
        let (layers, network) = (self.layers, *self);
        let others = [self.output, self.loss, self.optimizer, self.prediction];
        let layers = (0..layers).map(move |layer| (Some(layer), network.layer(layer)));
        layers.chain(others.map(|module| (None, module)))
    }

    /// One of the lists of all modules.
    fn all<T: 'static>(
        &self,
        list: fn(&'static Module) -> &'static [T],
        name: fn(&'static T) -> &'static str,
    ) -> IntoIter<Named<T>> {
        let mut all = Vec::new();
        for (layer, module) in self.modules() {
            let named = |table| Named { name: layered(name(table), layer.unwrap_or(0)), layer, table };
            all.extend(list(module).iter().map(named));
        }
        all.into_iter()
    }

    /// Every parameter, in the order of [`Parameters`](super::Parameters).
    pub fn params(&self) -> IntoIter<Named<Param>> {
        self.all(|module| module.params, |param| param.name)
    }

    /// Every tensor of a training step except parameters, gradients and transposed copies.
    pub fn tensors(&self) -> IntoIter<Named<Tensor>> {
        self.all(|module| module.tensors, |tensor| tensor.name)
    }

    /// The tensors of prediction.
    pub fn generate_tensors(&self) -> IntoIter<Named<Tensor>> {
        self.all(|module| module.generate_tensors, |tensor| tensor.name)
    }

    /// The tensors whose state is carried from one minibatch to the next; the first is the lowest layer's hidden state.
    pub fn carried(&self) -> impl Iterator<Item = Named<Tensor>> + use<> {
        self.tensors().filter(|tensor| tensor.carried)
    }

    /// The tensor, parameter or gradient that a kernel of a layer binds as `name`.
    pub fn resolve(&self, name: &str, layer: usize) -> String {
        match name {
            BELOW => self.resolve("states", layer - 1),
            DBELOW => self.resolve("dh", layer - 1),
            GENERATED_BELOW => self.resolve("generated_states", layer - 1),
            "dh" if !has_tensor(self.layer(layer), "dh") => self.resolve("dz", layer),
            _ if layer > 0 && is_of(self.upper, name) => layered(name, layer),
            _ => name.to_owned(),
        }
    }

    /// The unpadded shape of a parameter.
    pub fn shape(&self, param: &Param) -> Vec<usize> {
        param.shape.iter().map(|dim| dim.of(self.sizes)).collect()
    }

    /// The range of each parameter in the vector of all parameters.
    pub fn places(self) -> IntoIter<(Named<Param>, Range<usize>)> {
        let (mut places, mut end) = (Vec::new(), 0);
        for param in self.params() {
            let begin = end;
            end += self.shape(&param).iter().product::<usize>();
            places.push((param, begin..end));
        }
        places.into_iter()
    }

    /// The range of the parameter `name` in the vector of all parameters.
    ///
    /// # Panics
    /// If the network has no such parameter.
    pub fn place(&self, name: &str) -> Range<usize> {
        let (base, layer) = without_layer(name);
        self.place_in(base, layer)
    }

    /// The range of the parameter that a kernel of a layer binds as `name`.
    ///
    /// # Panics
    /// As [`Network::place`].
    pub fn place_in(&self, name: &str, layer: usize) -> Range<usize> {
        // Without the lists that the other functions make: the CPU engine's kernels ask often.
        let mut begin = 0;
        for (of, module) in self.modules() {
            for param in module.params {
                let length = param.shape.iter().map(|dim| dim.of(self.sizes)).product::<usize>();
                if param.name == name && of.is_none_or(|of| of == layer) {
                    return begin..begin + length;
                }
                begin += length;
            }
        }
        panic!("the network has no parameter {name}")
    }

    /// Number of elements of all parameters together.
    pub fn parameter_count(&self) -> usize {
        self.places().map(|(_, place)| place.len()).sum()
    }

    /// The range of each part of the optimizer's state in the vector of all its state.
    pub fn state_places(&self) -> Vec<(State, Range<usize>)> {
        let mut end = 0;
        let places = self.optimizer.state.iter().map(|&state| {
            let begin = end;
            end += match state {
                State::OfParameters(_) => self.parameter_count(),
                State::Numbers(_, count) => count,
            };
            (state, begin..end)
        });
        places.collect()
    }

    /// The tensors of the optimizer's state, one for each parameter where it is laid out like these, with their ranges in
    /// the vector of all its state.
    pub fn state_tensors(&self) -> Vec<(String, Range<usize>)> {
        let mut tensors = Vec::new();
        for (state, place) in self.state_places() {
            match state {
                State::Numbers(name, _) => tensors.push((name.to_owned(), place)),
                State::OfParameters(name) => tensors
                    .extend(self.places().map(|(param, of)| {
                        (state_of(name, &param.name), place.start + of.start..place.start + of.end)
                    })),
            }
        }
        tensors
    }

    /// Number of elements of the optimizer's state.
    pub fn state_count(&self) -> usize {
        self.state_places().last().map_or(0, |(_, place)| place.end)
    }

    /// The gates of its cell.
    pub fn gates(&self) -> Gates {
        Gates { cell: self.gates_of("gates"), input: self.gates_of("w_x"), state: self.gates_of("b_h") }
    }

    /// The number of gates in the last dimension of the cell's parameter or tensor of this name; 1 if there are none.
    fn gates_of(&self, name: &str) -> usize {
        let params = self.cell.params.iter().map(|param| (param.name, param.shape));
        let tensors = self.cell.tensors.iter().map(|tensor| (tensor.name, tensor.shape));
        match params.chain(tensors).find(|(known, _)| *known == name) {
            Some((_, [.., Dim::Gates(gates)])) => *gates,
            _ => 1,
        }
    }

    /// The sizes that kernels compute their [`Work`](super::Work) from.
    pub fn counts(self) -> Counts {
        let [b, t, h, v] = [self.sizes.batch, self.sizes.steps, self.sizes.hidden, self.sizes.vocabulary];
        let [b, t, h, v] = [b, t, h, v].map(|size| size as u64);
        let transposed = self.places().filter(|(param, _)| param.transposed).map(|(_, place)| place.len() as u64);
        let Gates { cell, input, state } = self.gates();
        let [g, gx, gh] = [cell, input, state].map(|gates| gates as u64);
        let parameters = self.parameter_count() as u64;
        Counts { b, t, n: t * b, h, v, g, gx, gh, parameters, transposed: transposed.sum() }
    }
}

/// The name of a parameter's part of an optimizer's state.
pub fn state_of(state: &str, param: &str) -> String {
    format!("{state}.{param}")
}

fn has_tensor(module: &Module, name: &str) -> bool {
    module.tensors.iter().chain(module.generate_tensors).any(|tensor| tensor.name == name)
}

/// Whether a module has this tensor, parameter, gradient or transposed copy.
fn is_of(module: &Module, name: &str) -> bool {
    let is =
        |param: &str| name == param || name.strip_prefix('d') == Some(param) || name.strip_suffix("_t") == Some(param);
    has_tensor(module, name) || module.params.iter().any(|param| is(param.name))
}
