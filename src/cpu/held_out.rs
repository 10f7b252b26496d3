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

/// The most windows that are read as one batch.
const WINDOWS: usize = 64;

/// A forward pass over held-out tokens, in progress.
pub struct HeldOut {
    weights: Weights,
    library: Library,
    /// The first tokens of rows that are read side by side from zero states, one such batch after the other.
    batches: Vec<Vec<usize>>,
    /// The tokens of a row.
    columns: usize,
    reader: Reader,
    /// The present batch, and its next column.
    at: (usize, usize),
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
    /// Starts with these parameters, for `predicted` tokens (at least one), in few long rows.
    pub fn new(parameters: Parameters, library: Library, predicted: usize) -> Self {
        let (rows, columns) = shape(predicted);
        Self::of(parameters, library, vec![(0..rows).map(|row| row * columns).collect()], columns)
    }

    /// Starts with these parameters, for all overlapping windows of `steps` tokens among `predicted` (at least one).
    pub fn of_windows(parameters: Parameters, library: Library, predicted: usize, steps: usize) -> Self {
        let columns = steps.min(predicted);
        let starts: Vec<usize> = (0..=predicted - columns).collect();
        Self::of(parameters, library, starts.chunks(WINDOWS).map(<[usize]>::to_vec).collect(), columns)
    }

    fn of(parameters: Parameters, library: Library, batches: Vec<Vec<usize>>, columns: usize) -> Self {
        let reader = reader(&parameters, library, batches[0].len());
        let weights = Weights::new(parameters, false);
        Self { weights, library, batches, columns, reader, at: (0, 0), loss: 0.0, yielding: Yield::new() }
    }

    /// Reads for about 25 ms, then yields. Returns the mean loss per token, in nats, once all are read. `tokens`
    /// are the `predicted` tokens and, in front, the one before them.
    pub async fn advance(&mut self, tokens: &[u32]) -> Option<f64> {
        let start = Instant::now();
        while self.at.0 < self.batches.len() && start.elapsed() < SLICE {
            self.step(tokens);
        }
        self.yielding.now().await;
        let read = self.batches.iter().map(Vec::len).sum::<usize>() * self.columns;
        (self.at.0 == self.batches.len()).then(|| self.loss / read as f64)
    }

    /// Returns the parameters.
    pub fn into_parameters(self) -> Parameters {
        self.weights.parameters
    }

    /// Reads the next token of each row of the present batch.
    fn step(&mut self, tokens: &[u32]) {
        let vocabulary = self.weights.parameters.network.sizes.vocabulary;
        let (batch, column) = self.at;
        let rows = &self.batches[batch];
        if column == 0 && batch > 0 {
            self.reader = reader(&self.weights.parameters, self.library, rows.len());
        }
        self.reader.read(&mut self.weights, rows.iter().map(|start| tokens[start + column]));
        let logits = self.reader.logits(&mut self.weights);
        for (logits, start) in logits.chunks_exact_mut(vocabulary).zip(rows) {
            self.loss += cross_entropy(logits, tokens[start + column + 1] as usize).0;
        }
        self.at = if column + 1 == self.columns { (batch + 1, 0) } else { (batch, column + 1) };
    }
}

/// A reader of so many rows, from zero states.
fn reader(parameters: &Parameters, library: Library, rows: usize) -> Reader {
    Reader::new(parameters.network, Forward::new(&parameters.network, library), rows)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::config::{Cell, Style};
    use crate::model::minibatch::by_time;
    use crate::model::{Config, Minibatch, Sizes};
    use crate::{kernels, oracle};

    fn loss_of(mut held_out: HeldOut, tokens: &[u32]) -> f64 {
        pollster::block_on(async {
            loop {
                if let Some(loss) = held_out.advance(tokens).await {
                    return loss;
                }
            }
        })
    }

    /// The mean over all windows, each read by the oracle alone.
    #[test]
    fn the_loss_of_windows_is_the_oracles() {
        let config = Config { cell: Cell::Lstm, style: Style::Concise, layers: 2, ..Config::default() };
        for (predicted, steps, windows) in [(1, 3, 1), (3, 3, 1), (70, 4, 67)] {
            let columns = steps.min(predicted);
            let sizes = Sizes { batch: windows, steps: columns, hidden: 5, vocabulary: 7 };
            let parameters = Parameters::init(kernels::network_of(&config, 7).with_sizes(sizes), 5);
            let tokens: Vec<u32> = (0..=predicted as u32).map(|i| i * i % 101 % 7).collect();
            let rows =
                |shift: usize| (0..windows).flat_map(|start| tokens[start + shift..][..columns].to_vec()).collect();
            let oracle =
                oracle::forward_backward(&parameters.cast(), &[], &Minibatch { inputs: rows(0), targets: rows(1) });
            let loss = loss_of(HeldOut::of_windows(parameters, kernels::LIBRARY, predicted, steps), &tokens);
            assert!((loss / oracle.loss - 1.0).abs() < 1e-5, "{predicted}: {loss}, by the oracle {}", oracle.loss);
        }
    }

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
            let loss = loss_of(HeldOut::new(parameters, kernels::LIBRARY, predicted), &tokens);
            assert!((loss / oracle.loss - 1.0).abs() < 1e-5, "{predicted}: {loss}, by the oracle {}", oracle.loss);
            assert!((loss / (vocabulary as f64).ln() - 1.0).abs() > 1e-3, "weights that say something");
        }
    }
}
