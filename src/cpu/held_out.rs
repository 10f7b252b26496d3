//! The loss of held-out tokens: a forward pass on the CPU, whichever engine trains.

use web_time::Instant;

use super::cores::{Block, Cores};
use super::reader::Reader;
use super::yielding::{SLICE, Yield};
use crate::error::Result;
use crate::network::memory::{Space, Weights};
use crate::network::{Library, Parameters};

/// The shortest row of tokens, unless there are fewer: each row starts from a zero state, which predicts badly.
const MIN_COLUMNS: usize = 256;

/// The most rows, which are read as one batch.
const MAX_ROWS: usize = 32;

/// The most windows that are read as one batch.
const WINDOWS: usize = 64;

/// A forward pass over held-out tokens, in progress.
pub struct HeldOut {
    parameters: Parameters,
    block: Block,
    /// The first tokens of rows that are read side by side from zero states, one such batch after the other.
    batches: Vec<Vec<usize>>,
    /// The tokens of a row.
    columns: usize,
    /// Of all batches but the last, and of that.
    readers: [Reader; 2],
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
    ///
    /// # Errors
    /// A browser that has no memory left; a thread that is lost.
    pub fn new(cores: &Cores, parameters: Parameters, library: Library, predicted: usize) -> Result<Self> {
        let (rows, columns) = shape(predicted);
        Self::of(cores, parameters, library, vec![(0..rows).map(|row| row * columns).collect()], columns)
    }

    /// Starts with these parameters, for all overlapping windows of `steps` tokens among `predicted` (at least one).
    ///
    /// # Errors
    /// As [`HeldOut::new`].
    pub fn of_windows(
        cores: &Cores,
        parameters: Parameters,
        library: Library,
        predicted: usize,
        steps: usize,
    ) -> Result<Self> {
        let columns = steps.min(predicted);
        let starts: Vec<usize> = (0..=predicted - columns).collect();
        Self::of(cores, parameters, library, starts.chunks(WINDOWS).map(<[usize]>::to_vec).collect(), columns)
    }

    fn of(
        cores: &Cores,
        parameters: Parameters,
        library: Library,
        batches: Vec<Vec<usize>>,
        columns: usize,
    ) -> Result<Self> {
        let (network, mut space) = (parameters.network, Space::new(cores.tile()));
        let weights = Weights::new(network, false, &mut space);
        let rows = [0, batches.len() - 1].map(|batch| batches[batch].len());
        let readers = rows.map(|rows| Reader::new(network, library, rows, cores, &weights, &mut space));
        let mut block = cores.block(&space)?;
        block.write(weights.parameters.at, &parameters.numbers);
        readers[0].pack(&mut block)?;
        let (at, loss, yielding) = ((0, 0), 0.0, Yield::new());
        Ok(Self { parameters, block, batches, columns, readers, at, loss, yielding })
    }

    /// Reads for about 25 ms, then yields. Returns the mean loss per token, in nats, once all are read. `tokens`
    /// are the `predicted` tokens and, in front, the one before them.
    ///
    /// # Errors
    /// A thread that is lost.
    pub async fn advance(&mut self, tokens: &[u32]) -> Result<Option<f64>> {
        let start = Instant::now();
        while self.at.0 < self.batches.len() && start.elapsed() < SLICE {
            self.step(tokens)?;
        }
        self.yielding.now().await;
        let read = self.batches.iter().map(Vec::len).sum::<usize>() * self.columns;
        Ok((self.at.0 == self.batches.len()).then(|| self.loss / read as f64))
    }

    /// Returns the parameters.
    pub fn into_parameters(self) -> Parameters {
        self.parameters
    }

    /// Reads the next token of each row of the present batch.
    fn step(&mut self, tokens: &[u32]) -> Result<()> {
        let (batch, column) = self.at;
        let Self { block, readers, batches, .. } = self;
        let reader = &readers[usize::from(batch + 1 == batches.len())];
        let at = |shift: usize| batches[batch].iter().map(|start| tokens[start + shift]).collect::<Vec<_>>();
        if column == 0 {
            reader.begin(block)?;
        }
        reader.read(block, &at(column))?;
        // One after the other, as they have always been added.
        for loss in reader.losses(block, &at(column + 1))? {
            self.loss += loss;
        }
        self.at = if column + 1 == self.columns { (batch + 1, 0) } else { (batch, column + 1) };
        Ok(())
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::config::{Cell, Style};
    use crate::model::minibatch::by_time;
    use crate::model::{Config, Minibatch, Sizes};
    use crate::{kernels, oracle};

    fn loss_of(held_out: Result<HeldOut>, tokens: &[u32]) -> f64 {
        let mut held_out = held_out.unwrap();
        pollster::block_on(async {
            loop {
                if let Some(loss) = held_out.advance(tokens).await.unwrap() {
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
            let loss =
                loss_of(HeldOut::of_windows(&Cores::one(), parameters, kernels::LIBRARY, predicted, steps), &tokens);
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
            let loss = loss_of(HeldOut::new(&Cores::one(), parameters, kernels::LIBRARY, predicted), &tokens);
            assert!((loss / oracle.loss - 1.0).abs() < 1e-5, "{predicted}: {loss}, by the oracle {}", oracle.loss);
            assert!((loss / (vocabulary as f64).ln() - 1.0).abs() > 1e-3, "weights that say something");
        }
    }
}
