//! A network on the CPU: the training step of [`super::kernels`] on one thread, with the products of [`dense`].
//!
//! The functions have the names of the kernels; where several work on the same rows, they run row block by row block.

use std::ops::Range;

use dense::{Panels, product};
use web_time::Instant;

use super::turn::{SLICE, Turn};
use crate::error::{Error, Result};
use crate::model::minibatch::{Metrics, by_time};
use crate::model::pick::{Terms, Thoughts};
use crate::model::run::{Rates, Run, StateAt};
use crate::model::{Minibatch, Parameters, Sizes};

/// Positions whose part of the weights' gradients is summed in one piece.
pub(super) const GRAD_POSITIONS: usize = 256;

/// The most that the network's tensors may take, in bytes: WebAssembly has 4 GiB for everything.
const MOST_BYTES: u64 = 2 << 30;

/// A part of a training step, of a few milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// State, logits, loss and `dh` of one time step.
    Forward(usize),
    /// `dz` of one time step.
    Backward(usize),
    /// The parameters' gradients over the positions from here on.
    Grads(usize),
    /// Norm, clipping and update.
    Update,
}

/// A network in the machine's memory, trained on one thread.
pub struct Engine {
    pub(super) sizes: Sizes,
    rates: Rates,
    pieces: Vec<Piece>,
    parameters: Parameters,
    grads: Parameters,
    weights: Weights,
    /// Token ids `(T, B)` of the minibatch under way.
    inputs: Vec<u32>,
    targets: Vec<u32>,
    /// `(T + 1, B, H)`; slot 0 is the state that entered.
    states: Vec<f32>,
    /// `(N, V)`
    logits: Vec<f32>,
    /// `(N, V)`
    dlogits: Vec<f32>,
    /// `(N, H)`: `dh` on the way forward, then `dz`.
    dz: Vec<f32>,
    /// `h_t`, the left side of two products.
    state: Panels,
    /// `dlogits_t` or `dz_{t+1}`, the left side on the way back.
    error: Panels,
    sides: GradSides,
    /// The minibatch's sum of losses so far, in nats.
    loss: f64,
    carried: Vec<f32>,
    history: Vec<Metrics>,
    turn: Turn,
}

/// The weights as right sides of products, packed anew after each update.
struct Weights {
    w_hh: Panels,
    w_hh_t: Panels,
    w_hq: Panels,
    w_hq_t: Panels,
}

/// The sides of the products that give the weights' gradients, over [`GRAD_POSITIONS`].
struct GradSides {
    states_t: Panels,
    dz: Panels,
    dlogits: Panels,
}

impl Weights {
    fn new(sizes: Sizes, parameters: &Parameters) -> Self {
        let (h, v) = (sizes.hidden, sizes.vocabulary);
        let [w_hh, w_hh_t, w_hq, w_hq_t] = [h, h, v, h].map(Panels::right);
        let mut weights = Self { w_hh, w_hh_t, w_hq, w_hq_t };
        weights.pack(parameters);
        weights
    }

    fn pack(&mut self, parameters: &Parameters) {
        self.w_hh.pack_by_depth(&parameters.w_hh);
        self.w_hh_t.pack_by_across(&parameters.w_hh);
        self.w_hq.pack_by_depth(&parameters.w_hq);
        self.w_hq_t.pack_by_across(&parameters.w_hq);
    }
}

impl Engine {
    /// A network with these parameters.
    ///
    /// # Errors
    /// [`Error::TooLargeForCpu`] if its tensors would take more memory than there is.
    pub fn new(sizes: Sizes, rates: Rates, parameters: &Parameters) -> Result<Self> {
        let bytes = bytes_needed(sizes);
        if bytes > MOST_BYTES {
            return Err(Error::TooLargeForCpu { megabytes: bytes >> 20, allowed_megabytes: MOST_BYTES >> 20 });
        }
        let Sizes { batch, steps, hidden, vocabulary } = sizes;
        let n = sizes.positions();
        let forward = (0..steps).map(Piece::Forward);
        let backward = (0..steps).rev().map(Piece::Backward);
        let grads = (0..n).step_by(GRAD_POSITIONS).map(Piece::Grads);
        Ok(Self {
            sizes,
            rates,
            pieces: forward.chain(backward).chain(grads).chain([Piece::Update]).collect(),
            parameters: parameters.clone(),
            grads: Parameters::zeros(sizes),
            weights: Weights::new(sizes, parameters),
            inputs: Vec::new(),
            targets: Vec::new(),
            states: vec![0.0; (steps + 1) * batch * hidden],
            logits: vec![0.0; n * vocabulary],
            dlogits: vec![0.0; n * vocabulary],
            dz: vec![0.0; n * hidden],
            state: Panels::left(batch),
            error: Panels::left(batch),
            sides: GradSides {
                states_t: Panels::left(hidden),
                dz: Panels::right(hidden),
                dlogits: Panels::right(vocabulary),
            },
            loss: 0.0,
            carried: vec![0.0; batch * hidden],
            history: Vec::new(),
            turn: Turn::new(),
        })
    }

    /// Sets the rates of the minibatches that begin from now on. No minibatch may be under way.
    pub fn set_rates(&mut self, rates: Rates) {
        self.rates = rates;
    }

    /// Does the next pieces of a run, for some tens of milliseconds, up to where it is to hold. `minibatch` gives the
    /// tokens of a minibatch and the state that enters it.
    pub async fn advance(&mut self, run: &mut Run, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) {
        let start = Instant::now();
        while !run.is_held() {
            if run.at.1 == 0 {
                let (minibatch, state) = minibatch(run.at.0);
                self.begin(&minibatch, state, run.at.0 == 0);
            }
            self.run(self.pieces[run.at.1]);
            run.at.1 += 1;
            if run.at.1 == self.pieces.len() {
                run.at = (run.at.0 + 1, 0);
                run.done = run.at.0;
            }
            if start.elapsed() >= SLICE {
                break;
            }
        }
        self.turn.pass().await;
    }

    /// Loss and gradient norm of each minibatch of a run.
    pub fn finish(&mut self) -> Vec<Metrics> {
        std::mem::take(&mut self.history)
    }

    pub(crate) fn begin(&mut self, minibatch: &Minibatch, state: StateAt, first: bool) {
        self.inputs = by_time(self.sizes, &minibatch.inputs);
        self.targets = by_time(self.sizes, &minibatch.targets);
        let entering = &mut self.states[..self.carried.len()];
        match state {
            StateAt::Zero => entering.fill(0.0),
            StateAt::Carried => entering.copy_from_slice(&self.carried),
        }
        self.state.pack_by_across(entering);
        for grad in self.grads.tensors_mut() {
            grad.fill(0.0);
        }
        self.loss = 0.0;
        if first {
            self.history.clear();
        }
    }

    fn run(&mut self, piece: Piece) {
        match piece {
            Piece::Forward(t) => {
                self.step_forward(t);
                self.output_forward(t);
                self.softmax_cross_entropy(t);
                self.output_backward(t);
            }
            Piece::Backward(t) => self.step_backward(t),
            Piece::Grads(from) => {
                let positions = self.grad_positions(from);
                self.w_hh_grad(positions.clone());
                self.w_hq_grad(positions.clone());
                self.w_xh_grad(positions.clone());
                self.bias_grad(positions);
            }
            Piece::Update => {
                let norm = self.grad_norm();
                self.sgd_update(self.rates.learning_rate * super::clip_factor(norm, self.rates.clip));
                self.end(norm);
            }
        }
    }

    /// `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`
    pub(super) fn step_forward(&mut self, t: usize) {
        let Sizes { batch, hidden, .. } = self.sizes;
        let rows = batch * hidden;
        let now = &mut self.states[(t + 1) * rows..][..rows];
        for (z, &token) in now.chunks_exact_mut(hidden).zip(&self.inputs[t * batch..]) {
            look_up(z, token, &self.parameters);
        }
        product(now, &self.state, &self.weights.w_hh);
        dense::tanh(now);
        self.state.pack_by_across(now);
    }

    /// `logits_t = h_t · w_hq + b_q`
    pub(super) fn output_forward(&mut self, t: usize) {
        let Sizes { batch, vocabulary, .. } = self.sizes;
        let logits = &mut self.logits[t * batch * vocabulary..][..batch * vocabulary];
        logits.chunks_exact_mut(vocabulary).for_each(|row| row.copy_from_slice(&self.parameters.b_q));
        product(logits, &self.state, &self.weights.w_hq);
    }

    /// `dlogits_t = (softmax(logits_t) - onehot(y_t)) / N`, and the losses' sum.
    pub(super) fn softmax_cross_entropy(&mut self, t: usize) {
        let Sizes { batch, vocabulary, .. } = self.sizes;
        let here = t * batch * vocabulary..(t + 1) * batch * vocabulary;
        self.dlogits[here.clone()].copy_from_slice(&self.logits[here.clone()]);
        let scale = 1.0 / self.sizes.positions() as f32;
        for (row, &y) in self.dlogits[here].chunks_exact_mut(vocabulary).zip(&self.targets[t * batch..]) {
            let y = y as usize;
            let (loss, sum) = cross_entropy(row, y);
            self.loss += loss;
            row.iter_mut().for_each(|x| *x *= scale / sum);
            row[y] -= scale;
        }
    }

    /// `dh_t = dlogits_t · w_hqᵀ`
    pub(super) fn output_backward(&mut self, t: usize) {
        let Sizes { batch, hidden, vocabulary, .. } = self.sizes;
        let dh = &mut self.dz[t * batch * hidden..][..batch * hidden];
        dh.fill(0.0);
        self.error.pack_by_across(&self.dlogits[t * batch * vocabulary..][..batch * vocabulary]);
        product(dh, &self.error, &self.weights.w_hq_t);
    }

    /// `dz_t = (dh_t + dz_{t+1} · w_hhᵀ) ⊙ (1 - h_t²)`
    pub(super) fn step_backward(&mut self, t: usize) {
        let rows = self.sizes.batch * self.sizes.hidden;
        let (now, later) = self.dz[t * rows..].split_at_mut(rows);
        if !later.is_empty() {
            self.error.pack_by_across(&later[..rows]);
            product(now, &self.error, &self.weights.w_hh_t);
        }
        dense::through_tanh(now, &self.states[(t + 1) * rows..][..rows]);
    }

    /// The positions of a [`Piece::Grads`].
    pub(super) fn grad_positions(&self, from: usize) -> Range<usize> {
        from..self.sizes.positions().min(from + GRAD_POSITIONS)
    }

    /// `dw_hh += h_{t-1}ᵀ · dz_t` over some positions.
    pub(super) fn w_hh_grad(&mut self, positions: Range<usize>) {
        let hidden = self.sizes.hidden;
        // Before the first position stands the state that entered.
        self.sides.states_t.pack_by_depth(rows(&self.states, &positions, hidden));
        self.sides.dz.pack_by_depth(rows(&self.dz, &positions, hidden));
        product(&mut self.grads.w_hh, &self.sides.states_t, &self.sides.dz);
    }

    /// `dw_hq += h_tᵀ · dlogits_t`
    pub(super) fn w_hq_grad(&mut self, positions: Range<usize>) {
        let Sizes { batch, hidden, vocabulary, .. } = self.sizes;
        self.sides.states_t.pack_by_depth(rows(&self.states[batch * hidden..], &positions, hidden));
        self.sides.dlogits.pack_by_depth(rows(&self.dlogits, &positions, vocabulary));
        product(&mut self.grads.w_hq, &self.sides.states_t, &self.sides.dlogits);
    }

    /// `dw_xh[x_t] += dz_t`
    pub(super) fn w_xh_grad(&mut self, positions: Range<usize>) {
        let hidden = self.sizes.hidden;
        for (row, &token) in rows(&self.dz, &positions, hidden).chunks_exact(hidden).zip(&self.inputs[positions]) {
            dense::add_scaled(&mut self.grads.w_xh[token as usize * hidden..][..hidden], 1.0, row);
        }
    }

    /// `db_h += dz_t`, `db_q += dlogits_t`
    pub(super) fn bias_grad(&mut self, positions: Range<usize>) {
        let Sizes { hidden, vocabulary, .. } = self.sizes;
        for row in rows(&self.dz, &positions, hidden).chunks_exact(hidden) {
            dense::add_scaled(&mut self.grads.b_h, 1.0, row);
        }
        for row in rows(&self.dlogits, &positions, vocabulary).chunks_exact(vocabulary) {
            dense::add_scaled(&mut self.grads.b_q, 1.0, row);
        }
    }

    /// Global L2 norm of the gradients.
    pub(super) fn grad_norm(&self) -> f32 {
        self.grads.tensors().into_iter().map(|grad| dense::sum_of_squares(grad)).sum::<f64>().sqrt() as f32
    }

    /// `w -= rate · dw`, and the weights packed anew.
    pub(super) fn sgd_update(&mut self, rate: f32) {
        for (weights, grads) in self.parameters.tensors_mut().into_iter().zip(self.grads.tensors()) {
            dense::add_scaled(weights, -rate, grads);
        }
        self.weights.pack(&self.parameters);
    }

    /// What a minibatch leaves: its last state and its metrics.
    fn end(&mut self, grad_norm: f32) {
        let last = self.states.len() - self.carried.len();
        self.carried.copy_from_slice(&self.states[last..]);
        let loss = (self.loss / self.sizes.positions() as f64) as f32;
        self.history.push(Metrics { loss, grad_norm });
    }

    /// Prediction as in the book: from a zero state, warm up over `prefix` (at least one token), then `length` times
    /// the likeliest token. Gives prefix and continuation.
    pub async fn generate(&mut self, prefix: &[u32], length: usize) -> Vec<u32> {
        self.generate_by(prefix, length, |logits, _| super::generate_pick(logits)).await
    }

    /// [`Engine::generate`] with tokens picked by their score, and with what the network thought meanwhile.
    pub async fn generate_scored(&mut self, prefix: &[u32], length: usize, terms: Terms) -> Thoughts {
        let mut logits = Vec::new();
        let pick = |next: &[f32], place: usize| {
            logits.extend_from_slice(next);
            super::generate_pick(&super::generate_score(next, terms, place))
        };
        let mut tokens = self.generate_by(prefix, length + 1, pick).await;
        tokens.pop();
        Thoughts { tokens, logits }
    }

    /// See [`super::generate_by`].
    async fn generate_by(
        &mut self,
        prefix: &[u32],
        length: usize,
        mut pick: impl FnMut(&[f32], usize) -> u32,
    ) -> Vec<u32> {
        let p = &self.parameters;
        let mut sequence = prefix.to_vec();
        let hidden = self.sizes.hidden;
        let mut state = vec![0.0; hidden];
        let mut left = Panels::left(1);
        let mut start = Instant::now();
        for position in 0..prefix.len() + length - 1 {
            left.pack_by_across(&state);
            look_up(&mut state, sequence[position], p);
            product(&mut state, &left, &self.weights.w_hh);
            dense::tanh(&mut state);
            if position + 1 >= prefix.len() {
                let mut logits = p.b_q.clone();
                left.pack_by_across(&state);
                product(&mut logits, &left, &self.weights.w_hq);
                sequence.push(pick(&logits, position + 1 - prefix.len()));
            }
            if start.elapsed() >= SLICE {
                self.turn.pass().await;
                start = Instant::now();
            }
        }
        sequence
    }

    /// Replaces all parameters. No minibatch may be under way.
    pub fn write_parameters(&mut self, parameters: &Parameters) {
        self.parameters.clone_from(parameters);
        self.weights.pack(parameters);
    }

    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The state `(B, H)` that the next minibatch carries on.
    pub fn write_carried(&mut self, state: &[f32]) {
        self.carried.copy_from_slice(state);
    }

    /// A tensor of the last minibatch, by the name that the kernels give it.
    ///
    /// # Panics
    /// If the training step makes no tensor of this name.
    pub fn tensor(&self, name: &str) -> &[f32] {
        match name {
            "states" => &self.states,
            "logits" => &self.logits,
            "dlogits" => &self.dlogits,
            "dz" => &self.dz,
            "dw_xh" => &self.grads.w_xh,
            "dw_hh" => &self.grads.w_hh,
            "db_h" => &self.grads.b_h,
            "dw_hq" => &self.grads.w_hq,
            "db_q" => &self.grads.b_q,
            _ => panic!("the training step makes no tensor {name}"),
        }
    }

    /// Bytes of all tensors together.
    pub fn bytes(&self) -> u64 {
        bytes_needed(self.sizes)
    }
}

/// The rows of some positions.
fn rows<'a>(tensor: &'a [f32], positions: &Range<usize>, across: usize) -> &'a [f32] {
    &tensor[positions.start * across..positions.end * across]
}

/// `-ln softmax(logits)[target]` of one position, in nats; leaves the exponentials in place of the logits, all divided by
/// that of the largest, and gives their sum too.
pub(super) fn cross_entropy(logits: &mut [f32], target: usize) -> (f64, f32) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let at_target = logits[target] - largest;
    let sum = dense::exp_and_sum(logits, largest);
    (f64::from(sum.ln() - at_target), sum)
}

/// `z = w_xh[x] + b_h`, where the sum of a hidden state begins.
pub(super) fn look_up(z: &mut [f32], token: u32, parameters: &Parameters) {
    let hidden = z.len();
    z.copy_from_slice(&parameters.w_xh[token as usize * hidden..][..hidden]);
    dense::add_scaled(z, 1.0, &parameters.b_h);
}

/// Bytes of all tensors: parameters twice (gradients), weights packed both ways, what a minibatch computes, and the
/// packed sides of the product under way.
fn bytes_needed(sizes: Sizes) -> u64 {
    let [b, t, h, v] = [sizes.batch, sizes.steps, sizes.hidden, sizes.vocabulary].map(|size| size as u64);
    let parameters = v * h + h * h + h + h * v + v;
    let packed = 2 * (h * h + h * v);
    let minibatch = (t + 1) * b * h + t * b * (h + 2 * v + 2) + b * h;
    let sides = b * h + b * h.max(v) + GRAD_POSITIONS as u64 * (2 * h + v);
    4 * (2 * parameters + packed + minibatch + sides)
}
