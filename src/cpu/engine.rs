//! A network on the CPU: the training step on one thread, in pieces of a few milliseconds.

use std::ops::Range;

use web_time::Instant;

use super::reader::{Forward, Function, functions};
use super::yielding::{SLICE, Yield};
use crate::error::{Error, Result};
use crate::model::minibatch::{Metrics, by_time};
use crate::model::{Cursor, Hyperparameters, Minibatch, StateAt};
use crate::network::code::GRAD_POSITIONS;
use crate::network::memory::{STATE, STATES, Tensors, Weights};
use crate::network::{Content, Counts, Dim, Network, Parameters, Setup};

/// The most memory for a network's tensors, in bytes: WebAssembly has 4 GiB for everything.
const MAX_BYTES: u64 = 2 << 30;

/// A piece of a training step: interleaved kernels, called at one range of positions.
#[derive(Debug, Clone)]
struct Piece {
    /// Indices of the engine's kernels.
    kernels: Range<usize>,
    positions: Range<usize>,
}

/// A carried tensor.
struct Carried {
    name: String,
    /// The name that its layer's kernels bind.
    table_name: &'static str,
    layer: usize,
    /// The state `(B, …)` that enters the next minibatch.
    state: Vec<f32>,
}

/// A network in main memory, trained on one thread.
pub struct Engine {
    network: Network,
    pub(super) weights: Weights,
    tensors: Tensors,
    /// The kernels of a training step in order.
    kernels: Vec<Function>,
    pieces: Vec<Piece>,
    /// The forward pass, for prediction.
    pub(super) forward: Forward,
    carried: Vec<Carried>,
    history: Vec<Metrics>,
    pub(super) yielding: Yield,
}

impl Engine {
    /// Allocates a network's tensors.
    ///
    /// # Errors
    /// [`Error::TooLargeForCpu`] if they would take more than 2 GiB.
    pub fn new(setup: &Setup<'_>) -> Result<Self> {
        let network = setup.network;
        let bytes = bytes_needed(network);
        if bytes > MAX_BYTES {
            return Err(Error::TooLargeForCpu { megabytes: bytes >> 20, allowed_megabytes: MAX_BYTES >> 20 });
        }
        let kernels = functions(&network.training(), setup.library);
        let carried = network.carried().map(|tensor| {
            let slot = tensor.shape[1..].iter().map(|dim| dim.of(network.sizes)).product();
            let layer = tensor.layer.unwrap_or(0);
            Carried { table_name: tensor.table_name(), layer, name: tensor.name, state: vec![0.0; slot] }
        });
        Ok(Self {
            network,
            weights: Weights::new(setup.parameters.clone(), true),
            tensors: Tensors::new(&network, setup.hyperparameters, true),
            pieces: pieces(&network, &kernels),
            kernels,
            forward: Forward::new(&network, setup.library),
            carried: carried.collect(),
            history: Vec::new(),
            yielding: Yield::new(),
        })
    }

    pub fn network(&self) -> Network {
        self.network
    }

    /// Sets learning rate and clipping threshold of later minibatches. No minibatch may be in progress.
    pub fn set_hyperparameters(&mut self, hyperparameters: Hyperparameters) {
        self.tensors.hyperparameters = hyperparameters;
    }

    /// Computes the next pieces of a sequence of minibatches for about 25 ms, at most up to where the cursor is to
    /// hold, then yields. `minibatch(i)` returns the tokens of minibatch `i` and its initial state.
    pub async fn advance(&mut self, run: &mut Cursor, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) {
        let start = Instant::now();
        while !run.is_held() {
            if run.at.1 == 0 {
                let (minibatch, state) = minibatch(run.at.0);
                self.begin(&minibatch, state, run.at.0 == 0);
            }
            self.run(run.at.1);
            run.at.1 += 1;
            if run.at.1 == self.pieces.len() {
                self.end();
                run.at = (run.at.0 + 1, 0);
                run.done = run.at.0;
            }
            if start.elapsed() >= SLICE {
                break;
            }
        }
        self.yielding.now().await;
    }

    /// Returns loss and gradient norm of each minibatch of the sequence.
    pub fn finish(&mut self) -> Vec<Metrics> {
        std::mem::take(&mut self.history)
    }

    /// Writes a minibatch and its initial state into the tensors, and clears gradients and loss. `first`: of its
    /// sequence.
    pub(crate) fn begin(&mut self, minibatch: &Minibatch, state: StateAt, first: bool) {
        let m = &mut self.tensors;
        m.inputs = by_time(m.sizes, &minibatch.inputs);
        m.targets = by_time(m.sizes, &minibatch.targets);
        for carried in &self.carried {
            m.enter(carried.layer);
            let entering = &mut m.floats.get_mut(carried.table_name)[..carried.state.len()];
            match state {
                StateAt::Zero => entering.fill(0.0),
                StateAt::Carried => entering.copy_from_slice(&carried.state),
            }
            if carried.table_name == STATES {
                m.sides.left(STATE, m.sizes.batch).pack_by_across(entering);
            }
        }
        m.grads.as_mut().expect("an engine trains").numbers.fill(0.0);
        m.loss = 0.0;
        if first {
            self.history.clear();
        }
    }

    fn run(&mut self, piece: usize) {
        let Piece { kernels, positions } = self.pieces[piece].clone();
        for kernel in &self.kernels[kernels] {
            kernel.run(&mut self.weights, &mut self.tensors, positions.clone());
        }
    }

    /// Keeps the last state and the metrics of the minibatch.
    fn end(&mut self) {
        let m = &mut self.tensors;
        for Carried { table_name, layer, state, .. } in &mut self.carried {
            m.enter(*layer);
            let states = m.floats.get(table_name);
            let last = states.len() - state.len();
            state.copy_from_slice(&states[last..]);
        }
        let loss = (m.loss / m.sizes.positions() as f64) as f32;
        self.history.push(Metrics { loss, grad_norm: m.grad_norm });
    }

    /// Replaces all parameters. No minibatch may be in progress.
    pub fn write_parameters(&mut self, parameters: &Parameters) {
        self.weights.parameters.clone_from(parameters);
        self.weights.pack();
    }

    pub fn parameters(&self) -> &Parameters {
        &self.weights.parameters
    }

    /// Sets the state `(B, …)` of the carried tensor `name` that enters the next minibatch.
    ///
    /// # Panics
    /// If the tensor is not carried.
    pub fn write_carried(&mut self, name: &str, state: &[f32]) {
        let carried = self.carried.iter_mut().find(|carried| carried.name == name);
        carried.unwrap_or_else(|| panic!("{name} is not carried")).state.copy_from_slice(state);
    }

    /// A gradient (`d` + parameter) or a tensor of floats of the last minibatch, by the name that the kernels bind.
    ///
    /// # Panics
    /// If the training step has no such tensor.
    pub fn tensor(&self, name: &str) -> &[f32] {
        if let Some((_, grad)) = self.gradients().tensors().find(|(param, _)| name == param.gradient()) {
            return grad;
        }
        let tensor = self.network.tensors().find(|tensor| tensor.name == name);
        let tensor = tensor.unwrap_or_else(|| panic!("there is no tensor {name}"));
        self.tensors.floats.of_layer(tensor.table_name(), tensor.layer.unwrap_or(0))
    }

    /// All gradients of the last minibatch.
    pub fn gradients(&self) -> &Parameters {
        self.tensors.grads.as_ref().expect("an engine trains")
    }

    /// Runs one kernel of the training step at all positions `times` times, on the current content of its tensors, and
    /// returns the seconds.
    ///
    /// # Panics
    /// If the training step has no such kernel.
    pub fn repeat_kernel(&mut self, kernel: &str, times: usize) -> f64 {
        let calls = self.calls(kernel);
        let start = Instant::now();
        for _ in 0..times {
            for (kernel, positions) in &calls {
                kernel.run(&mut self.weights, &mut self.tensors, positions.clone());
            }
        }
        start.elapsed().as_secs_f64()
    }

    /// Calls of a kernel's function in a training step.
    pub fn kernel_calls(&self, kernel: &str) -> usize {
        self.calls(kernel).len()
    }

    /// A kernel's calls in all layers.
    fn calls(&self, kernel: &str) -> Vec<(Function, Range<usize>)> {
        let mut calls = Vec::new();
        for function in self.kernels.iter().filter(|function| function.kernel == kernel) {
            let ranges = function.cpu.parts.ranges(self.network.sizes.batch, self.network.sizes.steps);
            calls.extend(ranges.into_iter().map(|positions| (*function, positions)));
        }
        assert!(!calls.is_empty(), "the training step has no kernel {kernel}");
        calls
    }

    /// Bytes of all tensors.
    pub fn bytes(&self) -> u64 {
        bytes_needed(self.network)
    }
}

/// A training step in pieces. Successive kernels with the same [`Parts`](crate::network::code::Parts) are interleaved.
fn pieces(network: &Network, kernels: &[Function]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for interleaved in kernels.chunk_by(|a, b| a.cpu.parts == b.cpu.parts) {
        let to = from + interleaved.len();
        let ranges = interleaved[0].cpu.parts.ranges(network.sizes.batch, network.sizes.steps);
        pieces.extend(ranges.into_iter().map(|positions| Piece { kernels: from..to, positions }));
        from = to;
    }
    pieces
}

/// Bytes of all tensors: parameters and gradients, weight matrices packed for forward and backward pass, the tensors
/// and carried states of a minibatch, and the packed sides of products.
fn bytes_needed(network: Network) -> u64 {
    let counts = network.counts();
    let size = |shape: &[Dim]| shape.iter().map(|dim| dim.of(network.sizes) as u64).product::<u64>();
    let tensors = network.tensors().filter(|tensor| tensor.content != Content::PartialSums);
    let minibatch: u64 = tensors.map(|tensor| size(tensor.shape)).sum();
    let carried: u64 = network.carried().map(|tensor| size(&tensor.shape[1..])).sum();
    let Counts { b, h, v, g, .. } = counts;
    let of_gates = if network.layers > 1 { 2 * g * h } else { g * h };
    let sides = b * (h + (g * h).max(v)) + GRAD_POSITIONS as u64 * (h + of_gates + v);
    let state = network.state_count() as u64;
    4 * (2 * counts.parameters + state + 2 * counts.transposed + minibatch + carried + network.layers as u64 * sides)
}
