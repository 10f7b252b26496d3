//! The memory layout: padded shapes, buffers and offsets of all tensors. Arithmetic only, so that a network that does
//! not fit is refused before anything is allocated.

use super::tile::Tile;
use super::wgsl::Dims;
use crate::network::description::state_of;
use crate::network::table::stored_gate;
use crate::network::table::{GRADS, PARAMETERS, TRANSPOSED, TRANSPOSES};
use crate::network::{Content, Dim, Named, Network, Padded, Param, Parameters, State, Transpose};

/// Alignment of binding offsets in bytes: WebGPU's default limit.
pub const ALIGNMENT: u64 = 256;

/// The buffers that tensors are packed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Buffer {
    /// The tokens of one minibatch.
    Minibatch,
    /// The parameters, then the optimizer's state.
    Parameters,
    Grads,
    /// The transposed copies of parameters.
    Transposed,
    /// The buffer of a single tensor, by its name and layer.
    Own(&'static str, usize),
}

impl Buffer {
    pub fn label(self) -> &'static str {
        match self {
            Self::Minibatch => "minibatch",
            Self::Parameters => PARAMETERS,
            Self::Grads => GRADS,
            Self::Transposed => TRANSPOSED,
            Self::Own(name, _) => name,
        }
    }
}

/// Where a tensor is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub buffer: Buffer,
    /// Offset in its buffer, in bytes.
    pub at: u64,
    /// Unpadded shape, with leading ones.
    pub shape: [usize; 3],
    /// Padded shape, as stored.
    pub padded: [usize; 3],
    /// The number of gates in its rows and in its columns.
    pub gates: [usize; 2],
}

impl Tensor {
    /// Bytes of the padded tensor.
    pub fn bytes(&self) -> u64 {
        // In u64: on the web usize has 32 bits.
        4 * self.padded.iter().map(|&n| n as u64).product::<u64>()
    }

    /// Pads elements of the unpadded shape with zeros.
    pub fn pad<T: Copy + Default>(&self, numbers: &[T]) -> Vec<T> {
        let mut padded = vec![T::default(); self.padded.iter().product()];
        for (row, at) in numbers.chunks_exact(self.shape[2]).zip(self.rows()) {
            match self.gates[1] {
                1 => padded[at..at + self.shape[2]].copy_from_slice(row),
                gates => row.iter().enumerate().for_each(|(i, x)| padded[at + stored(gates, self.shape[2], i)] = *x),
            }
        }
        padded
    }

    /// Removes the padding of stored elements.
    pub fn unpad<T: Copy>(&self, padded: &[T]) -> Vec<T> {
        let across = self.shape[2];
        match self.gates[1] {
            1 => self.rows().flat_map(|at| &padded[at..at + across]).copied().collect(),
            gates => {
                self.rows().flat_map(|at| (0..across).map(move |i| padded[at + stored(gates, across, i)])).collect()
            }
        }
    }

    /// Bytes of one slot of a state `(T + 1, B, …)`.
    pub fn slot_bytes(&self) -> u64 {
        self.bytes() / self.padded[0] as u64
    }

    /// The index at which each unpadded row is stored.
    fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        let ([slots, rows, _], [_, rows_padded, across], [gates, _]) = (self.shape, self.padded, self.gates);
        let at = move |slot, row| (slot * rows_padded + stored(gates, rows, row)) * across;
        (0..slots).flat_map(move |slot| (0..rows).map(move |row| at(slot, row)))
    }
}

/// Where a device stores element `i` of a dimension of this unpadded size.
fn stored(gates: usize, size: usize, i: usize) -> usize {
    if gates == 1 { i } else { stored_gate(gates, size / gates, i) }
}

/// The layout of all tensors of a network, for a tile shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub network: Network,
    /// The network as the device calls it.
    pub called: Network,
    pub tile: Tile,
    pub padded: Padded,
    pub tensors: Vec<Tensor>,
    /// Content of the tensor [`TRANSPOSES`].
    pub transposes: Vec<Transpose>,
}

impl Layout {
    pub fn new(network: Network, tile: Tile) -> Self {
        let sizes = network.sizes;
        let padded = Padded {
            sizes,
            batch: sizes.batch.next_multiple_of(tile.rows()),
            // Hidden units are columns of some products and rows of others.
            hidden: sizes.hidden.next_multiple_of(tile.rows().max(tile.columns())),
            vocabulary: sizes.vocabulary.next_multiple_of(tile.columns()),
            gates: network.gates(),
            parameters: 0,
        };
        let called = tile.network(network);
        let mut layout = Self { network, called, tile, padded, tensors: Vec::new(), transposes: Vec::new() };
        layout.place_parameters();
        layout.place_tensors();
        layout
    }

    /// Parameters are stored in the order in which kernels bind them, so that those of one kernel are neighbours;
    /// gradients at the same offsets of another buffer.
    fn place_parameters(&mut self) {
        for param in bound(&self.called) {
            self.append(param.name.clone(), Buffer::Parameters, param.shape);
            self.append(param.gradient(), Buffer::Grads, param.shape);
            if let [rows, columns] = param.shape
                && param.transposed
            {
                self.append(param.transposed_name(), Buffer::Transposed, &[*columns, *rows]);
                self.transposes.push(self.transpose(&param));
            }
        }
        for (name, buffer) in
            [(PARAMETERS, Buffer::Parameters), (GRADS, Buffer::Grads), (TRANSPOSED, Buffer::Transposed)]
        {
            self.tensors.push(whole(name, buffer, self.end(buffer)));
        }
        self.tensors.push(whole(TRANSPOSES, Buffer::Own(TRANSPOSES, 0), size_of_val(&self.transposes[..]) as u64));
        self.padded.parameters = (self.end(Buffer::Parameters) / 4) as usize;
        self.network.optimizer.state.iter().for_each(|state| self.place_state(*state));
    }

    /// Appends a part of the optimizer's state to the parameters, so that both are copied as one.
    fn place_state(&mut self, state: State) {
        match state {
            State::Numbers(name, count) => self.append(name.to_owned(), Buffer::Parameters, &[Dim::Count(count)]),
            State::OfParameters(name) => {
                let begin = self.end(Buffer::Parameters).next_multiple_of(ALIGNMENT);
                for param in self.network.params() {
                    let of_param = self.tensor(&param.name).clone();
                    let (name, at) = (state_of(name, &param.name), begin + of_param.at);
                    self.tensors.push(Tensor { name, at, ..of_param });
                }
                self.tensors
                    .push(Tensor { at: begin, ..whole(name, Buffer::Parameters, 4 * self.padded.parameters as u64) });
            }
        }
    }

    /// The entry of a parameter whose copy has been placed.
    fn transpose(&self, param: &Named<Param>) -> Transpose {
        let (from, to) = (self.tensor(&param.name), self.tensor(&param.transposed_name()));
        let begin = (from.at / 4) as u32;
        let [_, rows, columns] = from.padded.map(|size| size as u32);
        Transpose { begin, end: begin + rows * columns, rows, columns, to: (to.at / 4) as u32 }
    }

    fn place_tensors(&mut self) {
        for tensor in self.called.tensors().chain(self.called.generate_tensors()) {
            let own = Buffer::Own(tensor.table_name(), tensor.layer.unwrap_or(0));
            let buffer = if tensor.content == Content::Minibatch { Buffer::Minibatch } else { own };
            self.append(tensor.name.clone(), buffer, tensor.shape);
        }
    }

    /// Appends a tensor to its buffer.
    fn append(&mut self, name: String, buffer: Buffer, shape: &[Dim]) {
        let at = self.end(buffer).next_multiple_of(ALIGNMENT);
        let three = |size: &dyn Fn(Dim) -> usize| {
            let mut three = [1; 3];
            three[3 - shape.len()..].iter_mut().zip(shape).for_each(|(n, &dim)| *n = size(dim));
            three
        };
        let (sizes, padded) = (three(&|dim| dim.of(self.network.sizes)), three(&|dim| dim.padded(&self.padded)));
        let gates = |dim: Option<&Dim>| match dim {
            Some(Dim::Gates(gates)) => *gates,
            _ => 1,
        };
        let gates = [gates(shape.len().checked_sub(2).map(|row| &shape[row])), gates(shape.last())];
        self.tensors.push(Tensor { name, buffer, at, shape: sizes, padded, gates });
    }

    /// The size of a buffer in bytes: the end of its last tensor.
    pub fn end(&self, buffer: Buffer) -> u64 {
        let own = self.tensors.iter().filter(|tensor| tensor.buffer == buffer);
        own.map(|tensor| tensor.at + tensor.bytes()).max().unwrap_or(0)
    }

    /// The tensor of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn tensor(&self, name: &str) -> &Tensor {
        self.tensors.iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no tensor {name}"))
    }

    /// The sizes for the kernels; dispatch and hyperparameters are zero.
    pub fn dims(&self) -> Dims {
        let Padded { sizes, batch, hidden, vocabulary, .. } = self.padded;
        Dims {
            batch: sizes.batch as u32,
            steps: sizes.steps as u32,
            hidden: sizes.hidden as u32,
            vocabulary: sizes.vocabulary as u32,
            batch_padded: batch as u32,
            hidden_padded: hidden as u32,
            vocabulary_padded: vocabulary as u32,
            t: 0,
            times: 1,
            first: 0,
            learning_rate: 0.0,
            clip: 0.0,
            momentum: self.network.momentum,
            weight_decay: self.network.weight_decay,
        }
    }

    /// The parameters and the optimizer's state in a parameter buffer's content.
    pub fn parameters(&self, padded: &[f32]) -> Parameters {
        let unpad = |name: &str| {
            let tensor = self.tensor(name);
            tensor.unpad(&padded[tensor.at as usize / 4..])
        };
        let network = self.network;
        let (mut numbers, mut state) = (Vec::with_capacity(network.parameter_count()), Vec::new());
        network.params().for_each(|param| numbers.extend(unpad(&param.name)));
        network.state_tensors().iter().for_each(|(name, _)| state.extend(unpad(name)));
        Parameters { network, numbers, state }
    }

    /// What exceeds a device's limits, if anything: the bytes of the largest tensor that a kernel would bind, or of the
    /// largest buffer, and how many are allowed.
    pub fn excess(&self, limits: &wgpu::Limits) -> Option<[u64; 2]> {
        let tensor = self.tensors.iter().map(Tensor::bytes).max().unwrap_or(0);
        let buffer = self.tensors.iter().map(|tensor| self.end(tensor.buffer)).max().unwrap_or(0);
        let sizes = [[tensor, limits.max_storage_buffer_binding_size], [buffer, limits.max_buffer_size]];
        sizes.into_iter().find(|[bytes, allowed]| bytes > allowed)
    }
}

/// The parameters in the order in which kernels bind them.
fn bound(network: &Network) -> Vec<Named<Param>> {
    let mut bound: Vec<Named<Param>> = Vec::new();
    for stage in network.kernels() {
        for (name, _) in stage.kernel.bindings {
            let name = network.resolve(name, stage.layer);
            let found = network.params().find(|param| param.name == name);
            bound.extend(found.filter(|param| bound.iter().all(|known| known.name != param.name)));
        }
    }
    bound
}

/// A whole buffer as one tensor.
fn whole(name: &'static str, buffer: Buffer, bytes: u64) -> Tensor {
    let shape = [1, 1, (bytes / 4) as usize];
    Tensor { name: name.to_owned(), buffer, at: 0, shape, padded: shape, gates: [1; 2] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::model::Sizes;

    fn layout() -> Layout {
        Layout::new(kernels::network(Sizes { batch: 3, steps: 2, hidden: 5, vocabulary: 7 }), Tile::ALL[3])
    }

    #[test]
    fn padding_is_undone() {
        for tensor in layout().tensors {
            let numbers: Vec<u32> = (1..=tensor.shape.iter().product::<usize>() as u32).collect();
            let padded = tensor.pad(&numbers);
            assert_eq!(padded.len() as u64 * 4, tensor.bytes());
            assert_eq!(tensor.unpad(&padded), numbers, "{}", tensor.name);
        }
    }

    #[test]
    fn tensors_of_a_buffer_are_aligned_and_do_not_overlap() {
        let layout = layout();
        for tensor in &layout.tensors {
            assert_eq!(tensor.at % ALIGNMENT, 0, "{}", tensor.name);
        }
        let whole = [PARAMETERS, GRADS, TRANSPOSED];
        for (i, a) in layout.tensors.iter().enumerate().filter(|(_, a)| !whole.contains(&a.name.as_str())) {
            for b in layout.tensors[..i].iter().filter(|b| !whole.contains(&b.name.as_str()) && a.buffer == b.buffer) {
                assert!(a.at >= b.at + b.bytes() || b.at >= a.at + a.bytes(), "{} and {}", a.name, b.name);
            }
        }
    }

    /// The order in which a device sums squares depends on it, and so do the last bits of a run.
    #[test]
    fn parameters_keep_their_offsets() {
        let layout = layout();
        let of = |buffer| layout.tensors.iter().filter(move |tensor| tensor.buffer == buffer && tensor.padded[2] < 99);
        let names: Vec<&str> = of(Buffer::Parameters).map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["w_xh", "b_h", "w_hh", "w_hq", "b_q"]);
        for (parameter, grad) in of(Buffer::Parameters).zip(of(Buffer::Grads)) {
            assert_eq!((format!("d{}", parameter.name), parameter.at), (grad.name.clone(), grad.at));
        }
    }

    #[test]
    fn a_network_that_does_not_fit_is_refused() {
        let limits = wgpu::Limits::default();
        let hidden = |hidden| kernels::network(Sizes { batch: 32, steps: 35, hidden, vocabulary: 28 });
        assert_eq!(Layout::new(hidden(512), Tile::ALL[0]).excess(&limits), None);
        let [bytes, allowed] = Layout::new(hidden(8192), Tile::ALL[0]).excess(&limits).unwrap();
        assert!(bytes >= 4 << 26 && allowed == limits.max_storage_buffer_binding_size, "{bytes}, {allowed}");
    }
}
