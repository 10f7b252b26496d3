//! The operations of a training step, recorded once.

use std::ops::Range;

use dense::{Kind, Matrix, Op};

use crate::model::Sizes;
use crate::network::code::{Cpu, Library, code_of};
use crate::network::memory::{STATES, Space};
use crate::network::plan::{Order, Stage};
use crate::network::record::Recorder;
use crate::network::{Named, Network, Tensor};

/// A piece of a training step takes about so many floating-point operations, or as many as one call of a kernel.
const PIECE: u64 = 50_000_000;

/// A call of a kernel.
pub struct Call {
    pub kernel: &'static str,
    pub ops: Range<usize>,
}

/// A carried tensor.
pub struct Carried {
    pub name: String,
    /// The state `(B, …)` that enters the next minibatch.
    pub state: Matrix,
}

impl Carried {
    /// Takes space for it.
    pub fn new(tensor: &Named<Tensor>, network: Network, space: &mut Space) -> Self {
        let columns = tensor.shape[2..].iter().map(|dim| dim.of(network.sizes)).product();
        Self { name: tensor.name.clone(), state: space.matrix(network.sizes.batch, columns) }
    }
}

/// The operations of a training step.
pub struct Step {
    /// Begins with zero states, or with carried ones; clears the gradients.
    pub begin: [Range<usize>; 2],
    pub calls: Vec<Call>,
    /// The calls in order, several at a time.
    pub pieces: Vec<Range<usize>>,
    /// Keeps the last states.
    pub end: Range<usize>,
    /// How often threads wait for each other.
    pub barriers: usize,
}

impl Step {
    /// Records the kernels of the recorder's network in the order of its plan; returns the operations, too.
    pub fn record(mut p: Recorder<'_>, carried: &[Carried], library: Library) -> (Self, Vec<Op>) {
        let network = p.network;
        let [batch, steps] = [network.sizes.batch, network.sizes.steps];
        let states: Vec<_> = network.carried().zip(carried).map(|(t, c)| (t.layer.unwrap_or(0), t, c.state)).collect();
        let begin = [false, true].map(|with_states| {
            section(&mut p, |p| {
                for (layer, tensor, state) in &states {
                    p.enter(*layer);
                    let first = p.of_batch(tensor.table_name());
                    if with_states {
                        p.copy(first, *state)
                    } else {
                        p.zero(first)
                    }
                    if tensor.table_name() == STATES {
                        p.pack_state(0);
                    }
                }
                p.zero(p.grads());
            })
        });
        let calls = calls(&mut p, &network.training(), library);
        let end = section(&mut p, |p| {
            for (layer, tensor, state) in &states {
                p.enter(*layer);
                p.copy(*state, p.tensor(tensor.table_name(), &(steps * batch..(steps + 1) * batch)));
            }
        });
        let ops = p.finish();
        let barriers = ops[begin[1].start..].iter().filter(|op| op.kind == Kind::Barrier).count();
        (Self { pieces: pieces(&ops, &calls), begin, calls, end, barriers }, ops)
    }
}

/// The function of a kernel.
///
/// # Panics
/// If the kernel is not for the CPU.
pub fn kernel(library: Library, stage: &Stage) -> Cpu {
    let name = stage.kernel.name;
    code_of(library, name).cpu.unwrap_or_else(|| panic!("{name} is not for the CPU"))
}

/// Records something; returns where its operations are.
pub fn section<'a>(p: &mut Recorder<'a>, record: impl FnOnce(&mut Recorder<'a>)) -> Range<usize> {
    let from = p.recorded();
    record(p);
    from..p.recorded()
}

/// Records all calls of these kernels, in order.
pub fn calls(p: &mut Recorder<'_>, stages: &[Stage], library: Library) -> Vec<Call> {
    let Sizes { batch, steps, .. } = p.sizes();
    let mut calls = Vec::new();
    // Those of each time step take turns.
    for stages in stages.chunk_by(|a, b| a.order != Order::Once && (a.order, a.layer) == (b.order, b.layer)) {
        let parts = kernel(library, &stages[0]).parts;
        for positions in parts.ranges(batch, steps) {
            for stage in stages {
                p.enter(stage.layer);
                let ops = section(p, |p| (kernel(library, stage).record)(p, positions.clone()));
                calls.push(Call { kernel: stage.kernel.name, ops });
            }
        }
    }
    calls
}

/// The calls in order, in ranges of operations that take about [`PIECE`].
pub fn pieces(ops: &[Op], calls: &[Call]) -> Vec<Range<usize>> {
    let (mut pieces, mut cost) = (Vec::new(), 0);
    let mut from = calls[0].ops.start;
    for call in calls {
        cost += ops[call.ops.clone()].iter().map(Op::cost).sum::<u64>();
        if cost >= PIECE {
            pieces.push(from..call.ops.end);
            (from, cost) = (call.ops.end, 0);
        }
    }
    let end = calls[calls.len() - 1].ops.end;
    if from < end {
        pieces.push(from..end);
    }
    pieces
}
