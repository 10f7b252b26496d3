//! Parameters in a safetensors file, as F32 by the names of the book's networks: those from scratch have a tensor for each
//! gate; the concise ones are PyTorch's, so that a file is a `state_dict` of the book's `RNNModel`.

use std::fmt::Display;
use std::ops::Range;

use bytemuck::{AnyBitPattern, NoUninit};
use num_traits::Float;

use super::description::Network;
use super::parameters::Parameters;
use super::table::{Dim, Files, State};
use super::tensor_file::{F32, F64, Kind, Tensor, TensorFile};
use crate::error::{Error, Result};
use crate::model::FileFault;

/// Reads the parameters of a network.
///
/// # Errors
/// [`Error::BadParameters`] if a tensor is missing, of another shape or type, or not finite.
pub fn read(file: &[u8], network: Network) -> Result<Parameters> {
    let tensors = TensorFile::read(file).map_err(|why| FileFault::not_safetensors(file, why));
    tensors.and_then(|tensors| read_from(&tensors, network)).map_err(Error::BadParameters)
}

/// A tensor of a file: some columns of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub dims: Vec<Dim>,
    /// The parameter's elements in the vector of all parameters.
    place: Range<usize>,
    /// The parameter's columns; how many of them a gate has, and which gates the tensor has, in its order.
    columns: usize,
    across: usize,
    gates: Vec<usize>,
    /// Whether a row of the tensor is one of these columns.
    transposed: bool,
}

impl FileTensor {
    /// Where element `i` is in the vector of all parameters.
    fn element(&self, i: usize) -> usize {
        let (rows, columns) = (self.place.len() / self.columns, self.across * self.gates.len());
        let (row, column) = if self.transposed { (i % rows, i / rows) } else { (i / columns, i % columns) };
        let (gate, unit) = (self.gates[column / self.across], column % self.across);
        self.place.start + row * self.columns + gate * self.across + unit
    }

    /// Its elements.
    fn of<F: Copy>(&self, numbers: &[F]) -> Vec<F> {
        (0..self.shape.iter().product()).map(|i| numbers[self.element(i)]).collect()
    }

    /// Sets its elements in `numbers`.
    fn put<F: Copy>(&self, numbers: &mut [F], own: &[F]) {
        own.iter().enumerate().for_each(|(i, number)| numbers[self.element(i)] = *number);
    }
}

/// The names of a network's tensors in a file.
pub fn file_names(network: &Network) -> Vec<String> {
    file_tensors(network).into_iter().map(|tensor| tensor.name).collect()
}

/// The tensors of a file with the parameters of a network.
pub fn file_tensors(network: &Network) -> Vec<FileTensor> {
    let mut tensors = Vec::new();
    for (param, place) in network.places() {
        let layered = |name: &str| match (name.ends_with("_l"), param.layer.unwrap_or(0)) {
            (true, layer) => format!("{name}{layer}"),
            (false, 0) => name.to_owned(),
            (false, layer) => format!("{name}_l{layer}"),
        };
        let (dims, shape) = (param.shape.to_vec(), network.shape(&param));
        let columns = *shape.last().expect("a parameter has a dimension");
        let name = param.name.clone();
        let whole =
            FileTensor { name, shape, dims, place, columns, across: columns, gates: vec![0], transposed: false };
        match param.files {
            Files::Same => tensors.push(whole),
            Files::Gates(names) => {
                let across = columns / names.len();
                for (gate, name) in names.iter().enumerate() {
                    let mut tensor = FileTensor { name: layered(name), ..whole.clone() };
                    let last = tensor.shape.len() - 1;
                    (tensor.shape[last], tensor.dims[last]) = (across, Dim::H);
                    (tensor.across, tensor.gates) = (across, vec![gate]);
                    tensors.push(tensor);
                }
            }
            Files::Transposed(name, gates) => {
                let across = columns / gates.len();
                let gates = gates.to_vec();
                let mut tensor = FileTensor { name: layered(name), across, gates, transposed: true, ..whole };
                tensor.shape.reverse();
                tensor.dims.reverse();
                tensors.push(tensor);
            }
        }
    }
    tensors
}

/// Reads the parameters among a file's tensors; the optimizer's state is zero.
///
/// # Errors
/// As [`floats`], for the first tensor at fault. Allocates nothing for a tensor that is missing.
pub fn read_from(file: &TensorFile<'_>, network: Network) -> Result<Parameters, FileFault> {
    let tensors = file_tensors(&network);
    let read = tensors.iter().map(|tensor| floats(file, &tensor.name, &tensor.shape));
    let read: Vec<Vec<f32>> = read.collect::<Result<_, _>>()?;
    let mut parameters = Parameters::zeros(network);
    tensors.iter().zip(&read).for_each(|(tensor, own)| tensor.put(&mut parameters.numbers, own));
    Ok(parameters)
}

/// Serialises parameters to the file that [`read`] reads.
pub fn write(parameters: &Parameters) -> Vec<u8> {
    TensorFile { tensors: views(&tensors_of(parameters)).collect(), ..TensorFile::default() }.write()
}

/// The parameters as tensors of a file: name, shape, elements.
pub fn tensors_of<F: Copy>(parameters: &Parameters<F>) -> Vec<(String, Vec<usize>, Vec<F>)> {
    let of = |tensor: FileTensor| {
        let numbers = tensor.of(&parameters.numbers);
        (tensor.name, tensor.shape, numbers)
    };
    file_tensors(&parameters.network).into_iter().map(of).collect()
}

/// Views of [`tensors_of`], for writing.
pub fn views(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> impl Iterator<Item = (String, Tensor<'_>)> {
    tensors.iter().map(|(name, shape, numbers)| (name.clone(), view(shape.clone(), numbers)))
}

/// The optimizer's state as tensors of a file: those of a parameter's tensor `w` are named `STATE.w`.
pub fn state_tensors_of(parameters: &Parameters) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let of = |(tensor, place): (FileTensor, Range<usize>)| {
        let numbers = tensor.of(&parameters.state[place]);
        (tensor.name, tensor.shape, numbers)
    };
    state_file_tensors(&parameters.network).into_iter().map(of).collect()
}

/// The tensors of an optimizer's state in a file, each with the part of the state that its elements are in.
fn state_file_tensors(network: &Network) -> Vec<(FileTensor, Range<usize>)> {
    let mut tensors = Vec::new();
    for (state, place) in network.state_places() {
        match state {
            State::Numbers(name, count) => {
                let tensor = FileTensor {
                    name: name.to_owned(),
                    shape: vec![count],
                    dims: vec![Dim::Count(count)],
                    place: 0..count,
                    columns: count,
                    across: count,
                    gates: vec![0],
                    transposed: false,
                };
                tensors.push((tensor, place));
            }
            State::OfParameters(name) => tensors.extend(file_tensors(network).into_iter().map(|tensor| {
                let name = format!("{name}.{}", tensor.name);
                (FileTensor { name, ..tensor }, place.clone())
            })),
        }
    }
    tensors
}

/// Reads the optimizer's state among a file's tensors.
///
/// # Errors
/// As [`read_from`].
pub fn read_state_from(file: &TensorFile<'_>, parameters: &mut Parameters) -> Result<(), FileFault> {
    for (tensor, place) in state_file_tensors(&parameters.network) {
        let numbers: Vec<f32> = floats(file, &tensor.name, &tensor.shape)?;
        tensor.put(&mut parameters.state[place], &numbers);
    }
    Ok(())
}

/// Numbers as a tensor of a file.
pub fn view<F: Float + NoUninit>(shape: Vec<usize>, numbers: &[F]) -> Tensor<'_> {
    debug_assert_eq!(shape.iter().product::<usize>(), numbers.len());
    Tensor { kind: kind::<F>(), shape, data: bytemuck::cast_slice(numbers) }
}

fn kind<F>() -> Kind {
    if size_of::<F>() == 4 { F32 } else { F64 }
}

/// The numbers of the tensor `name`, which must have this shape and the type `F`.
///
/// # Errors
/// [`FileFault`]: the tensor is missing, of another type or shape, or not finite.
pub fn floats<F: Float + AnyBitPattern + NoUninit + Display>(
    file: &TensorFile<'_>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<F>, FileFault> {
    let tensor = file.tensors.get(name).ok_or_else(|| FileFault::NoTensor(name.to_owned()))?;
    let name = name.to_owned();
    if tensor.kind != kind::<F>() {
        let [given, wanted] = [tensor.kind, kind::<F>()].map(|kind| kind.0.to_owned());
        return Err(FileFault::Type { name, given, wanted });
    }
    if tensor.shape != shape {
        return Err(FileFault::Shape { name, given: tensor.shape.clone(), wanted: shape.to_vec() });
    }
    let numbers: Vec<F> = bytemuck::pod_collect_to_vec(tensor.data);
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(element) => Err(FileFault::NotFinite { name, element, given: numbers[element].to_string() }),
        None => Ok(numbers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::model::Sizes;

    fn network(hidden: usize) -> Network {
        kernels::network(Sizes { batch: 1, steps: 1, hidden, vocabulary: 2 })
    }

    #[test]
    fn what_is_written_is_read() {
        let parameters = Parameters::init(network(3), 1);
        assert_eq!(read(&write(&parameters), network(3)), Ok(parameters));
    }

    #[test]
    fn a_file_of_another_program_is_read() {
        let file = [
            br#"{"b_h":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w_xh":{"dtype":"F32","shape":[2,1],"#.as_slice(),
            br#""data_offsets":[4,12]},"w_hh":{"dtype":"F32","shape":[1,1],"data_offsets":[12,16]},"b_q":{"dtype":"#,
            br#""F32","shape":[2],"data_offsets":[16,24]},"w_hq":{"dtype":"F32","shape":[1,2],"data_offsets":[24,32]}}"#,
        ]
        .concat();
        let numbers: Vec<u8> = (1..=8u8).flat_map(|i| f32::from(i).to_le_bytes()).collect();
        let file = [&(file.len() as u64).to_le_bytes()[..], &file, &numbers].concat();
        let parameters = read(&file, network(1)).unwrap();
        let numbers: Vec<&[f32]> = parameters.tensors().map(|(_, numbers)| numbers).collect();
        assert_eq!(numbers, [&[2.0, 3.0][..], &[4.0], &[1.0], &[7.0, 8.0], &[5.0, 6.0]]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |file: &[u8]| read(file, network(3)).unwrap_err().to_string();
        assert!(wrong(b"\x89PNG").contains("not a safetensors file"));
        assert!(wrong(b"<!DOCTYPE html>").contains("is a web page"));
        assert!(wrong(b"Es war einmal").contains("is a plain text"));
        let sentence = wrong(&write(&Parameters::zeros(network(4))));
        assert!(sentence.contains("w_xh has the shape [2, 4], not [2, 3]"), "{sentence}");
        let mut not_finite = Parameters::init(network(3), 1);
        not_finite.tensor_mut("w_hq")[4] = f32::NAN;
        assert!(wrong(&write(&not_finite)).contains("element 4 of w_hq is NaN"));
    }
}
