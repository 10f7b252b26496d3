//! Parameters in a safetensors file: `w_xh (V, H)`, `w_hh (H, H)`, `b_h (H)`, `w_hq (H, V)`, `b_q (V)`, all F32.

use safetensors::{Dtype, SafeTensors};

use super::parameters::shapes;
use super::{Parameters, Sizes};
use crate::error::{Error, Result};

/// Reads the parameters of a network of these sizes.
///
/// # Errors
/// [`Error::BadParameters`], which says what is missing, of another shape or type, or not finite.
pub fn read(file: &[u8], sizes: Sizes) -> Result<Parameters> {
    let file =
        SafeTensors::deserialize(file).map_err(|error| bad(format!("the file is no safetensors file ({error})")))?;
    let mut parameters = Parameters::zeros(sizes);
    for ((name, rows, columns), numbers) in shapes(sizes).into_iter().zip(parameters.tensors_mut()) {
        let expected = if name.starts_with('b') { vec![columns] } else { vec![rows, columns] };
        *numbers = floats(&file, name, &expected).map_err(bad)?;
    }
    Ok(parameters)
}

fn bad(what: String) -> Error {
    Error::BadParameters(what)
}

/// A tensor's numbers.
///
/// # Errors
/// What is wrong with it, as half a sentence.
pub fn floats(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let tensor = file.tensor(name).map_err(|_| format!("there is no tensor {name}"))?;
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("{name} is {:?}, not F32", tensor.dtype()));
    }
    if tensor.shape() != shape {
        return Err(format!("{name} has the shape {:?}, not {shape:?}", tensor.shape()));
    }
    let numbers: Vec<f32> = bytemuck::pod_collect_to_vec(tensor.data());
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(format!("element {i} of {name} is {}", numbers[i])),
        None => Ok(numbers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    const SIZES: Sizes = Sizes { batch: 1, steps: 1, hidden: 3, vocabulary: 2 };

    /// A file of a network's parameters, with one tensor changed by `change`.
    fn file(change: impl Fn(&str, &mut Vec<usize>, &mut Vec<f32>)) -> Vec<u8> {
        let parameters = Parameters::init(SIZES, 1);
        let tensors: Vec<_> = shapes(SIZES)
            .into_iter()
            .zip(parameters.tensors())
            .map(|((name, rows, columns), numbers)| {
                let mut shape = if name.starts_with('b') { vec![columns] } else { vec![rows, columns] };
                let mut numbers = numbers.clone();
                change(name, &mut shape, &mut numbers);
                (name, shape, numbers)
            })
            .collect();
        let views = tensors.iter().map(|(name, shape, numbers)| {
            (*name, TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(numbers)).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn a_file_is_read() {
        assert_eq!(read(&file(|_, _, _| ()), SIZES), Ok(Parameters::init(SIZES, 1)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |file: &[u8]| read(file, SIZES).unwrap_err().to_string();
        assert!(wrong(b"PK").contains("no safetensors file"));
        let other = Sizes { hidden: 4, ..SIZES };
        let sentence = read(&file(|_, _, _| ()), other).unwrap_err().to_string();
        assert!(sentence.contains("w_xh has the shape [2, 3], not [2, 4]"), "{sentence}");
        let not_finite = file(|name, _, numbers| {
            if name == "w_hq" {
                numbers[4] = f32::NAN;
            }
        });
        assert!(wrong(&not_finite).contains("element 4 of w_hq is NaN"));
    }
}
