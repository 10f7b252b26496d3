//! The five parameters of the network and how they begin.

use num_traits::Float;
use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Sizes;

/// The parameters' names, in the order of every list of them.
pub const NAMES: [&str; 5] = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"];

/// Standard deviation of the initial weights, as in the book.
const SIGMA: f32 = 0.01;

/// Parameters, or gradients of the same shapes; matrices row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters<F = f32> {
    /// `(V, H)`: input token to state.
    pub w_xh: Vec<F>,
    /// `(H, H)`: state to state.
    pub w_hh: Vec<F>,
    /// `(H)`
    pub b_h: Vec<F>,
    /// `(H, V)`: state to logits.
    pub w_hq: Vec<F>,
    /// `(V)`
    pub b_q: Vec<F>,
}

impl<F: Float> Parameters<F> {
    pub fn zeros(sizes: Sizes) -> Self {
        let [w_xh, w_hh, b_h, w_hq, b_q] = shapes(sizes).map(|(_, rows, columns)| vec![F::zero(); rows * columns]);
        Self { w_xh, w_hh, b_h, w_hq, b_q }
    }

    /// The five tensors, in the order of [`NAMES`].
    pub fn tensors(&self) -> [&Vec<F>; 5] {
        [&self.w_xh, &self.w_hh, &self.b_h, &self.w_hq, &self.b_q]
    }

    /// The five tensors, in the order of [`NAMES`].
    pub fn tensors_mut(&mut self) -> [&mut Vec<F>; 5] {
        [&mut self.w_xh, &mut self.w_hh, &mut self.b_h, &mut self.w_hq, &mut self.b_q]
    }

    /// The same numbers in another precision.
    pub fn cast<G: Float>(&self) -> Parameters<G> {
        let [w_xh, w_hh, b_h, w_hq, b_q] = self.tensors().map(|tensor| cast(tensor));
        Parameters { w_xh, w_hh, b_h, w_hq, b_q }
    }
}

impl Parameters {
    /// Weights from N(0, 0.01²), biases 0, as in the book. The random numbers are xoshiro256++'s, so that a seed
    /// gives the same parameters on every machine.
    pub fn init(sizes: Sizes, seed: u32) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
        let normal = Normal::new(0.0, SIGMA).expect("the deviation is finite");
        let mut parameters = Self::zeros(sizes);
        for weights in [&mut parameters.w_xh, &mut parameters.w_hh, &mut parameters.w_hq] {
            weights.fill_with(|| normal.sample(&mut rng));
        }
        parameters
    }
}

/// Name, rows and columns of each parameter; a bias is one row.
pub fn shapes(sizes: Sizes) -> [(&'static str, usize, usize); 5] {
    let Sizes { hidden: h, vocabulary: v, .. } = sizes;
    let [w_xh, w_hh, b_h, w_hq, b_q] = NAMES;
    [(w_xh, v, h), (w_hh, h, h), (b_h, 1, h), (w_hq, h, v), (b_q, 1, v)]
}

/// The same numbers in another precision.
pub fn cast<F: Float, G: Float>(numbers: &[F]) -> Vec<G> {
    numbers.iter().map(|&x| G::from(x).expect("a float becomes a float")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { batch: 2, steps: 3, hidden: 64, vocabulary: 28 };

    #[test]
    fn weights_are_normal_with_deviation_a_hundredth_and_biases_zero() {
        let parameters = Parameters::init(SIZES, 1);
        let n = parameters.w_hh.len() as f32;
        let mean = parameters.w_hh.iter().sum::<f32>() / n;
        let deviation = (parameters.w_hh.iter().map(|w| (w - mean).powi(2)).sum::<f32>() / n).sqrt();
        assert!(mean.abs() < 5e-4, "{mean}");
        assert!((deviation - SIGMA).abs() < 5e-4, "{deviation}");
        assert!(parameters.b_h.iter().chain(&parameters.b_q).all(|&b| b == 0.0));
    }

    #[test]
    fn a_seed_names_the_parameters() {
        assert_eq!(Parameters::init(SIZES, 7), Parameters::init(SIZES, 7));
        assert_ne!(Parameters::init(SIZES, 7), Parameters::init(SIZES, 8));
    }
}
