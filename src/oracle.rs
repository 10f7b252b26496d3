//! The oracle: training and prediction in f64, which engines are compared with. It calls the kernels' oracles
//! (`src/kernels/*/oracle.rs`) in the order of the engines' own plan ([`crate::network::plan`]): load parameters,
//! minibatch and state into a [`Memory`], call, read the tensors. Clarity over speed. Positions are ordered as on the
//! GPU, `t · B + b`.

use crate::kernels::ORACLES;
use crate::model::Minibatch;
use crate::model::minibatch::by_time;
use crate::model::pick::likeliest;
use crate::network::Parameters;
use crate::network::oracle::{Memory, Oracle, Oracles};
use crate::network::plan::Call;

/// What one training step computes.
#[derive(Debug, Clone)]
pub struct Step {
    /// All tensors of the step.
    pub memory: Memory,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Gradients before clipping.
    pub grads: Parameters<f64>,
    /// Global L2 norm of `grads`.
    pub grad_norm: f64,
}

/// An initial state: the tensor's name and its values `(B, …)`. States that are not given are zeros.
pub type State<'a> = (&'a str, &'a [f64]);

/// Finds the oracle of a kernel.
///
/// # Panics
/// If there is none.
pub fn of(oracles: &[Oracles], kernel: &str) -> Oracle {
    let mut all = oracles.iter().copied().flatten();
    all.find(|(name, _)| *name == kernel).unwrap_or_else(|| panic!("the kernel {kernel} has no oracle")).1
}

/// A memory with these parameters, the optimizer's state included, and zeros elsewhere.
pub fn memory(parameters: &Parameters<f64>, learning_rate: f64, clip: f64) -> Memory {
    let mut memory = Memory::new(parameters.network, learning_rate, clip);
    parameters.tensors().for_each(|(param, numbers)| memory.set(&param.name, numbers.to_vec()));
    for (name, place) in parameters.network.state_tensors() {
        memory.set(&name, parameters.state[place].to_vec());
    }
    memory
}

/// Writes a minibatch and the initial states into a memory.
pub fn load(memory: &mut Memory, states: &[State<'_>], minibatch: &Minibatch) {
    let sizes = memory.sizes;
    *memory.ids_mut("inputs") = by_time(sizes, &minibatch.inputs);
    *memory.ids_mut("targets") = by_time(sizes, &minibatch.targets);
    for &(name, state) in states {
        memory.get_mut(name)[..state.len()].copy_from_slice(state);
    }
}

/// Calls the kernels' oracles, each at its time step.
pub fn run(memory: &mut Memory, oracles: &[Oracles], calls: &[Call]) {
    for call in calls {
        memory.layer = call.layer;
        of(oracles, call.kernel.name)(memory, call.t);
    }
    memory.layer = 0;
}

/// A training step on a copy of the parameters. `hyperparameters`: learning rate and clipping threshold.
fn step_of(
    parameters: &Parameters<f64>,
    hyperparameters: [f64; 2],
    states: &[State<'_>],
    minibatch: &Minibatch,
) -> Step {
    let network = parameters.network;
    let mut memory = memory(parameters, hyperparameters[0], hyperparameters[1]);
    load(&mut memory, states, minibatch);
    run(&mut memory, ORACLES, &network.training_calls());
    let grads = network.params().flat_map(|param| memory.get(&param.gradient()).to_vec()).collect();
    let [loss, grad_norm, ..] = memory.get("metrics")[..] else { unreachable!("metrics are four numbers") };
    Step { loss, grads: Parameters { network, numbers: grads, state: Vec::new() }, grad_norm, memory }
}

/// Forward and backward pass over one minibatch, from the given states.
pub fn forward_backward(parameters: &Parameters<f64>, states: &[State<'_>], minibatch: &Minibatch) -> Step {
    step_of(parameters, [0.0, 1.0], states, minibatch)
}

/// One whole training step: [`forward_backward`], gradient clipping with threshold `clip`, SGD with `learning_rate`.
pub fn train(
    parameters: &mut Parameters<f64>,
    states: &[State<'_>],
    minibatch: &Minibatch,
    learning_rate: f64,
    clip: f64,
) -> Step {
    let step = step_of(parameters, [learning_rate, clip], states, minibatch);
    let network = parameters.network;
    parameters.numbers = network.params().flat_map(|param| step.memory.get(&param.name).to_vec()).collect();
    let state = network.state_tensors();
    parameters.state = state.iter().flat_map(|(name, _)| step.memory.get(name).to_vec()).collect();
    step
}

impl Step {
    /// The state `(B, …)` that is carried into the next minibatch: the last slot of the tensor `name`.
    pub fn last(&self, name: &str) -> Vec<f64> {
        let states = self.memory.get(name);
        states[states.len() / (self.memory.sizes.steps + 1) * self.memory.sizes.steps..].to_vec()
    }
}

/// Prediction as in the book: from a zero state, warm up over `prefix` (at least one token), then pick the likeliest
/// token `length` times. Returns prefix and continuation.
pub fn generate(parameters: &Parameters<f64>, prefix: &[u32], length: usize) -> Vec<u32> {
    let mut reader = Reader::new(parameters);
    let mut sequence = prefix.to_vec();
    for position in 0..prefix.len() + length - 1 {
        let logits = reader.read(sequence[position]);
        if position + 1 >= prefix.len() {
            sequence.push(likeliest(&logits));
        }
    }
    sequence
}

/// The forward pass over one sequence, token by token, from a zero state.
pub struct Reader {
    memory: Memory,
    calls: Vec<Call>,
}

impl Reader {
    pub fn new(parameters: &Parameters<f64>) -> Self {
        let sizes = crate::model::Sizes { batch: 1, steps: 1, ..parameters.network.sizes };
        let network = parameters.network.with_sizes(sizes);
        let parameters = Parameters { network, ..parameters.clone() };
        Self { memory: memory(&parameters, 0.0, 1.0), calls: network.calls(&network.forward()) }
    }

    /// Reads a token and returns the logits `(V)` of the next one.
    pub fn read(&mut self, token: u32) -> Vec<f64> {
        self.memory.ids_mut("inputs")[0] = token;
        run(&mut self.memory, ORACLES, &self.calls);
        for tensor in self.memory.network.carried() {
            let states = self.memory.get_mut(&tensor.name);
            let half = states.len() / 2;
            states.copy_within(half.., 0);
        }
        self.memory.get("logits").to_vec()
    }
}
