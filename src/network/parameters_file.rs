//! Parameters in a safetensors file: every parameter of the network under its name, as F32.

use std::fmt::Display;

use bytemuck::{AnyBitPattern, NoUninit};
use num_traits::Float;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::description::Network;
use super::parameters::Parameters;
use crate::error::{Error, Result};
use crate::model::FileFault;

/// Reads the parameters of a network.
///
/// # Errors
/// [`Error::BadParameters`] if a tensor is missing, of another shape or type, or not finite.
pub fn read(file: &[u8], network: Network) -> Result<Parameters> {
    let tensors = SafeTensors::deserialize(file).map_err(|error| FileFault::not_safetensors(file, error.to_string()));
    tensors.and_then(|tensors| read_from(&tensors, network)).map_err(Error::BadParameters)
}

/// Reads the parameters among a file's tensors.
///
/// # Errors
/// As [`floats`], for the first tensor at fault. Allocates nothing for a tensor that is missing.
pub fn read_from(file: &SafeTensors<'_>, network: Network) -> Result<Parameters, FileFault> {
    let tensors = network.params().map(|param| floats(file, param.name, &network.shape(param)));
    Ok(Parameters { network, numbers: tensors.collect::<Result<Vec<Vec<f32>>, _>>()?.concat() })
}

/// Serialises parameters to the file that [`read`] reads.
pub fn write(parameters: &Parameters) -> Vec<u8> {
    safetensors::serialize(views(parameters), None).expect("tensors make a file")
}

/// The parameters as named tensors of a file.
pub fn views(parameters: &Parameters) -> Vec<(&'static str, TensorView<'_>)> {
    let shape = |param| parameters.network.shape(param);
    parameters.tensors().map(|(param, numbers)| (param.name, view(shape(param), numbers))).collect()
}

/// Numbers as a tensor of a file.
///
/// # Panics
/// If the numbers do not fill the shape.
pub fn view<F: Float + NoUninit>(shape: Vec<usize>, numbers: &[F]) -> TensorView<'_> {
    TensorView::new(dtype::<F>(), shape, bytemuck::cast_slice(numbers)).expect("the numbers fill the shape")
}

fn dtype<F>() -> Dtype {
    if size_of::<F>() == 4 { Dtype::F32 } else { Dtype::F64 }
}

/// The numbers of the tensor `name`, which must have this shape and the type `F`.
///
/// # Errors
/// [`FileFault`]: the tensor is missing, of another type or shape, or not finite.
pub fn floats<F: Float + AnyBitPattern + NoUninit + Display>(
    file: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<F>, FileFault> {
    let tensor = file.tensor(name).map_err(|_| FileFault::NoTensor(name.to_owned()))?;
    let name = name.to_owned();
    if tensor.dtype() != dtype::<F>() {
        let [given, wanted] = [tensor.dtype(), dtype::<F>()].map(|dtype| format!("{dtype:?}"));
        return Err(FileFault::Type { name, given, wanted });
    }
    if tensor.shape() != shape {
        return Err(FileFault::Shape { name, given: tensor.shape().to_vec(), wanted: shape.to_vec() });
    }
    let numbers: Vec<F> = bytemuck::pod_collect_to_vec(tensor.data());
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
