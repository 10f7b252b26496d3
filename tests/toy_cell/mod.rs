//! A cell without memory, `h_t = tanh(w_xh[x_t] + b_h)`, written by the recipe in ARCHITECTURE.md as an example of a
//! new cell.

use std::ops::Range;

use time_traveller::kernels::{
    cross_entropy, generate, output, output_loss, rnn, sgd,
    shared::{ADD_LOGITS, CURRENT_TOKEN, TANH, UNITS_OF_GROUP},
};
use time_traveller::model::Sizes;
use time_traveller::network::code::{Code, Cpu, Parts};
use time_traveller::network::memory::STATES;
use time_traveller::network::oracle::{Memory, Oracles};
use time_traveller::network::record::Recorder;
use time_traveller::network::table::UNITS;
use time_traveller::network::work::{Counts, Work};
use time_traveller::network::{
    Access::*, Content, Dim, Extent, Files, Kernel, Library, Module, Network, Param, Runs, Tensor,
};

pub const TOY: Module = Module {
    name: "toy",
    params: &[Param::scratch("w_xh", &[Dim::Rows, Dim::H], Files::Same), Param::scratch("b_h", &[Dim::H], Files::Same)],
    tensors: &[
        Tensor::new("inputs", &[Dim::T, Dim::B], Content::Minibatch),
        Tensor::new("starts", &[Dim::Starts], Content::Minibatch),
        Tensor::new("positions", &[Dim::N], Content::Minibatch),
        Tensor::carried("states", &[Dim::T1, Dim::B, Dim::H]),
        Tensor::floats("dz", &[Dim::T, Dim::B, Dim::H]),
    ],
    forward: &[&TOY_FORWARD],
    backward: &[&TOY_BACKWARD],
    gradients: &[&rnn::ROW_SUM_GRADS],
    generate: &[&TOY_GENERATE],
    generate_tensors: &[Tensor::floats("generated_states", &[Dim::Count(2), Dim::H])],
    ..Module::EMPTY
};

const TOY_FORWARD: Kernel = Kernel {
    name: "toy_forward",
    runs: Runs::Once,
    bindings: &[("inputs", Read), ("w_xh", Read), ("b_h", Read), ("states", Write)],
    extent: Extent::Threads(|p| (p.positions() * p.hidden / 4, 8)),
    work: |&Counts { n, h, .. }| Work::new(2 * n * h, 2 * n * h + h),
};

const TOY_BACKWARD: Kernel = Kernel {
    name: "toy_backward",
    runs: Runs::EachStep,
    bindings: &[("states", Read), ("dz", Write)],
    extent: Extent::Threads(|p| (p.batch * p.hidden / 4, 12)),
    work: |&Counts { n, h, .. }| Work::new(3 * n * h, 3 * n * h),
};

const TOY_GENERATE: Kernel = Kernel {
    name: "toy_generate",
    runs: Runs::Once,
    bindings: &[
        ("w_xh", Read),
        ("b_h", Read),
        ("w_hq_t", Read),
        ("b_q", Read),
        ("sequence", Write),
        ("logit_parts", Write),
    ],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.sizes.vocabulary)),
    work: |&Counts { h, .. }| Work::new(2 * h, 3 * h),
};

const CODE: &[Code] = &[
    Code {
        kernel: TOY_FORWARD.name,
        wgsl: include_str!("toy_forward.wgsl"),
        uses: &[TANH],
        cpu: Some(Cpu { parts: Parts::Forward, record: toy_forward }),
    },
    Code {
        kernel: TOY_BACKWARD.name,
        wgsl: include_str!("toy_backward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Backward, record: toy_backward }),
    },
    Code {
        kernel: TOY_GENERATE.name,
        wgsl: include_str!("toy_generate.wgsl"),
        uses: &[TANH, UNITS_OF_GROUP, CURRENT_TOKEN, ADD_LOGITS],
        cpu: None,
    },
];

/// What a real cell would add to `src/kernels/mod.rs`.
pub const LIBRARY: Library =
    &[CODE, rnn::CODE, output::CODE, cross_entropy::CODE, output_loss::CODE, sgd::CODE, generate::CODE];
pub const ORACLES: &[Oracles] = &[
    OWN_ORACLES,
    rnn::ORACLES,
    output::ORACLES,
    cross_entropy::ORACLES,
    output_loss::ORACLES,
    sgd::ORACLES,
    generate::ORACLES,
];

pub fn network(sizes: Sizes) -> Network {
    Network { cell: &TOY, ..time_traveller::kernels::network(sizes) }
}

fn toy_forward(p: &mut Recorder<'_>, positions: Range<usize>) {
    let now = p.after(STATES, &positions);
    p.copy(now, p.param("b_h").repeated(positions.len()));
    p.add_looked_up(now, p.param("w_xh"), p.inputs(&positions));
    p.tanh(now);
    p.pack_state(p.step(&positions) + 1);
}

fn toy_backward(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.through_tanh(p.tensor("dz", &positions), p.after(STATES, &positions));
}

const OWN_ORACLES: Oracles =
    &[("toy_forward", forward_oracle), ("toy_backward", backward_oracle), ("toy_generate", generate_oracle)];

fn look_up(m: &Memory, tokens: &[u32]) -> Vec<f64> {
    let (h, w_xh, b_h) = (m.sizes.hidden, m.get("w_xh"), m.get("b_h"));
    tokens.iter().flat_map(|&x| (0..h).map(move |i| (w_xh[x as usize * h + i] + b_h[i]).tanh())).collect()
}

fn forward_oracle(m: &mut Memory, _: usize) {
    let states = look_up(m, m.ids("inputs"));
    let slot = m.sizes.batch * m.sizes.hidden;
    m.get_mut("states")[slot..].copy_from_slice(&states);
}

fn backward_oracle(m: &mut Memory, t: usize) {
    let slot = m.sizes.batch * m.sizes.hidden;
    let states = m.get("states")[(t + 1) * slot..][..slot].to_vec();
    for (d, h) in m.get_mut("dz")[t * slot..][..slot].iter_mut().zip(states) {
        *d *= 1.0 - h * h;
    }
}

fn generate_oracle(m: &mut Memory, t: usize) {
    let token = generate::current_token(m, t);
    let h = look_up(m, &[token]);
    generate::add_logits(m, t, &h);
}
