//! The loss over tokens that are not trained on: the way forward alone, on the CPU whatever trains.

use dense::{Panels, product};
use web_time::Instant;

use super::engine::{cross_entropy, look_up};
use super::turn::{SLICE, Turn};
use crate::model::{Parameters, Sizes};

/// The tokens are read in rows of at least so many, for each begins with a state that knows nothing yet,
const ROW: usize = 256;

/// and in at most so many rows side by side.
const MOST_ROWS: usize = 32;

/// How far the reading has come.
pub struct HeldOut {
    parameters: Parameters,
    w_hh: Panels,
    w_hq: Panels,
    /// The state, as the left side of products.
    left: Panels,
    /// `(rows, H)`
    state: Vec<f32>,
    /// `(rows, V)`
    logits: Vec<f32>,
    rows: usize,
    columns: usize,
    at: usize,
    /// The sum of losses so far, in nats.
    loss: f64,
    turn: Turn,
}

/// Rows and columns in which so many tokens are predicted: what does not fill a column is left out.
pub fn shape(predicted: usize) -> (usize, usize) {
    let rows = (predicted / ROW).clamp(1, MOST_ROWS);
    (rows, predicted / rows)
}

impl HeldOut {
    /// Begins to read with these parameters of a network of these sizes; `predicted` tokens, at least one.
    pub fn new(sizes: Sizes, parameters: Parameters, predicted: usize) -> Self {
        let (rows, columns) = shape(predicted);
        let (mut w_hh, mut w_hq) = (Panels::right(sizes.hidden), Panels::right(sizes.vocabulary));
        w_hh.pack_by_depth(&parameters.w_hh);
        w_hq.pack_by_depth(&parameters.w_hq);
        Self {
            parameters,
            w_hh,
            w_hq,
            left: Panels::left(rows),
            state: vec![0.0; rows * sizes.hidden],
            logits: vec![0.0; rows * sizes.vocabulary],
            rows,
            columns,
            at: 0,
            loss: 0.0,
            turn: Turn::new(),
        }
    }

    /// Reads on for some tens of milliseconds, and at the end gives the mean loss per token, in nats. `tokens` are those
    /// that are predicted, with the one before them.
    pub async fn advance(&mut self, tokens: &[u32]) -> Option<f64> {
        let start = Instant::now();
        while self.at < self.columns && start.elapsed() < SLICE {
            self.step(tokens);
            self.at += 1;
        }
        self.turn.pass().await;
        (self.at == self.columns).then(|| self.loss / (self.rows * self.columns) as f64)
    }

    /// The parameters that it reads with.
    pub fn into_parameters(self) -> Parameters {
        self.parameters
    }

    /// One token of each row.
    fn step(&mut self, tokens: &[u32]) {
        let p = &self.parameters;
        let (hidden, vocabulary) = (p.b_h.len(), p.b_q.len());
        let places = (self.at..).step_by(self.columns);
        self.left.pack_by_across(&self.state);
        for (z, place) in self.state.chunks_exact_mut(hidden).zip(places.clone()) {
            look_up(z, tokens[place], p);
        }
        product(&mut self.state, &self.left, &self.w_hh);
        dense::tanh(&mut self.state);
        self.left.pack_by_across(&self.state);
        self.logits.chunks_exact_mut(vocabulary).for_each(|row| row.copy_from_slice(&p.b_q));
        product(&mut self.logits, &self.left, &self.w_hq);
        for (row, place) in self.logits.chunks_exact_mut(vocabulary).zip(places) {
            self.loss += cross_entropy(row, tokens[place + 1] as usize).0;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::cpu::{by_time, forward_backward};
    use crate::model::Minibatch;

    /// One long minibatch of the oracle's in f64 reads the same.
    #[test]
    fn the_loss_is_the_oracles() {
        for (predicted, vocabulary, rows, columns) in
            [(1, 3, 1, 1), (300, 7, 1, 300), (513, 28, 2, 256), (9000, 11, 32, 281)]
        {
            assert_eq!(shape(predicted), (rows, columns));
            let sizes = Sizes { batch: rows, steps: columns, hidden: 9, vocabulary };
            let mut parameters = Parameters::init(sizes, 5);
            parameters.tensors_mut().into_iter().flatten().for_each(|weight| *weight *= 60.0);
            let tokens: Vec<u32> = (0..=predicted).map(|i| (i * i % 101 % vocabulary) as u32).collect();
            let windows = |shift| tokens[shift..][..rows * columns].to_vec();
            let minibatch = Minibatch { inputs: windows(0), targets: windows(1) };
            assert_eq!(by_time(sizes, &minibatch.inputs)[rows - 1], tokens[(rows - 1) * columns]);
            let oracle = forward_backward(sizes, &parameters.cast::<f64>(), &vec![0.0; rows * 9], &minibatch);
            let mut held_out = HeldOut::new(sizes, parameters, predicted);
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
