//! The forward pass alone, over a batch of rows, one time step at a time.

use std::ops::Range;

use crate::model::{Hyperparameters, Sizes};
use crate::network::code::{Cpu, Library, code_of};
use crate::network::memory::{STATE, Tensors, Weights};
use crate::network::{Network, plan::Stage};

/// The kernels of the forward pass on the CPU.
#[derive(Clone)]
pub struct Forward {
    layers: Vec<Function>,
    output: Vec<Function>,
}

/// A kernel's function in a layer.
#[derive(Clone, Copy)]
pub(super) struct Function {
    pub kernel: &'static str,
    pub layer: usize,
    pub cpu: Cpu,
}

impl Function {
    /// Computes a range of positions.
    pub fn run(&self, weights: &mut Weights, tensors: &mut Tensors, positions: Range<usize>) {
        weights.enter(self.layer);
        tensors.enter(self.layer);
        (self.cpu.run)(weights, tensors, positions);
    }
}

impl Forward {
    pub fn new(network: &Network, library: Library) -> Self {
        let stages = network.forward();
        let (layers, output) = stages.split_at(stages.len() - network.output.forward.len());
        Self { layers: functions(layers, library), output: functions(output, library) }
    }
}

/// The CPU functions of these kernels, in order.
pub(super) fn functions(stages: &[Stage], library: Library) -> Vec<Function> {
    let of = |&Stage { kernel, layer, .. }: &Stage| {
        let cpu = code_of(library, kernel.name).cpu;
        Function {
            kernel: kernel.name,
            layer,
            cpu: cpu.unwrap_or_else(|| panic!("{} is not for the CPU", kernel.name)),
        }
    };
    stages.iter().map(of).collect()
}

/// A forward pass over a batch of rows, from zero states.
pub struct Reader {
    forward: Forward,
    tensors: Tensors,
    /// The carried tensors, each with its layer.
    carried: Vec<(usize, &'static str)>,
}

impl Reader {
    /// Batch size and number of time steps of `network` are ignored.
    pub fn new(network: Network, forward: Forward, rows: usize) -> Self {
        let network = network.with_sizes(Sizes { batch: rows, steps: 1, ..network.sizes });
        // Not used: nothing is updated.
        let hyperparameters = Hyperparameters { learning_rate: 0.0, clip: 1.0 };
        let mut tensors = Tensors::new(&network, hyperparameters, false);
        for layer in 0..network.layers {
            tensors.enter(layer);
            tensors.sides.left(STATE, rows).pack_by_across(&vec![0.0; rows * network.sizes.hidden]);
        }
        let carried = network.carried().map(|tensor| (tensor.layer.unwrap_or(0), tensor.table_name()));
        Self { forward, tensors, carried: carried.collect() }
    }

    /// Reads a token of each row.
    pub fn read(&mut self, weights: &mut Weights, tokens: impl IntoIterator<Item = u32>) {
        for (layer, name) in &self.carried {
            self.tensors.enter(*layer);
            // Two slots: the state before the step and the one after it.
            let states = self.tensors.floats.get_mut(name);
            let half = states.len() / 2;
            states.copy_within(half.., 0);
        }
        self.tensors.inputs.clear();
        self.tensors.inputs.extend(tokens);
        self.run(weights, |forward| &forward.layers);
    }

    /// Computes the logits `(rows, V)` of the next tokens; the caller may overwrite them.
    pub fn logits(&mut self, weights: &mut Weights) -> &mut [f32] {
        self.run(weights, |forward| &forward.output);
        self.tensors.floats.get_mut("logits")
    }

    fn run(&mut self, weights: &mut Weights, kernels: impl Fn(&Forward) -> &[Function]) {
        let rows = self.tensors.sizes.batch;
        for kernel in kernels(&self.forward) {
            kernel.run(weights, &mut self.tensors, 0..rows);
        }
    }
}
