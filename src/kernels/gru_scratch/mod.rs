//! The book's gated recurrent unit from scratch, which resets the state before the candidate's product: `u, r = σ(…)`,
//! `n = tanh(x W_xh + (r ⊙ h_{t-1}) W_hh + b_h)`, `h_t = u ⊙ h_{t-1} + (1 − u) ⊙ n`. `u` is the update gate, the book's z.
//! So a step is two products, one after the other. PyTorch's is [`gru`](super::gru).

mod cpu;
pub mod note;
mod oracle;

pub use oracle::ORACLES;

use super::layer::{
    self, BIAS_GRADS, GENERATE_LOOK_UP, GENERATE_PRODUCT, INPUT_LOOK_UP, LOOK_UP_GRADS, MINIBATCH, join,
};
use super::shared::{BACKWARD_STEPS, FORWARD_STEPS, ROW_PRODUCT, SIGMOID, TANH, TIME_STEPS, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::UNITS;
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Dim, Extent, Files, Kernel, Module, Param, Runs, Tensor};

/// u, r and the candidate.
const GATES: Dim = Dim::Gates(3);
/// u and r.
const TWO: Dim = Dim::Gates(2);

const OWN: [Tensor; 8] = [
    // What the input gives, which each step turns into the gates.
    Tensor::floats("gates", &[Dim::T, Dim::B, GATES]),
    // Slot 0 is the initial state, slot t + 1 is h_t.
    Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
    Tensor::floats("reset_states", &[Dim::T, Dim::B, Dim::H]),
    Tensor::floats("dh", &[Dim::T, Dim::B, Dim::H]),
    // The gradient of the state that comes from the step after without the product of u and r.
    Tensor::floats("dstates", &[Dim::B, Dim::H]),
    Tensor::floats("dz", &[Dim::T, Dim::B, GATES]),
    // There is one bias.
    Tensor::floats("b_x", &[GATES]),
    Tensor::floats("db_x", &[GATES]),
];

const LOWEST: [Tensor; 11] = join(MINIBATCH, OWN);

const W_X: Files = Files::Gates(&["w_xz", "w_xr", "w_xh"]);
const W_HG: Files = Files::Gates(&["w_hz", "w_hr"]);
const W_HN: Files = Files::Gates(&["w_hh"]);
const B_H: Files = Files::Gates(&["b_z", "b_r", "b_h"]);

const fn params(w_x: &'static [Dim]) -> [Param; 4] {
    [
        Param::scratch("w_x", w_x, W_X).of_input(),
        Param::scratch("w_hg", &[Dim::H, TWO], W_HG).with_transposed(),
        Param::scratch("w_hn", &[Dim::H, Dim::H], W_HN).with_transposed(),
        Param::scratch("b_h", &[GATES], B_H),
    ]
}

/// The lowest layer, and those above it.
pub const SCRATCH: [Module; 2] = [
    Module {
        name: "gru_scratch",
        params: &params(&[Dim::Rows, GATES]),
        tensors: &LOWEST,
        forward: &[&INPUT_LOOK_UP, &GRU_GATES, &GRU_CANDIDATE],
        backward: &[&GRU_CANDIDATE_BACKWARD, &GRU_GATES_BACKWARD],
        gradients: &[&W_HG_GRAD, &W_HN_GRAD, &LOOK_UP_GRADS],
        generate: &[&GENERATE_LOOK_UP, &GRU_GENERATE_GATES, &GRU_GENERATE_CANDIDATE],
        generate_tensors: GENERATE_TENSORS,
        ..Module::EMPTY
    },
    Module {
        name: "gru_scratch_upper",
        params: &params(&[Dim::H, GATES]),
        tensors: &OWN,
        forward: &[&INPUT_PRODUCT, &GRU_GATES, &GRU_CANDIDATE],
        backward: &[&GRU_CANDIDATE_BACKWARD, &GRU_GATES_BACKWARD, &INPUT_BACKWARD],
        gradients: &[&W_HG_GRAD, &W_HN_GRAD, &W_X_GRAD, &BIAS_GRADS],
        generate: &[&GENERATE_PRODUCT, &GRU_GENERATE_GATES, &GRU_GENERATE_CANDIDATE],
        generate_tensors: GENERATE_TENSORS,
        ..Module::EMPTY
    },
];

const GENERATE_TENSORS: &[Tensor] = &[
    Tensor::floats("generated_gates", &[GATES]),
    Tensor::floats("generated_reset", &[Dim::H]),
    Tensor::floats("generated_states", &[Dim::Count(2), Dim::H]),
];

const INPUT_PRODUCT: Kernel = layer::input_product(3);
const INPUT_BACKWARD: Kernel = layer::input_backward(3);
const W_X_GRAD: Kernel = layer::w_x_grad(3);

const GRU_GATES: Kernel = Kernel {
    name: "gru_gates",
    runs: Runs::EachStep,
    bindings: &[("states", Read), ("w_hg", Read), ("gates", Write), ("reset_states", Write)],
    extent: Extent::GateProduct { rows: Dim::B, inner: Dim::H, gates: 2 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, 2 * h).and(10 * b * h, 4 * b * h).times(t),
};

const GRU_CANDIDATE: Kernel = Kernel {
    name: "gru_candidate",
    runs: Runs::EachStep,
    bindings: &[("reset_states", Read), ("w_hn", Read), ("gates", Write), ("states", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(6 * b * h, 4 * b * h).times(t),
};

const GRU_CANDIDATE_BACKWARD: Kernel = Kernel {
    name: "gru_candidate_backward",
    runs: Runs::EachStep,
    bindings: &[("gates", Read), ("states", Read), ("dh", Read), ("w_hg_t", Read), ("dstates", Write), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: TWO, columns: Dim::H, sharers: 32 },
    // The last step has no product.
    work: |&Counts { b, t, h, .. }| Work::product(b, 2 * h, h).and(12 * b * h, 8 * b * h).times(t - 1),
};

const GRU_GATES_BACKWARD: Kernel = Kernel {
    name: "gru_gates_backward",
    runs: Runs::EachStep,
    bindings: &[("gates", Read), ("states", Read), ("w_hn_t", Read), ("dstates", Write), ("dz", Write)],
    extent: Extent::Product { rows: Dim::B, inner: Dim::H, columns: Dim::H, sharers: 32 },
    work: |&Counts { b, t, h, .. }| Work::product(b, h, h).and(6 * b * h, 5 * b * h).times(t),
};

const W_HG_GRAD: Kernel = Kernel {
    name: "w_hg_grad",
    runs: Runs::Once,
    bindings: &[("states", Read), ("dz", Read), ("dw_hg", Write)],
    extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: TWO, sharers: 4 },
    work: |&Counts { n, h, .. }| Work::product(h, n, 2 * h),
};

const W_HN_GRAD: Kernel = Kernel {
    name: "w_hn_grad",
    runs: Runs::Once,
    bindings: &[("reset_states", Read), ("dz", Read), ("dw_hn", Write)],
    extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: Dim::H, sharers: 4 },
    work: |&Counts { n, h, .. }| Work::product(h, n, h),
};

const GRU_GENERATE_GATES: Kernel = Kernel {
    name: "gru_generate_gates",
    runs: Runs::Once,
    bindings: &[("w_hg", Read), ("generated_states", Read), ("generated_gates", Write), ("generated_reset", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 4 * p.hidden)),
    work: |&Counts { h, .. }| Work::product(1, h, 2 * h),
};

const GRU_GENERATE_CANDIDATE: Kernel = Kernel {
    name: "gru_generate_candidate",
    runs: Runs::Once,
    bindings: &[("w_hn", Read), ("generated_gates", Read), ("generated_reset", Read), ("generated_states", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.hidden)),
    work: |&Counts { h, .. }| Work::product(1, h, h),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: GRU_GATES.name,
        wgsl: wgsl!("gru_gates.wgsl"),
        uses: &[SIGMOID, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::gru_gates }),
    },
    Code {
        kernel: GRU_CANDIDATE.name,
        wgsl: wgsl!("gru_candidate.wgsl"),
        uses: &[TANH, TIME_STEPS, FORWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::gru_candidate }),
    },
    Code {
        kernel: GRU_CANDIDATE_BACKWARD.name,
        wgsl: wgsl!("gru_candidate_backward.wgsl"),
        uses: &[TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::gru_candidate_backward }),
    },
    Code {
        kernel: GRU_GATES_BACKWARD.name,
        wgsl: wgsl!("gru_gates_backward.wgsl"),
        uses: &[TIME_STEPS, BACKWARD_STEPS],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::gru_gates_backward }),
    },
    Code {
        kernel: W_HG_GRAD.name,
        wgsl: wgsl!("w_hg_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_hg_grad }),
    },
    Code {
        kernel: W_HN_GRAD.name,
        wgsl: wgsl!("w_hn_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_hn_grad }),
    },
    Code {
        kernel: GRU_GENERATE_GATES.name,
        wgsl: wgsl!("gru_generate_gates.wgsl"),
        uses: &[SIGMOID, UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
    Code {
        kernel: GRU_GENERATE_CANDIDATE.name,
        wgsl: wgsl!("gru_generate_candidate.wgsl"),
        uses: &[TANH, UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
];
