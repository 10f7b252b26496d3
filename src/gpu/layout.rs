//! Where each tensor lives: padded shapes, buffers, offsets. Arithmetic only, so that what a device can't hold is
//! refused before anything is made on it.

use super::kernels::{Dims, NORM_GROUPS};
use super::tile::Tile;
use crate::model::Sizes;
use crate::model::config::LONGEST_PREFIX;
use crate::model::pick::LONGEST_ANSWER;

/// Offsets of bindings are multiples of this many bytes (WebGPU's default limit).
pub const ALIGNMENT: u64 = 256;

/// The most tokens that a network writes while its thoughts are kept: the logits of each, and of the one after.
pub const THOUGHTS_LIMIT: usize = LONGEST_ANSWER;

/// The longest prefix, continuation and the token after it together.
pub const SEQUENCE_LIMIT: usize = LONGEST_PREFIX + LONGEST_ANSWER + 1;

/// The buffers that tensors are packed into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The tokens of one minibatch.
    Minibatch,
    Parameters,
    Grads,
    /// The transposed copies of `w_hh` and `w_hq`.
    Transposed,
    /// A tensor with a buffer of its own, which is the tensor of this name.
    Own(&'static str),
}

/// One tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: &'static str,
    pub place: Place,
    /// Where it begins in its buffer, in bytes.
    pub at: u64,
    /// Its true shape.
    pub shape: [usize; 3],
    /// Its shape in memory.
    pub padded: [usize; 3],
}

impl Tensor {
    pub fn bytes(&self) -> u64 {
        // In u64: on the web a usize has 32 bits.
        4 * self.padded.iter().map(|&n| n as u64).product::<u64>()
    }

    /// From the true shape to the one in memory, with zeros between.
    pub fn pad<T: Copy + Default>(&self, numbers: &[T]) -> Vec<T> {
        let mut padded = vec![T::default(); self.padded.iter().product()];
        for (row, at) in numbers.chunks_exact(self.shape[2]).zip(self.rows()) {
            padded[at..at + self.shape[2]].copy_from_slice(row);
        }
        padded
    }

    /// From the shape in memory to the true one.
    pub fn unpad<T: Copy>(&self, padded: &[T]) -> Vec<T> {
        self.rows().flat_map(|at| &padded[at..at + self.shape[2]]).copied().collect()
    }

    /// Where each true row begins in memory.
    fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        let ([slots, rows, _], [_, rows_padded, across]) = (self.shape, self.padded);
        (0..slots).flat_map(move |slot| (0..rows).map(move |row| (slot * rows_padded + row) * across))
    }
}

/// Every tensor of a network, and the sizes behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub sizes: Sizes,
    pub tile: Tile,
    /// `B`, `H` and `V`, padded to whole tiles.
    pub batch: usize,
    pub hidden: usize,
    pub vocabulary: usize,
    pub tensors: Vec<Tensor>,
}

impl Layout {
    pub fn new(sizes: Sizes, tile: Tile) -> Self {
        let batch = sizes.batch.next_multiple_of(tile.rows());
        // Hidden units are columns of some products and rows of others.
        let hidden = sizes.hidden.next_multiple_of(tile.rows().max(tile.columns()));
        let vocabulary = sizes.vocabulary.next_multiple_of(tile.columns());
        let mut layout = Self { sizes, tile, batch, hidden, vocabulary, tensors: Vec::new() };
        layout.place_minibatch();
        layout.place_parameters();
        layout.place_results();
        layout
    }

    fn place_minibatch(&mut self) {
        let Sizes { batch, steps, vocabulary, .. } = self.sizes;
        self.append("inputs", Place::Minibatch, [1, steps, batch], [1, steps, self.batch]);
        self.append("targets", Place::Minibatch, [1, steps, batch], [1, steps, self.batch]);
        self.append("starts", Place::Minibatch, [1, 1, vocabulary + 1], [1, 1, vocabulary + 1]);
        self.append("positions", Place::Minibatch, [1, 1, steps * batch], [1, 1, steps * batch]);
    }

    fn place_parameters(&mut self) {
        let Sizes { hidden: h, vocabulary: v, .. } = self.sizes;
        let (hp, vp) = (self.hidden, self.vocabulary);
        for (place, names) in [
            (Place::Parameters, ["w_xh", "b_h", "w_hh", "w_hq", "b_q"]),
            (Place::Grads, ["dw_xh", "db_h", "dw_hh", "dw_hq", "db_q"]),
        ] {
            let [w_xh, b_h, w_hh, w_hq, b_q] = names;
            self.append(w_xh, place, [1, v, h], [1, v, hp]);
            self.append(b_h, place, [1, 1, h], [1, 1, hp]);
            self.append(w_hh, place, [1, h, h], [1, hp, hp]);
            self.append(w_hq, place, [1, h, v], [1, hp, vp]);
            self.append(b_q, place, [1, 1, v], [1, 1, vp]);
        }
        self.append("w_hh_t", Place::Transposed, [1, h, h], [1, hp, hp]);
        self.append("w_hq_t", Place::Transposed, [1, v, h], [1, vp, hp]);
        for (whole, place) in [("parameters", Place::Parameters), ("grads", Place::Grads)] {
            let floats = (self.end(place) / 4) as usize;
            self.tensors.push(Tensor { name: whole, place, at: 0, shape: [1, 1, floats], padded: [1, 1, floats] });
        }
    }

    fn place_results(&mut self) {
        let Sizes { batch: b, steps: t, hidden: h, vocabulary: v } = self.sizes;
        let (bp, hp, vp) = (self.batch, self.hidden, self.vocabulary);
        for (name, shape, padded) in [
            ("states", [t + 1, b, h], [t + 1, bp, hp]),
            ("logits", [t, b, v], [t, bp, vp]),
            ("losses", [1, t, b], [1, t, bp]),
            ("dlogits", [t, b, v], [t, bp, vp]),
            ("dz", [t, b, h], [t, bp, hp]),
            ("squares", [1, 1, NORM_GROUPS], [1, 1, NORM_GROUPS]),
            ("metrics", [1, 1, 4], [1, 1, 4]),
            ("sequence", [1, 1, SEQUENCE_LIMIT + 2], [1, 1, SEQUENCE_LIMIT + 2]),
            ("state", [1, 1, h], [1, 1, hp]),
            ("next_state", [1, 1, h], [1, 1, hp]),
            ("next_logits", [1, 1, v], [1, 1, vp]),
            ("terms", [1, 1, 3], [1, 1, 3]),
            ("thoughts", [1, THOUGHTS_LIMIT + 1, v], [1, THOUGHTS_LIMIT + 1, v]),
        ] {
            self.tensors.push(Tensor { name, place: Place::Own(name), at: 0, shape, padded });
        }
    }

    /// Puts a tensor behind those that its buffer has.
    fn append(&mut self, name: &'static str, place: Place, shape: [usize; 3], padded: [usize; 3]) {
        let at = self.end(place).next_multiple_of(ALIGNMENT);
        self.tensors.push(Tensor { name, place, at, shape, padded });
    }

    /// Where the last tensor of a buffer ends, in bytes: the buffer's size.
    pub fn end(&self, place: Place) -> u64 {
        self.tensors
            .iter()
            .filter(|tensor| tensor.place == place)
            .map(|tensor| tensor.at + tensor.bytes())
            .max()
            .unwrap_or(0)
    }

    /// Bytes of one state `(B, H)`, a slot of `states`.
    pub fn state_bytes(&self) -> u64 {
        4 * (self.batch * self.hidden) as u64
    }

    /// The tensor of this name.
    ///
    /// # Panics
    /// There is none: names come from the table of kernels, and a test holds the two together.
    pub fn tensor(&self, name: &str) -> &Tensor {
        self.tensors.iter().find(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no tensor {name}"))
    }

    /// What the kernels are told, but for the dispatch and the rates.
    pub fn dims(&self) -> Dims {
        let floats_before = |name| (self.tensor(name).at / 4) as u32;
        Dims {
            batch: self.sizes.batch as u32,
            steps: self.sizes.steps as u32,
            hidden: self.sizes.hidden as u32,
            vocabulary: self.sizes.vocabulary as u32,
            batch_padded: self.batch as u32,
            hidden_padded: self.hidden as u32,
            vocabulary_padded: self.vocabulary as u32,
            w_hh_at: floats_before("w_hh"),
            w_hq_at: floats_before("w_hq"),
            t: 0,
            first: 0,
            learning_rate: 0.0,
            clip: 0.0,
        }
    }

    /// The largest buffer, in bytes.
    pub fn largest_buffer(&self) -> u64 {
        self.tensors.iter().map(|tensor| self.end(tensor.place)).max().unwrap_or(0)
    }

    /// Whether a device with these limits can hold the network.
    pub fn fits(&self, limits: &wgpu::Limits) -> bool {
        let largest = self.largest_buffer();
        largest <= limits.max_storage_buffer_binding_size && largest <= limits.max_buffer_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout::new(Sizes { batch: 3, steps: 2, hidden: 5, vocabulary: 7 }, Tile::ALL[3])
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
        for pair in layout.tensors.windows(2).filter(|pair| pair[0].place == pair[1].place && pair[1].at > 0) {
            assert!(pair[0].at + pair[0].bytes() <= pair[1].at, "{} and {}", pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn what_does_not_fit_is_known_beforehand() {
        let limits = wgpu::Limits::default();
        let hidden = |hidden| Sizes { batch: 32, steps: 35, hidden, vocabulary: 28 };
        assert!(Layout::new(hidden(512), Tile::ALL[0]).fits(&limits));
        assert!(!Layout::new(hidden(8192), Tile::ALL[0]).fits(&limits));
    }
}
