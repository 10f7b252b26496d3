//! The memory layout: padded shapes, buffers and offsets of all tensors. Arithmetic only, so that a network that does
//! not fit is refused before anything is allocated.

use super::tile::Tile;
use super::wgsl::Dims;
use crate::network::table::{GRADS, PARAMETERS, TRANSPOSED, TRANSPOSES};
use crate::network::{Content, Dim, Network, Padded, Param, Transpose};

/// Alignment of binding offsets in bytes: WebGPU's default limit.
pub const ALIGNMENT: u64 = 256;

/// The buffers that tensors are packed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Buffer {
    /// The tokens of one minibatch.
    Minibatch,
    Parameters,
    Grads,
    /// The transposed copies of parameters.
    Transposed,
    /// The buffer of a single tensor, by its name.
    Own(&'static str),
}

impl Buffer {
    pub fn label(self) -> &'static str {
        match self {
            Self::Minibatch => "minibatch",
            Self::Parameters => PARAMETERS,
            Self::Grads => GRADS,
            Self::Transposed => TRANSPOSED,
            Self::Own(name) => name,
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
            padded[at..at + self.shape[2]].copy_from_slice(row);
        }
        padded
    }

    /// Removes the padding of stored elements.
    pub fn unpad<T: Copy>(&self, padded: &[T]) -> Vec<T> {
        self.rows().flat_map(|at| &padded[at..at + self.shape[2]]).copied().collect()
    }

    /// Bytes of one slot of a state `(T + 1, B, …)`.
    pub fn slot_bytes(&self) -> u64 {
        self.bytes() / self.padded[0] as u64
    }

    /// The index at which each unpadded row is stored.
    fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        let ([slots, rows, _], [_, rows_padded, across]) = (self.shape, self.padded);
        (0..slots).flat_map(move |slot| (0..rows).map(move |row| (slot * rows_padded + row) * across))
    }
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
            self.append(param.name.to_owned(), Buffer::Parameters, param.shape);
            self.append(format!("d{}", param.name), Buffer::Grads, param.shape);
            if let [rows, columns] = param.shape
                && param.transposed
            {
                self.append(format!("{}_t", param.name), Buffer::Transposed, &[*columns, *rows]);
                self.transposes.push(self.transpose(param));
            }
        }
        for (name, buffer) in
            [(PARAMETERS, Buffer::Parameters), (GRADS, Buffer::Grads), (TRANSPOSED, Buffer::Transposed)]
        {
            self.tensors.push(whole(name, buffer, self.end(buffer)));
        }
        self.tensors.push(whole(TRANSPOSES, Buffer::Own(TRANSPOSES), size_of_val(&self.transposes[..]) as u64));
        self.padded.parameters = (self.end(Buffer::Parameters) / 4) as usize;
    }

    /// The entry of a parameter whose copy has been placed.
    fn transpose(&self, param: &Param) -> Transpose {
        let (from, to) = (self.tensor(param.name), self.tensor(&format!("{}_t", param.name)));
        let begin = (from.at / 4) as u32;
        let [_, rows, columns] = from.padded.map(|size| size as u32);
        Transpose { begin, end: begin + rows * columns, rows, columns, to: (to.at / 4) as u32 }
    }

    fn place_tensors(&mut self) {
        for tensor in self.called.tensors().chain(self.called.generate_tensors()) {
            let own = Buffer::Own(tensor.name);
            let buffer = if tensor.content == Content::Minibatch { Buffer::Minibatch } else { own };
            self.append(tensor.name.to_owned(), buffer, tensor.shape);
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
        let (shape, padded) = (three(&|dim| dim.of(self.network.sizes)), three(&|dim| dim.padded(&self.padded)));
        self.tensors.push(Tensor { name, buffer, at, shape, padded });
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
        }
    }

    /// The largest buffer, in bytes.
    pub fn largest_buffer(&self) -> u64 {
        self.tensors.iter().map(|tensor| self.end(tensor.buffer)).max().unwrap_or(0)
    }

    /// Whether a device with these limits can hold the network.
    pub fn fits(&self, limits: &wgpu::Limits) -> bool {
        let largest = self.largest_buffer();
        largest <= limits.max_storage_buffer_binding_size && largest <= limits.max_buffer_size
    }
}

/// The parameters in the order in which kernels bind them.
fn bound(network: &Network) -> Vec<&'static Param> {
    let mut bound: Vec<&Param> = Vec::new();
    for kernel in network.kernels() {
        for (name, _) in kernel.bindings {
            let found = network.params().find(|param| param.name == *name);
            bound.extend(found.filter(|param| bound.iter().all(|known| known.name != param.name)));
        }
    }
    bound
}

/// A whole buffer as one tensor.
fn whole(name: &'static str, buffer: Buffer, bytes: u64) -> Tensor {
    let shape = [1, 1, (bytes / 4) as usize];
    Tensor { name: name.to_owned(), buffer, at: 0, shape, padded: shape }
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
        assert!(Layout::new(hidden(512), Tile::ALL[0]).fits(&limits));
        assert!(!Layout::new(hidden(8192), Tile::ALL[0]).fits(&limits));
    }
}
