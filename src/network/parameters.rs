//! The parameters of a network as one vector, and their initialisation.

use num_traits::Float;
use rand::SeedableRng;
use rand_distr::{Distribution, Normal, Uniform};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::description::{Named, Network};
use super::table::{Init, Param};

/// Parameters, or gradients of the same shapes: the tensors of [`Network::params`] concatenated, matrices row by row;
/// with parameters, what the optimizer keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters<F = f32> {
    pub network: Network,
    pub numbers: Vec<F>,
    /// The parts of [`Network::state_places`] concatenated.
    pub state: Vec<F>,
}

impl<F: Float> Parameters<F> {
    /// Parameters with an optimizer that has not updated them yet.
    pub fn of(network: Network, numbers: Vec<F>) -> Self {
        Self { network, numbers, state: vec![F::zero(); network.state_count()] }
    }

    pub fn zeros(network: Network) -> Self {
        Self::of(network, vec![F::zero(); network.parameter_count()])
    }

    /// Zeros, without an optimizer's state.
    pub fn gradients(network: Network) -> Self {
        Self { network, numbers: vec![F::zero(); network.parameter_count()], state: Vec::new() }
    }

    /// The elements of the parameter `name`.
    ///
    /// # Panics
    /// If the network has none of this name.
    pub fn tensor(&self, name: &str) -> &[F] {
        &self.numbers[self.network.place(name)]
    }

    /// The elements of the parameter `name`.
    ///
    /// # Panics
    /// If the network has none of this name.
    pub fn tensor_mut(&mut self, name: &str) -> &mut [F] {
        let range = self.network.place(name);
        &mut self.numbers[range]
    }

    /// Every parameter with its elements.
    pub fn tensors(&self) -> impl Iterator<Item = (Named<Param>, &[F])> {
        self.network.places().map(|(param, range)| (param, &self.numbers[range]))
    }

    /// Converts to another precision.
    pub fn cast<G: Float>(&self) -> Parameters<G> {
        Parameters { network: self.network, numbers: cast(&self.numbers), state: cast(&self.state) }
    }
}

impl Parameters {
    /// Initialises each parameter as its table says. Random numbers come from xoshiro256++ in the order of the tables,
    /// so that a seed yields the same parameters on every machine.
    pub fn init(network: Network, seed: u32) -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
        let mut parameters = Self::zeros(network);
        for (param, range) in network.places() {
            let numbers = &mut parameters.numbers[range];
            match param.init {
                Init::Zero => {}
                Init::Normal(deviation) => {
                    let normal = Normal::new(0.0, deviation).expect("the deviation is finite");
                    numbers.fill_with(|| normal.sample(&mut rng));
                }
                Init::Uniform => {
                    let bound = 1.0 / (network.sizes.hidden as f32).sqrt();
                    let uniform = Uniform::new(-bound, bound).expect("the bound is finite");
                    numbers.fill_with(|| uniform.sample(&mut rng));
                }
            }
        }
        parameters
    }
}

/// Converts numbers to another precision.
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
    fn a_seed_determines_the_parameters() {
        let init = |seed| Parameters::init(kernels::network(SIZES), seed);
        assert_eq!(init(7), init(7));
        assert_ne!(init(7), init(8));
    }

    #[test]
    fn parameters_fill_the_vector() {
        let parameters = Parameters::<f32>::zeros(kernels::network(SIZES));
        let names: Vec<_> = parameters.tensors().map(|(param, numbers)| (param.name, numbers.len())).collect();
        let named = [("w_xh", 28 * 64), ("w_hh", 64 * 64), ("b_h", 64), ("w_hq", 64 * 28), ("b_q", 28)];
        assert!(names.iter().map(|(name, length)| (name.as_str(), *length)).eq(named), "{names:?}");
        assert_eq!(parameters.numbers.len(), names.iter().map(|(_, length)| length).sum::<usize>());
    }
}
