//! Forward and backward pass over a passage of text, whose tensors stay to be looked at.

use std::ops::Range;

use dense::Matrix;
use web_time::Instant;

use super::cores::{Block, Cores};
use super::step::{calls, pieces, section};
use super::yielding::{SLICE, Yield};
use crate::error::Result;
use crate::model::Sizes;
use crate::model::minibatch::by_time;
use crate::network::memory::{Program, Space, Tensors, Weights};
use crate::network::record::{InputGradients, Recorder};
use crate::network::{Library, Network, Parameters};

/// A network that reads rows of tokens side by side, each from a zero state.
pub struct Passage {
    network: Network,
    block: Block,
    tensors: Tensors,
    program: Program,
    forward: Vec<Range<usize>>,
    backward: Vec<Range<usize>>,
    input_gradients: Matrix,
    yielding: Yield,
}

impl Passage {
    /// Reads `rows` rows of tokens, one after the other in `tokens`, with these parameters.
    ///
    /// # Errors
    /// A browser that has no memory left; a thread that is lost.
    pub async fn read(
        cores: &Cores,
        parameters: &Parameters,
        (library, input_gradients): (Library, InputGradients),
        tokens: &[u32],
        rows: usize,
    ) -> Result<Self> {
        let sizes = Sizes { batch: rows, steps: tokens.len() / rows, ..parameters.network.sizes };
        let (network, mut space) = (parameters.network.with_sizes(sizes), Space::new(cores.tile()));
        let weights = Weights::new(network, true, &mut space);
        let tensors = Tensors::new(network, &mut space);
        let dx = space.matrix(sizes.positions(), sizes.vocabulary);
        let mut p = Recorder::new(network, cores.threads(), &weights, &tensors, &mut space);
        let pack = section(&mut p, Recorder::pack_weights);
        let forward = calls(&mut p, &network.forward(), library);
        let backward = calls(&mut p, &network.backward(), library);
        let inputs = section(&mut p, |p| {
            p.enter(0);
            input_gradients(p, dx);
        });
        let ops = p.finish();
        let [mut forward, mut backward] = [forward, backward].map(|calls| pieces(&ops, &calls));
        forward.insert(0, pack);
        backward.push(inputs);
        let program = space.program(ops);
        let mut block = cores.block(&space)?;
        block.write(weights.parameters.at, &parameters.numbers);
        block.write_ids(tensors.inputs.at, &by_time(sizes, tokens));
        let yielding = Yield::new();
        let mut passage = Self { network, block, tensors, program, forward, backward, input_gradients: dx, yielding };
        passage.run(passage.forward.clone()).await?;
        Ok(passage)
    }

    /// Goes back from a gradient of the logits `(T, B, V)`, to the states and the inputs.
    ///
    /// # Errors
    /// A thread that is lost.
    pub async fn go_back(&mut self, dlogits: &[f32]) -> Result<()> {
        self.block.write(self.tensors.get("dlogits", self.network.top()).at, dlogits);
        self.run(self.backward.clone()).await
    }

    /// A tensor of floats, by the name that a layer's kernels bind.
    ///
    /// # Panics
    /// If there is none.
    pub fn tensor(&self, name: &str, layer: usize) -> Vec<f32> {
        self.block.read(self.tensors.get(name, layer))
    }

    /// The logits `(T, B, V)`.
    pub fn logits(&self) -> Vec<f32> {
        self.tensor("logits", self.network.top())
    }

    /// The gradient `(T, B, V)` of the inputs as one-hot vectors.
    pub fn input_gradients(&self) -> Vec<f32> {
        self.block.read(self.input_gradients)
    }

    async fn run(&mut self, pieces: Vec<Range<usize>>) -> Result<()> {
        let mut start = Instant::now();
        for ops in pieces {
            self.block.run(self.program, ops)?;
            if start.elapsed() >= SLICE {
                self.yielding.now().await;
                start = Instant::now();
            }
        }
        Ok(())
    }
}
