//! What the page explains of the plain RNN.

use crate::kernels::note::{HIDDEN, Lines, Note, Part};
use crate::network::Dim;

pub const NOTE: Note = Note {
    formulas: &["H_{t} = tanh(X_{t} W_{xh} + H_{t−1} W_{hh} + b_{h})"],
    shapes: &[
        ("Xₜ", &[Dim::B, Dim::V]),
        ("Hₜ", &[Dim::B, Dim::H]),
        ("W_xh", &[Dim::Rows, Dim::H]),
        ("W_hh", &[Dim::H, Dim::H]),
    ],
    rows: &[HIDDEN],
    training: &[Lines {
        kernel: "step_forward",
        parts: &[
            (Part::Input, "let z = product + w_xh["),
            (Part::Input, "let token = inputs["),
            (Part::State, "return mat4x4f(states["),
            (Part::Bias, "var<storage, read> b_h"),
            (Part::Activation, "tanh_precise(z)"),
        ],
    }],
    prediction: &[Lines {
        kernel: "generate_step",
        parts: &[(Part::State, "z = fma(w_hh["), (Part::Activation, "tanh_precise(z + w_xh[")],
    }],
};
