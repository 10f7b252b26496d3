//! The forward pass alone, over a batch of rows, one time step at a time.

use crate::model::{Hyperparameters, Sizes};
use crate::network::code::{Cpu, Library, code_of};
use crate::network::memory::{STATE, Tensors, Weights};
use crate::network::{Network, plan::Stage};

/// The kernels of the forward pass on the CPU.
#[derive(Clone)]
pub struct Forward {
    cell: Vec<Cpu>,
    output: Vec<Cpu>,
}

impl Forward {
    pub fn new(network: &Network, library: Library) -> Self {
        let stages = network.forward();
        let (cell, output) = stages.split_at(network.cell.forward.len());
        let of = |stages: &[Stage]| functions(stages, library).into_iter().map(|(_, cpu)| cpu).collect();
        Self { cell: of(cell), output: of(output) }
    }
}

/// The CPU functions of these kernels, in order, with their names.
pub(super) fn functions(stages: &[Stage], library: Library) -> Vec<(&'static str, Cpu)> {
    let cpu = |name| code_of(library, name).cpu.unwrap_or_else(|| panic!("{name} is not for the CPU"));
    stages.iter().map(|stage| (stage.kernel.name, cpu(stage.kernel.name))).collect()
}

/// A forward pass over a batch of rows, from zero states.
pub struct Reader {
    forward: Forward,
    tensors: Tensors,
    /// The carried tensors.
    carried: Vec<&'static str>,
}

impl Reader {
    /// Batch size and number of time steps of `network` are ignored.
    pub fn new(network: Network, forward: Forward, rows: usize) -> Self {
        let network = network.with_sizes(Sizes { batch: rows, steps: 1, ..network.sizes });
        // Not used: nothing is updated.
        let hyperparameters = Hyperparameters { learning_rate: 0.0, clip: 1.0 };
        let mut tensors = Tensors::new(&network, hyperparameters, false);
        tensors.sides.left(STATE, rows).pack_by_across(&vec![0.0; rows * network.sizes.hidden]);
        Self { forward, tensors, carried: network.carried().map(|tensor| tensor.name).collect() }
    }

    /// Reads a token of each row.
    pub fn read(&mut self, weights: &mut Weights, tokens: impl IntoIterator<Item = u32>) {
        for name in &self.carried {
            // Two slots: the state before the step and the one after it.
            let states = self.tensors.floats.get_mut(name);
            let half = states.len() / 2;
            states.copy_within(half.., 0);
        }
        self.tensors.inputs.clear();
        self.tensors.inputs.extend(tokens);
        self.run(weights, |forward| &forward.cell);
    }

    /// Computes the logits `(rows, V)` of the next tokens; the caller may overwrite them.
    pub fn logits(&mut self, weights: &mut Weights) -> &mut [f32] {
        self.run(weights, |forward| &forward.output);
        self.tensors.floats.get_mut("logits")
    }

    fn run(&mut self, weights: &mut Weights, kernels: impl Fn(&Forward) -> &[Cpu]) {
        let rows = self.tensors.sizes.batch;
        for kernel in kernels(&self.forward) {
            (kernel.run)(weights, &mut self.tensors, 0..rows);
        }
    }
}
