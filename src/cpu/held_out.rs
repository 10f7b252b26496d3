//! The loss over tokens that are not trained on: the way forward alone, on the CPU whatever trains.

use dense::cross_entropy;
use web_time::Instant;

use super::reader::{Forward, Reader};
use super::yielding::{SLICE, Yield};
use crate::network::memory::Weights;
use crate::network::{Library, Parameters};

/// The tokens are read in rows of at least so many, for each begins with a state that knows nothing yet,
const ROW: usize = 256;

/// and in at most so many rows side by side.
const MOST_ROWS: usize = 32;

/// How far the reading has come.
pub struct HeldOut {
    weights: Weights,
    reader: Reader,
    rows: usize,
    columns: usize,
    at: usize,
    /// The sum of losses so far, in nats.
    loss: f64,
    yielding: Yield,
}

/// Rows and columns in which so many tokens are predicted: what does not fill a column is left out.
pub fn shape(predicted: usize) -> (usize, usize) {
    let rows = (predicted / ROW).clamp(1, MOST_ROWS);
    (rows, predicted / rows)
}

impl HeldOut {
    /// Begins to read with these parameters; `predicted` tokens, at least one.
    pub fn new(parameters: Parameters, library: Library, predicted: usize) -> Self {
        let (rows, columns) = shape(predicted);
        let network = parameters.network;
        let reader = Reader::new(network, Forward::new(&network, library), rows);
        let weights = Weights::new(parameters, false);
        Self { weights, reader, rows, columns, at: 0, loss: 0.0, yielding: Yield::new() }
    }

    /// Reads on for some tens of milliseconds, and at the end gives the mean loss per token, in nats. `tokens` are those
    /// that are predicted, with the one before them.
    pub async fn advance(&mut self, tokens: &[u32]) -> Option<f64> {
        let start = Instant::now();
        while self.at < self.columns && start.elapsed() < SLICE {
            self.step(tokens);
            self.at += 1;
        }
        self.yielding.now().await;
        (self.at == self.columns).then(|| self.loss / (self.rows * self.columns) as f64)
    }

    /// The parameters that it reads with.
    pub fn into_parameters(self) -> Parameters {
        self.weights.parameters
    }

    /// One token of each row.
    fn step(&mut self, tokens: &[u32]) {
        let vocabulary = self.weights.parameters.network.sizes.vocabulary;
        let places = (self.at..).step_by(self.columns).take(self.rows);
        self.reader.read(&mut self.weights, places.clone().map(|place| tokens[place]));
        let logits = self.reader.logits(&mut self.weights);
        for (row, place) in logits.chunks_exact_mut(vocabulary).zip(places) {
            self.loss += cross_entropy(row, tokens[place + 1] as usize).0;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::minibatch::by_time;
    use crate::model::{Minibatch, Sizes};
    use crate::{kernels, oracle};

    /// One long minibatch of the oracle's in f64 reads the same.
    #[test]
    fn the_loss_is_the_oracles() {
        for (predicted, vocabulary, rows, columns) in
            [(1, 3, 1, 1), (300, 7, 1, 300), (513, 28, 2, 256), (9000, 11, 32, 281)]
        {
            assert_eq!(shape(predicted), (rows, columns));
            let sizes = Sizes { batch: rows, steps: columns, hidden: 9, vocabulary };
            let mut parameters = Parameters::init(kernels::network(sizes), 5);
            parameters.numbers.iter_mut().for_each(|weight| *weight *= 60.0);
            let tokens: Vec<u32> = (0..=predicted).map(|i| (i * i % 101 % vocabulary) as u32).collect();
            let windows = |shift| tokens[shift..][..rows * columns].to_vec();
            let minibatch = Minibatch { inputs: windows(0), targets: windows(1) };
            assert_eq!(by_time(sizes, &minibatch.inputs)[rows - 1], tokens[(rows - 1) * columns]);
            let oracle = oracle::forward_backward(&parameters.cast(), &[], &minibatch);
            let mut held_out = HeldOut::new(parameters, kernels::LIBRARY, predicted);
            let loss = pollster::block_on(async {
                loop {
                    if let Some(loss) = held_out.advance(&tokens).await {
                        return loss;
                    }
                }
            });
            assert!((loss / oracle.loss - 1.0).abs() < 1e-5, "{predicted}: {loss}, by the oracle {}", oracle.loss);
            assert!((loss / (vocabulary as f64).ln() - 1.0).abs() > 1e-3, "weights that say something");
        }
    }
}
