//! Parameters in a safetensors file: `w_xh (V, H)`, `w_hh (H, H)`, `b_h (H)`, `w_hq (H, V)`, `b_q (V)`, all F32.

use std::fmt::Display;

use bytemuck::{AnyBitPattern, NoUninit};
use num_traits::Float;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::parameters::shapes;
use super::{FileFault, Parameters, Sizes};
use crate::error::{Error, Result};

/// Reads the parameters of a network of these sizes.
///
/// # Errors
/// [`Error::BadParameters`], which says what is missing, of another shape or type, or not finite.
pub fn read(file: &[u8], sizes: Sizes) -> Result<Parameters> {
    let file = SafeTensors::deserialize(file).map_err(|error| FileFault::NotSafetensors(error.to_string()));
    file.and_then(|file| read_from(&file, sizes)).map_err(Error::BadParameters)
}

/// Reads the parameters among a file's tensors.
///
/// # Errors
/// What is wrong with one of them. Nothing is allocated for a tensor that is not there.
pub fn read_from(file: &SafeTensors<'_>, sizes: Sizes) -> Result<Parameters, FileFault> {
    let [w_xh, w_hh, b_h, w_hq, b_q] = expected(sizes).map(|(name, shape)| floats(file, name, &shape));
    Ok(Parameters { w_xh: w_xh?, w_hh: w_hh?, b_h: b_h?, w_hq: w_hq?, b_q: b_q? })
}

/// The file that [`read`] reads.
///
/// # Panics
/// Parameters of other sizes.
pub fn write(parameters: &Parameters, sizes: Sizes) -> Vec<u8> {
    safetensors::serialize(views(parameters, sizes), None).expect("five tensors make a file")
}

/// The parameters as a file's tensors.
///
/// # Panics
/// Parameters of other sizes.
pub fn views(parameters: &Parameters, sizes: Sizes) -> Vec<(&'static str, TensorView<'_>)> {
    let tensors = expected(sizes).into_iter().zip(parameters.tensors());
    tensors.map(|((name, shape), numbers)| (name, view(shape, numbers))).collect()
}

/// Numbers as a tensor.
///
/// # Panics
/// Fewer or more than the shape has.
pub fn view<F: Float + NoUninit>(shape: Vec<usize>, numbers: &[F]) -> TensorView<'_> {
    TensorView::new(dtype::<F>(), shape, bytemuck::cast_slice(numbers)).expect("the numbers fill the shape")
}

fn dtype<F>() -> Dtype {
    if size_of::<F>() == 4 { Dtype::F32 } else { Dtype::F64 }
}

/// Name and shape of each tensor in the file of a network of these sizes.
pub fn expected(sizes: Sizes) -> [(&'static str, Vec<usize>); 5] {
    shapes(sizes)
        .map(|(name, rows, columns)| (name, if name.starts_with('b') { vec![columns] } else { vec![rows, columns] }))
}

/// A tensor's numbers.
///
/// # Errors
/// What is wrong with it.
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

    const SIZES: Sizes = Sizes { batch: 1, steps: 1, hidden: 3, vocabulary: 2 };

    #[test]
    fn what_is_written_is_read() {
        let parameters = Parameters::init(SIZES, 1);
        assert_eq!(read(&write(&parameters, SIZES), SIZES), Ok(parameters));
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
        let parameters = read(&file, Sizes { hidden: 1, ..SIZES }).unwrap();
        assert_eq!(parameters.tensors(), [&vec![2.0, 3.0], &vec![4.0], &vec![1.0], &vec![7.0, 8.0], &vec![5.0, 6.0]]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |file: &[u8]| read(file, SIZES).unwrap_err().to_string();
        assert!(wrong(b"PK").contains("no safetensors file"));
        let other = Sizes { hidden: 4, ..SIZES };
        let sentence = wrong(&write(&Parameters::zeros(other), other));
        assert!(sentence.contains("w_xh has the shape [2, 4], not [2, 3]"), "{sentence}");
        let mut not_finite = Parameters::init(SIZES, 1);
        not_finite.w_hq[4] = f32::NAN;
        assert!(wrong(&write(&not_finite, SIZES)).contains("element 4 of w_hq is NaN"));
    }
}
