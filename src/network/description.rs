//! A network: its modules, and what follows from their tables.

use std::ops::Range;
use std::vec::IntoIter;

use super::table::{Module, Param, Tensor};
use super::work::Counts;
use crate::model::Sizes;

/// The modules and the sizes of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    pub cell: &'static Module,
    pub output: &'static Module,
    pub loss: &'static Module,
    pub optimizer: &'static Module,
    /// How the next token is picked.
    pub prediction: &'static Module,
    pub sizes: Sizes,
}

impl Network {
    /// The same modules with other sizes.
    pub fn with_sizes(self, sizes: Sizes) -> Self {
        Self { sizes, ..self }
    }

    /// One of the lists of all modules. As a vector, since a chain of iterators makes a larger program.
    fn all<T>(&self, list: fn(&'static Module) -> &'static [T]) -> IntoIter<&'static T> {
        let mut all = Vec::new();
        for module in [self.cell, self.output, self.loss, self.optimizer, self.prediction] {
            all.extend(list(module));
        }
        all.into_iter()
    }

    /// Every parameter, in the order of [`Parameters`](super::Parameters) and of files.
    pub fn params(&self) -> IntoIter<&'static Param> {
        self.all(|module| module.params)
    }

    /// Every tensor of a training step except parameters, gradients and transposed copies.
    pub fn tensors(&self) -> IntoIter<&'static Tensor> {
        self.all(|module| module.tensors)
    }

    /// The tensors of prediction.
    pub fn generate_tensors(&self) -> IntoIter<&'static Tensor> {
        self.all(|module| module.generate_tensors)
    }

    /// The tensors whose state is carried from one minibatch to the next; the first is the hidden state.
    pub fn carried(&self) -> impl Iterator<Item = &'static Tensor> + use<> {
        self.tensors().filter(|tensor| tensor.carried)
    }

    /// The unpadded shape of a parameter.
    pub fn shape(&self, param: &Param) -> Vec<usize> {
        param.shape.iter().map(|dim| dim.of(self.sizes)).collect()
    }

    /// The range of each parameter in the vector of all parameters.
    pub fn places(self) -> IntoIter<(&'static Param, Range<usize>)> {
        let (mut places, mut end) = (Vec::new(), 0);
        for param in self.params() {
            let begin = end;
            end += self.shape(param).iter().product::<usize>();
            places.push((param, begin..end));
        }
        places.into_iter()
    }

    /// The range of the parameter `name` in the vector of all parameters.
    ///
    /// # Panics
    /// If the network has no such parameter.
    pub fn place(self, name: &str) -> Range<usize> {
        // Without the lists that the other functions make: the CPU engine's kernels ask often.
        let mut begin = 0;
        for module in [self.cell, self.output, self.loss, self.optimizer, self.prediction] {
            for param in module.params {
                let length = param.shape.iter().map(|dim| dim.of(self.sizes)).product::<usize>();
                if param.name == name {
                    return begin..begin + length;
                }
                begin += length;
            }
        }
        panic!("the network has no parameter {name}")
    }

    /// Number of elements of all parameters together.
    pub fn parameter_count(self) -> usize {
        self.places().map(|(_, place)| place.len()).sum()
    }

    /// The sizes that kernels compute their [`Work`](super::Work) from.
    pub fn counts(self) -> Counts {
        let [b, t, h, v] = [self.sizes.batch, self.sizes.steps, self.sizes.hidden, self.sizes.vocabulary];
        let [b, t, h, v] = [b, t, h, v].map(|size| size as u64);
        let transposed = self.places().filter(|(param, _)| param.transposed).map(|(_, place)| place.len() as u64);
        Counts { b, t, n: t * b, h, v, parameters: self.parameter_count() as u64, transposed: transposed.sum() }
    }
}
