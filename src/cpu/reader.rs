//! The forward pass alone, over a batch of rows, one time step at a time.

use std::ops::Range;

use dense::Matrix;

use super::cores::{Block, Cores};
use super::step::{kernel, section};
use crate::error::Result;
use crate::model::Sizes;
use crate::network::memory::{Program, STATES, Space, Tensors, Weights};
use crate::network::plan::{Order, Stage};
use crate::network::record::Recorder;
use crate::network::{Kernel, Library, Network};

/// A forward pass over a batch of rows.
pub struct Reader {
    tensors: Tensors,
    program: Program,
    /// Packs the weights.
    pack: Range<usize>,
    /// Sets all states to zero.
    begin: Range<usize>,
    /// A time step of all layers.
    layers: Range<usize>,
    output: Range<usize>,
    loss: Range<usize>,
    logits: Matrix,
}

impl Reader {
    /// With these weights, in this space. Batch size and number of time steps of `network` are ignored.
    pub fn new(
        network: Network,
        library: Library,
        rows: usize,
        cores: &Cores,
        weights: &Weights,
        space: &mut Space,
    ) -> Self {
        let network = network.with_sizes(Sizes { batch: rows, steps: 1, ..network.sizes });
        let tensors = Tensors::new(network, space);
        let mut p = Recorder::new(network, cores.threads(), weights, &tensors, space);
        let (before, after) = (0..rows, rows..2 * rows);
        let carried: Vec<_> = network.carried().map(|t| (t.layer.unwrap_or(0), t.table_name())).collect();
        let pack = section(&mut p, Recorder::pack_weights);
        let begin = section(&mut p, |p| {
            for (layer, name) in &carried {
                p.enter(*layer);
                p.zero(p.tensor(name, &after));
            }
        });
        let layers = section(&mut p, |p| {
            for (layer, name) in &carried {
                p.enter(*layer);
                p.copy(p.tensor(name, &before), p.tensor(name, &after));
                if *name == STATES {
                    p.pack_state(0);
                }
            }
            let forward = network.forward();
            record(p, &forward[..forward.len() - network.output.forward.len()], library, rows);
        });
        let top = |kernels: &[&'static Kernel]| -> Vec<Stage> {
            kernels.iter().map(|kernel| Stage { kernel, layer: network.top(), order: Order::Once }).collect()
        };
        let output = section(&mut p, |p| record(p, &top(network.output.forward), library, rows));
        let loss = section(&mut p, |p| record(p, &top(network.loss.forward), library, rows));
        let (ops, logits) = (p.finish(), tensors.get("logits", network.top()));
        Self { program: space.program(ops), tensors, pack, begin, layers, output, loss, logits }
    }

    /// Packs the weights as they are.
    ///
    /// # Errors
    /// A thread that is lost, as with all that follows.
    pub fn pack(&self, block: &mut Block) -> Result<()> {
        block.run(self.program, self.pack.clone())
    }

    /// Begins with zero states.
    pub fn begin(&self, block: &mut Block) -> Result<()> {
        block.run(self.program, self.begin.clone())
    }

    /// Reads a token of each row.
    pub fn read(&self, block: &mut Block, tokens: &[u32]) -> Result<()> {
        block.write_ids(self.tensors.inputs.at, tokens);
        block.run(self.program, self.layers.clone())
    }

    /// Computes the logits `(rows, V)` of the next tokens.
    pub fn logits(&self, block: &mut Block) -> Result<Vec<f32>> {
        block.run(self.program, self.output.clone())?;
        Ok(block.read(self.logits))
    }

    /// Computes the losses of the next tokens, in nats.
    pub fn losses(&self, block: &mut Block, targets: &[u32]) -> Result<Vec<f64>> {
        block.write_ids(self.tensors.targets.at, targets);
        block.run(self.program, self.output.start..self.loss.end)?;
        Ok(block.doubles(self.tensors.losses))
    }
}

/// Records kernels of a single time step.
fn record(p: &mut Recorder<'_>, stages: &[Stage], library: Library, rows: usize) {
    for stage in stages {
        p.enter(stage.layer);
        (kernel(library, stage).record)(p, 0..rows);
    }
}
