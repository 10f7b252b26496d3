//! A network on the CPU: the training step, in pieces of a few milliseconds.

use std::ops::Range;

use web_time::Instant;

use super::cores::{Block, Cores};
use super::reader::Reader;
use super::step::{Carried, Step};
use super::yielding::{SLICE, Yield};
use crate::error::{Error, Result};
use crate::model::minibatch::{Metrics, by_time};
use crate::model::{Cursor, Hyperparameters, Minibatch, StateAt};
use crate::network::memory::{Program, Space, Tensors, Weights};
use crate::network::record::{Numbers, Recorder};
use crate::network::{Network, Parameters, Setup};

/// The most memory for a network's tensors, in bytes: WebAssembly has 4 GiB for everything.
const MAX_BYTES: u64 = 2 << 30;

/// A network in main memory.
pub struct Engine {
    network: Network,
    pub(super) block: Block,
    weights: Weights,
    /// Whether they are packed as they are.
    packed: bool,
    tensors: Tensors,
    numbers: Numbers,
    step: Step,
    program: Program,
    /// For prediction.
    pub(super) reader: Reader,
    carried: Vec<Carried>,
    history: Vec<Metrics>,
    bytes: u64,
    pub(super) yielding: Yield,
}

impl Engine {
    /// Allocates a network's tensors.
    ///
    /// # Errors
    /// [`Error::TooLargeForCpu`] if they would take more than 2 GiB; a browser that has no memory left.
    pub fn new(cores: &Cores, setup: &Setup<'_>) -> Result<Self> {
        let (network, mut space) = (setup.network, Space::new(cores.tile()));
        let weights = Weights::new(network, true, &mut space);
        let tensors = Tensors::new(network, &mut space);
        let carried: Vec<_> = network.carried().map(|tensor| Carried::new(&tensor, network, &mut space)).collect();
        let p = Recorder::new(network, cores.threads(), &weights, &tensors, &mut space);
        let numbers = p.numbers;
        let (step, ops) = Step::record(p, &carried, setup.library);
        let program = space.program(ops);
        let reader = Reader::new(network, setup.library, 1, cores, &weights, &mut space);
        let bytes = 4 * space.words();
        if bytes > MAX_BYTES {
            return Err(Error::TooLargeForCpu { megabytes: bytes >> 20, allowed_megabytes: MAX_BYTES >> 20 });
        }
        let (block, history, yielding, packed) = (cores.block(&space)?, Vec::new(), Yield::new(), false);
        let mut engine = Self {
            network,
            block,
            weights,
            packed,
            tensors,
            numbers,
            step,
            program,
            reader,
            carried,
            history,
            bytes,
            yielding,
        };
        engine.set_hyperparameters(setup.hyperparameters);
        engine.write_parameters(setup.parameters);
        Ok(engine)
    }

    pub fn network(&self) -> Network {
        self.network
    }

    /// Sets learning rate and clipping threshold of later minibatches. No minibatch may be in progress.
    pub fn set_hyperparameters(&mut self, Hyperparameters { learning_rate, clip }: Hyperparameters) {
        self.block.write(self.numbers.learning_rate, &[learning_rate]);
        self.block.write(self.numbers.clip, &[clip]);
    }

    /// Computes the next pieces of a sequence of minibatches for about 25 ms, at most up to where the cursor is to
    /// hold, then yields. `minibatch(i)` returns the tokens of minibatch `i` and its initial state.
    ///
    /// # Errors
    /// A thread that is lost.
    pub async fn advance(&mut self, run: &mut Cursor, minibatch: impl Fn(usize) -> (Minibatch, StateAt)) -> Result<()> {
        let start = Instant::now();
        while !run.is_held() {
            if run.at.1 == 0 {
                let (minibatch, state) = minibatch(run.at.0);
                self.begin(&minibatch, state, run.at.0 == 0)?;
            }
            self.run(self.step.pieces[run.at.1].clone())?;
            run.at.1 += 1;
            if run.at.1 == self.step.pieces.len() {
                self.end()?;
                run.at = (run.at.0 + 1, 0);
                run.done = run.at.0;
            }
            if start.elapsed() >= SLICE {
                break;
            }
        }
        self.yielding.now().await;
        Ok(())
    }

    /// Returns loss and gradient norm of each minibatch of the sequence.
    pub fn finish(&mut self) -> Vec<Metrics> {
        std::mem::take(&mut self.history)
    }

    /// Writes a minibatch and its initial state into the tensors, and clears the gradients. `first`: of its sequence.
    ///
    /// # Errors
    /// A thread that is lost.
    pub(crate) fn begin(&mut self, minibatch: &Minibatch, state: StateAt, first: bool) -> Result<()> {
        self.pack()?;
        let sizes = self.network.sizes;
        self.block.write_ids(self.tensors.inputs.at, &by_time(sizes, &minibatch.inputs));
        self.block.write_ids(self.tensors.targets.at, &by_time(sizes, &minibatch.targets));
        if first {
            self.history.clear();
        }
        self.run(self.step.begin[usize::from(state == StateAt::Carried)].clone())
    }

    fn run(&mut self, ops: Range<usize>) -> Result<()> {
        self.block.run(self.program, ops)
    }

    /// Packs the weights, if they have been replaced.
    pub(super) fn pack(&mut self) -> Result<()> {
        if !self.packed {
            self.reader.pack(&mut self.block)?;
            self.packed = true;
        }
        Ok(())
    }

    /// Keeps the last state and the metrics of the minibatch.
    fn end(&mut self) -> Result<()> {
        self.run(self.step.end.clone())?;
        let [loss, grad_norm] = [self.numbers.loss, self.numbers.grad_norm].map(|at| self.block.number(at));
        self.history.push(Metrics { loss, grad_norm });
        Ok(())
    }

    /// Replaces all parameters. No minibatch may be in progress.
    pub fn write_parameters(&mut self, parameters: &Parameters) {
        self.block.write(self.weights.state.at, &parameters.state);
        self.block.write(self.weights.parameters.at, &parameters.numbers);
        self.packed = false;
    }

    pub fn parameters(&self) -> Parameters {
        let [numbers, state] = [self.weights.parameters, self.weights.state].map(|row| self.block.read(row));
        Parameters { network: self.network, numbers, state }
    }

    /// Sets the state `(B, …)` of the carried tensor `name` that enters the next minibatch.
    ///
    /// # Panics
    /// If the tensor is not carried.
    pub fn write_carried(&mut self, name: &str, state: &[f32]) {
        let carried = self.carried.iter().find(|carried| carried.name == name);
        self.block.write(carried.unwrap_or_else(|| panic!("{name} is not carried")).state.at, state);
    }

    /// A gradient (`d` + parameter) or a tensor of floats of the last minibatch, by the name that the kernels bind.
    ///
    /// # Panics
    /// If the training step has no such tensor.
    pub fn tensor(&self, name: &str) -> Vec<f32> {
        if let Some((_, place)) = self.network.places().find(|(param, _)| name == param.gradient()) {
            return self.block.read(self.weights.grads.columns(place.start, place.len()));
        }
        let tensor = self.network.tensors().find(|tensor| tensor.name == name);
        let tensor = tensor.unwrap_or_else(|| panic!("there is no tensor {name}"));
        self.block.read(self.tensors.get(tensor.table_name(), tensor.layer.unwrap_or(0)))
    }

    /// Runs all calls of one kernel of the training step `times` times, on the current content of its tensors, and
    /// returns the seconds.
    ///
    /// # Errors
    /// A thread that is lost.
    ///
    /// # Panics
    /// If the training step has no such kernel.
    pub fn repeat_kernel(&mut self, kernel: &str, times: usize) -> Result<f64> {
        assert!(self.kernel_calls(kernel) > 0, "the training step has no kernel {kernel}");
        let start = Instant::now();
        for _ in 0..times {
            for call in self.step.calls.iter().filter(|call| call.kernel == kernel) {
                self.block.run(self.program, call.ops.clone())?;
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }

    /// How often threads wait for each other in a training step.
    pub fn barriers(&self) -> usize {
        self.step.barriers
    }

    /// Calls of a kernel in a training step.
    pub fn kernel_calls(&self, kernel: &str) -> usize {
        self.step.calls.iter().filter(|call| call.kernel == kernel).count()
    }

    /// Bytes of all tensors: parameters and gradients, weight matrices packed for forward and backward pass, the tensors
    /// and carried states of a minibatch, and the packed sides of products.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::kernels::{LIBRARY, network_of};
    use crate::model::Config;
    use crate::model::config::{Cell, Style};

    /// Threads meet once in each time step, forward and backward; where the reset comes before the product, twice.
    #[test]
    fn threads_wait_for_each_other_no_more_than_they_have_to() {
        for (cell, style, meetings) in [
            (Cell::Rnn, Style::Scratch, 2),
            (Cell::Rnn, Style::Concise, 2),
            (Cell::Lstm, Style::Scratch, 2),
            (Cell::Lstm, Style::Concise, 2),
            (Cell::Gru, Style::Scratch, 4),
            (Cell::Gru, Style::Concise, 2),
        ] {
            let config = Config { cell, style, hidden: 256, steps: 20, ..Config::default() };
            let network = network_of(&config, 28);
            let barriers = |threads: usize| {
                let mut space = Space::new(Cores::one().tile());
                let weights = Weights::new(network, true, &mut space);
                let tensors = Tensors::new(network, &mut space);
                let carried: Vec<_> = network.carried().map(|t| Carried::new(&t, network, &mut space)).collect();
                let p = Recorder::new(network, threads, &weights, &tensors, &mut space);
                Step::record(p, &carried, LIBRARY).0.barriers
            };
            assert!(barriers(2) <= 20 * meetings + 16, "{cell:?} {style:?}: {}", barriers(2));
            assert_eq!(barriers(1), 0);
        }
    }
}
