//! The loss of held-out tokens: a forward pass on the CPU, whichever engine trains.

use dense::cross_entropy;
use web_time::Instant;

use super::reader::{Forward, Reader};
use super::yielding::{SLICE, Yield};
use crate::network::memory::Weights;
use crate::network::{Library, Parameters};

/// The shortest row of tokens, unless there are fewer: each row starts from a zero state, which predicts badly.
const MIN_COLUMNS: usize = 256;

/// The most rows, which are read as one batch.
const MAX_ROWS: usize = 32;

/// A forward pass over held-out tokens, in progress.
pub struct HeldOut {
    weights: Weights,
    reader: Reader,
    rows: usize,
    columns: usize,
    /// The next column.
    at: usize,
    /// Sum of the losses so far, in nats.
    loss: f64,
    yielding: Yield,
}

/// Rows and columns for `predicted` tokens; the rest that fills no column is left out.
pub fn shape(predicted: usize) -> (usize, usize) {
    let rows = (predicted / MIN_COLUMNS).clamp(1, MAX_ROWS);
    (rows, predicted / rows)
}

impl HeldOut {
    /// Starts with these parameters, for `predicted` tokens (at least one).
    pub fn new(parameters: Parameters, library: Library, predicted: usize) -> Self {
        let (rows, columns) = shape(predicted);
        let network = parameters.network;
        let reader = Reader::new(network, Forward::new(&network, library), rows);
        let weights = Weights::new(parameters, false);
        Self { weights, reader, rows, columns, at: 0, loss: 0.0, yielding: Yield::new() }
    }

    /// Reads for about 25 ms, then yields. Returns the mean loss per token, in nats, once all are read. `tokens`
    /// are the `predicted` tokens and, in front, the one before them.
    pub async fn advance(&mut self, tokens: &[u32]) -> Option<f64> {
        let start = Instant::now();
        while self.at < self.columns && start.elapsed() < SLICE {
            self.step(tokens);
            self.at += 1;
        }
        self.yielding.now().await;
        (self.at == self.columns).then(|| self.loss / (self.rows * self.columns) as f64)
    }

    /// Returns the parameters.
    pub fn into_parameters(self) -> Parameters {
        self.weights.parameters
    }

    /// Reads the next token of each row.
    fn step(&mut self, tokens: &[u32]) {
        let vocabulary = self.weights.parameters.network.sizes.vocabulary;
        let indices = (self.at..).step_by(self.columns).take(self.rows);
        self.reader.read(&mut self.weights, indices.clone().map(|index| tokens[index]));
        let logits = self.reader.logits(&mut self.weights);
        for (row, index) in logits.chunks_exact_mut(vocabulary).zip(indices) {
            self.loss += cross_entropy(row, tokens[index + 1] as usize).0;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::minibatch::by_time;
    use crate::model::{Minibatch, Sizes};
    use crate::{kernels, oracle};

    /// The oracle reads the same rows as one minibatch.
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
