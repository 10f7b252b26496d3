//! What all recurrent layers share that may lie above each other: the input's part of the gates, for all time steps at
//! once, and the gradients. The lowest layer looks tokens up; each other one reads the states of the layer below:
//!
//! `gates (N, G · H) = w_x[x] + b_x + b_h`, or `below · w_x + b_x + b_h`
//!
//! A cell's own kernels add `h_{t-1} · w_h` step by step and turn the sums into gates, in place. Of a cell's gates those
//! that the state has come first, those that the input has last; most cells have the same for both. The book's networks
//! from scratch have one bias: their `b_x` is a tensor of zeros, which nobody trains.

mod cpu;
pub mod note;
mod oracle;

pub use cpu::input_gradients;
pub use oracle::{ORACLES, weight_grad};

use super::shared::{BIAS_COLUMNS, CURRENT_TOKEN, LOOK_UP, ROW_PRODUCT, UNITS_OF_GROUP};
use crate::network::code::{Code, Cpu, Parts, wgsl};
use crate::network::table::{BELOW, DBELOW, GENERATED_BELOW, UNITS};
use crate::network::work::{Counts, Work};
use crate::network::{Access::*, Content, Dim, Extent, Files, Kernel, Param, Runs, Tensor};

/// The tensors of the minibatch, which the lowest layer reads.
pub const MINIBATCH: [Tensor; 3] = [
    Tensor::new("inputs", &[Dim::T, Dim::B], Content::Minibatch),
    // Positions sorted by input token, and where each token's begin: see look_up_grads.wgsl.
    Tensor::new("starts", &[Dim::Starts], Content::Minibatch),
    Tensor::new("positions", &[Dim::N], Content::Minibatch),
];

/// One list of tensors after another.
pub const fn join<const A: usize, const B: usize, const N: usize>(a: [Tensor; A], b: [Tensor; B]) -> [Tensor; N] {
    assert!(A + B == N);
    let mut all = [Tensor::floats("", &[]); N];
    let mut i = 0;
    while i < N {
        all[i] = if i < A { a[i] } else { b[i - A] };
        i += 1;
    }
    all
}

/// The parameters of PyTorch's layers, whose input and state have equally many gates, by the shape of `w_x` and that of
/// `w_h`, and by PyTorch's order of gates among the input's and among the state's.
pub const fn concise(
    w_x: &'static [Dim],
    w_h: &'static [Dim; 2],
    [of_input, of_state]: [&'static [usize]; 2],
) -> [Param; 4] {
    let (_, biases) = w_h.split_at(1);
    [
        Param::concise("w_x", w_x, Files::Transposed("rnn.weight_ih_l", of_input)).of_input(),
        Param::concise("w_h", w_h, Files::Transposed("rnn.weight_hh_l", of_state)).with_transposed(),
        Param::concise("b_x", biases, Files::Transposed("rnn.bias_ih_l", of_input)),
        Param::concise("b_h", biases, Files::Transposed("rnn.bias_hh_l", of_state)),
    ]
}

/// `gates = w_x[x] + b_x + b_h`
pub const INPUT_LOOK_UP: Kernel = Kernel {
    name: "input_look_up",
    runs: Runs::Once,
    bindings: &[("inputs", Read), ("w_x", Read), ("b_x", Read), ("b_h", Read), ("gates", Write)],
    extent: Extent::Threads(|p| (p.positions() * p.gates.cell * p.hidden / 4, 8)),
    work: |&Counts { n, h, g, .. }| Work::new(2 * n * g * h, 2 * n * g * h + 2 * g * h + n),
};

/// `gates = below · w_x + b_x + b_h`; the input has this many gates.
pub const fn input_product(gates: usize) -> Kernel {
    Kernel {
        name: "input_product",
        runs: Runs::Once,
        bindings: &[(BELOW, Read), ("w_x", Read), ("b_x", Read), ("b_h", Read), ("gates", Write)],
        extent: Extent::Product { rows: Dim::N, inner: Dim::H, columns: Dim::Gates(gates), sharers: 4 },
        work: |&Counts { n, h, gx, .. }| Work::product(n, h, gx * h).and(2 * n * gx * h, 2 * gx * h),
    }
}

/// `dbelow = dz · w_xᵀ`; the input has this many gates.
pub const fn input_backward(gates: usize) -> Kernel {
    Kernel {
        name: "input_backward",
        runs: Runs::Once,
        bindings: &[("dz", Read), ("w_x_t", Read), (DBELOW, Write)],
        extent: Extent::Product { rows: Dim::N, inner: Dim::Gates(gates), columns: Dim::H, sharers: 4 },
        work: |&Counts { n, h, gx, .. }| Work::product(n, gx * h, h),
    }
}

/// `dw_h = Σ_t h_{t-1}ᵀ · dz_t`; the state has this many gates.
pub const fn w_h_grad(gates: usize) -> Kernel {
    Kernel {
        name: "w_h_grad",
        runs: Runs::Once,
        bindings: &[("states", Read), ("dz", Read), ("dw_h", Write)],
        extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: Dim::Gates(gates), sharers: 4 },
        work: |&Counts { n, h, gh, .. }| Work::product(h, n, gh * h),
    }
}

/// `dw_x = Σ_t below_tᵀ · dz_t`; the input has this many gates.
pub const fn w_x_grad(gates: usize) -> Kernel {
    Kernel {
        name: "w_x_grad",
        runs: Runs::Once,
        bindings: &[(BELOW, Read), ("dz", Read), ("dw_x", Write)],
        extent: Extent::Product { rows: Dim::H, inner: Dim::N, columns: Dim::Gates(gates), sharers: 4 },
        work: |&Counts { n, h, gx, .. }| Work::product(h, n, gx * h),
    }
}

/// `dw_x`, `db_x` and `db_h` of the lowest layer and, which saves a dispatch, the output layer's `db_q`.
pub const LOOK_UP_GRADS: Kernel = Kernel {
    name: "look_up_grads",
    runs: Runs::Once,
    bindings: &[
        ("starts", Read),
        ("positions", Read),
        ("dz", Read),
        ("dlogits", Read),
        ("db_x", Write),
        ("db_h", Write),
        ("db_q", Write),
        ("dw_x", Write),
    ],
    // A workgroup computes 8 columns of one bias, or 256 elements of `dw_x`.
    extent: Extent::Groups(|p| {
        let biases = (p.gates.cell * p.hidden).div_ceil(8) + p.vocabulary.div_ceil(8);
        (biases + (p.sizes.vocabulary * p.gates.input * p.hidden).div_ceil(256), 8 * p.positions())
    }),
    work: |&Counts { n, h, v, g, gx, .. }| {
        Work::new(n * ((g + gx) * h + v), n * ((g + gx) * h + v) + v * gx * h + 2 * g * h + v + n)
    },
};

/// `db_x` and `db_h` of a layer above the lowest.
pub const BIAS_GRADS: Kernel = Kernel {
    name: "bias_grads",
    runs: Runs::Once,
    bindings: &[("dz", Read), ("db_x", Write), ("db_h", Write)],
    extent: Extent::Groups(|p| ((p.gates.cell * p.hidden).div_ceil(8), 8 * p.positions())),
    work: |&Counts { n, h, g, .. }| Work::new(n * g * h, n * g * h + 2 * g * h),
};

/// Picks the token that a step of prediction reads, and looks it up.
pub const GENERATE_LOOK_UP: Kernel = Kernel {
    name: "generate_look_up",
    runs: Runs::Once,
    bindings: &[
        ("w_x", Read),
        ("b_x", Read),
        ("b_h", Read),
        ("logit_parts", Read),
        ("sequence", Write),
        ("generated_gates", Write),
    ],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.gates.cell + p.hidden / 32 * p.vocabulary)),
    work: |&Counts { h, g, .. }| Work::new(2 * g * h, 4 * g * h),
};

/// The input's part of the gates in a step of prediction, above the lowest layer.
pub const GENERATE_PRODUCT: Kernel = Kernel {
    name: "generate_product",
    runs: Runs::Once,
    bindings: &[(GENERATED_BELOW, Read), ("w_x", Read), ("b_x", Read), ("b_h", Read), ("generated_gates", Write)],
    extent: Extent::TileGroups(|p| (p.hidden.div_ceil(UNITS), UNITS * 2 * p.gates.input * p.hidden)),
    work: |&Counts { h, gx, .. }| Work::product(1, h, gx * h),
};

pub const CODE: &[Code] = &[
    Code {
        kernel: INPUT_LOOK_UP.name,
        wgsl: wgsl!("input_look_up.wgsl"),
        uses: &[LOOK_UP],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::input_look_up }),
    },
    Code {
        kernel: "input_product",
        wgsl: wgsl!("input_product.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Forward, record: cpu::input_product }),
    },
    Code {
        kernel: "input_backward",
        wgsl: wgsl!("input_backward.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Backward, record: cpu::input_backward }),
    },
    Code {
        kernel: "w_h_grad",
        wgsl: wgsl!("w_h_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_h_grad }),
    },
    Code {
        kernel: "w_x_grad",
        wgsl: wgsl!("w_x_grad.wgsl"),
        uses: &[],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::w_x_grad }),
    },
    Code {
        kernel: LOOK_UP_GRADS.name,
        wgsl: wgsl!("look_up_grads.wgsl"),
        uses: &[BIAS_COLUMNS],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::look_up_grads }),
    },
    Code {
        kernel: BIAS_GRADS.name,
        wgsl: wgsl!("bias_grads.wgsl"),
        uses: &[BIAS_COLUMNS],
        cpu: Some(Cpu { parts: Parts::Positions, record: cpu::bias_grads }),
    },
    // The CPU engine predicts with the kernels of the forward pass.
    Code {
        kernel: GENERATE_LOOK_UP.name,
        wgsl: wgsl!("generate_look_up.wgsl"),
        uses: &[UNITS_OF_GROUP, CURRENT_TOKEN, LOOK_UP],
        cpu: None,
    },
    Code {
        kernel: GENERATE_PRODUCT.name,
        wgsl: wgsl!("generate_product.wgsl"),
        uses: &[UNITS_OF_GROUP, ROW_PRODUCT],
        cpu: None,
    },
];
