//! What the kernels' oracles work on: unpadded tensors in f64, by the names that the kernels bind.

use std::collections::BTreeMap;

use super::description::{Network, state_of};
use super::table::{Content, State};
use crate::model::Sizes;

/// The oracle of a kernel: computes the tensors that the kernel writes from those it reads, at time step `t` for a
/// kernel that runs at each step.
pub type Oracle = fn(&mut Memory, t: usize);

/// The oracles of a module's kernels, by the kernel's name.
pub type Oracles = &'static [(&'static str, Oracle)];

/// The tensors of a network. The gradient of a parameter `w` is named `dw`, its transposed copy `w_t`, its part of an
/// optimizer's state `m` is `m.w`.
#[derive(Debug, Clone)]
pub struct Memory {
    pub network: Network,
    pub sizes: Sizes,
    /// The layer whose tensors are meant: names are those that its kernels bind.
    pub layer: usize,
    pub learning_rate: f64,
    pub clip: f64,
    floats: BTreeMap<String, Vec<f64>>,
    ids: BTreeMap<String, Vec<u32>>,
}

impl Memory {
    /// All tensors, filled with zeros.
    pub fn new(network: Network, learning_rate: f64, clip: f64) -> Self {
        let sizes = network.sizes;
        let (mut floats, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for tensor in network.tensors().chain(network.generate_tensors()) {
            let length = tensor.shape.iter().map(|dim| dim.of(sizes)).product();
            match tensor.content {
                Content::Floats => _ = floats.insert(tensor.name.clone(), vec![0.0; length]),
                Content::PartialSums => _ = floats.insert(tensor.name.clone(), vec![0.0]),
                Content::Ids | Content::Minibatch => _ = ids.insert(tensor.name.clone(), vec![0; length]),
            }
        }
        for param in network.params() {
            let length = network.shape(&param).iter().product();
            for name in [param.name.clone(), param.gradient()] {
                floats.insert(name, vec![0.0; length]);
            }
            if param.transposed {
                floats.insert(param.transposed_name(), vec![0.0; length]);
            }
            for state in network.optimizer.state {
                if let State::OfParameters(state) = state {
                    floats.insert(state_of(state, &param.name), vec![0.0; length]);
                }
            }
        }
        for state in network.optimizer.state {
            if let State::Numbers(state, count) = state {
                floats.insert((*state).to_owned(), vec![0.0; *count]);
            }
        }
        Self { network, sizes, layer: 0, learning_rate, clip, floats, ids }
    }

    fn key(&self, name: &str) -> String {
        self.network.resolve(name, self.layer)
    }

    /// A tensor of floats.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn get(&self, name: &str) -> &[f64] {
        self.floats.get(&self.key(name)).unwrap_or_else(|| panic!("there is no tensor {name}"))
    }

    /// # Panics
    /// As [`Memory::get`].
    pub fn get_mut(&mut self, name: &str) -> &mut Vec<f64> {
        let key = self.key(name);
        self.floats.get_mut(&key).unwrap_or_else(|| panic!("there is no tensor {name}"))
    }

    /// Replaces the elements of a tensor of floats.
    ///
    /// # Panics
    /// If there is none of this name, or it has another length.
    pub fn set(&mut self, name: &str, numbers: Vec<f64>) {
        let tensor = self.get_mut(name);
        assert_eq!(tensor.len(), numbers.len(), "{name}");
        *tensor = numbers;
    }

    /// A tensor of token ids or positions.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn ids(&self, name: &str) -> &[u32] {
        self.ids.get(name).unwrap_or_else(|| panic!("there are no ids {name}"))
    }

    /// # Panics
    /// As [`Memory::ids`].
    pub fn ids_mut(&mut self, name: &str) -> &mut Vec<u32> {
        self.ids.get_mut(name).unwrap_or_else(|| panic!("there are no ids {name}"))
    }

    /// Whether `name` is a tensor of ids.
    pub fn has_ids(&self, name: &str) -> bool {
        self.ids.contains_key(name)
    }
}

/// `C (rows, columns) = L (rows, inner) · R (inner, columns)`, with `l(row, k)` and `r(k, column)` the elements of L
/// and R.
pub fn product(
    (rows, inner, columns): (usize, usize, usize),
    l: impl Fn(usize, usize) -> f64,
    r: impl Fn(usize, usize) -> f64,
) -> Vec<f64> {
    let mut c = vec![0.0; rows * columns];
    for (row, sums) in c.chunks_exact_mut(columns).enumerate() {
        for k in 0..inner {
            let factor = l(row, k);
            for (column, sum) in sums.iter_mut().enumerate() {
                *sum += factor * r(k, column);
            }
        }
    }
    c
}

/// The logistic function.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The sums `(across)` of the columns of a matrix `(rows, across)`.
pub fn column_sums(rows: &[f64], across: usize) -> Vec<f64> {
    let mut sums = vec![0.0; across];
    for (i, &x) in rows.iter().enumerate() {
        sums[i % across] += x;
    }
    sums
}

/// The transpose `(columns, rows)` of a matrix `(rows, columns)`.
pub fn transposed(matrix: &[f64], columns: usize) -> Vec<f64> {
    let rows = matrix.len() / columns;
    (0..matrix.len()).map(|i| matrix[i % rows * columns + i / rows]).collect()
}
