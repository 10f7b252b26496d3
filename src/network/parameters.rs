//! The parameters of a network as one vector, and how they begin.

use num_traits::Float;
use rand::SeedableRng;
use rand_distr::{Distribution, Normal};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::description::Network;
use super::table::{Init, Param};

/// Parameters, or gradients of the same shapes: those of [`Network::params`] one after the other, matrices row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters<F = f32> {
    pub network: Network,
    pub numbers: Vec<F>,
}

impl<F: Float> Parameters<F> {
    pub fn zeros(network: Network) -> Self {
        Self { network, numbers: vec![F::zero(); network.parameter_count()] }
    }

    /// The numbers of a parameter.
    ///
    /// # Panics
    /// The network has none of this name.
    pub fn tensor(&self, name: &str) -> &[F] {
        &self.numbers[self.network.place(name)]
    }

    /// The numbers of a parameter.
    ///
    /// # Panics
    /// The network has none of this name.
    pub fn tensor_mut(&mut self, name: &str) -> &mut [F] {
        let place = self.network.place(name);
        &mut self.numbers[place]
    }

    /// Every parameter with its numbers.
    pub fn tensors(&self) -> impl Iterator<Item = (&'static Param, &[F])> {
        self.network.places().map(|(param, place)| (param, &self.numbers[place]))
    }

    /// The same numbers in another precision.
    pub fn cast<G: Float>(&self) -> Parameters<G> {
        Parameters { network: self.network, numbers: cast(&self.numbers) }
    }
}

impl Parameters {
    /// Initial parameters, each as its table says. The random numbers are xoshiro256++'s, drawn in the order of the
    /// tables, so that a seed gives the same parameters on every machine.
    pub fn init(network: Network, seed: u32) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
        let mut parameters = Self::zeros(network);
        for (param, place) in network.places() {
            if let Init::Normal(deviation) = param.init {
                let normal = Normal::new(0.0, deviation).expect("the deviation is finite");
                parameters.numbers[place].fill_with(|| normal.sample(&mut rng));
            }
        }
        parameters
    }
}

/// The same numbers in another precision.
pub fn cast<F: Float, G: Float>(numbers: &[F]) -> Vec<G> {
    numbers.iter().map(|&x| G::from(x).expect("a float becomes a float")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::model::Sizes;

    const SIZES: Sizes = Sizes { batch: 2, steps: 3, hidden: 64, vocabulary: 28 };

    #[test]
    fn weights_are_normal_with_deviation_a_hundredth_and_biases_zero() {
        let parameters = Parameters::init(kernels::network(SIZES), 1);
        let weights = parameters.tensor("w_hh");
        let n = weights.len() as f32;
        let mean = weights.iter().sum::<f32>() / n;
        let deviation = (weights.iter().map(|w| (w - mean).powi(2)).sum::<f32>() / n).sqrt();
        assert!(mean.abs() < 5e-4, "{mean}");
        assert!((deviation - 0.01).abs() < 5e-4, "{deviation}");
        assert!(["b_h", "b_q"].into_iter().flat_map(|name| parameters.tensor(name)).all(|&b| b == 0.0));
    }

    #[test]
    fn a_seed_names_the_parameters() {
        let init = |seed| Parameters::init(kernels::network(SIZES), seed);
        assert_eq!(init(7), init(7));
        assert_ne!(init(7), init(8));
    }

    #[test]
    fn parameters_fill_the_vector() {
        let parameters = Parameters::<f32>::zeros(kernels::network(SIZES));
        let names: Vec<_> = parameters.tensors().map(|(param, numbers)| (param.name, numbers.len())).collect();
        assert_eq!(names, [("w_xh", 28 * 64), ("w_hh", 64 * 64), ("b_h", 64), ("w_hq", 64 * 28), ("b_q", 28)]);
        assert_eq!(parameters.numbers.len(), names.iter().map(|(_, length)| length).sum::<usize>());
    }
}
