//! What the page explains of plain recurrent layers.

use crate::kernels::layer::note::LOOK_UP;
use crate::kernels::note::{HIDDEN, Lines, Note, Part};
use crate::network::Dim;

pub const SCRATCH: Note = Note { formulas: &["H_{t} = tanh(X_{t} W_{xh} + H_{t−1} W_{hh} + b_{h})"], ..CONCISE };

pub const CONCISE: Note = Note {
    formulas: &["H_{t} = tanh(X_{t} W_{xh} + b_{xh} + H_{t−1} W_{hh} + b_{hh})"],
    shapes: &[
        ("Xₜ", &[Dim::B, Dim::V]),
        ("Hₜ", &[Dim::B, Dim::H]),
        ("W_xh", &[Dim::Rows, Dim::H]),
        ("W_hh", &[Dim::H, Dim::H]),
    ],
    rows: &[HIDDEN],
    training: &[
        LOOK_UP,
        Lines {
            kernel: "rnn_forward",
            parts: &[(Part::State, "return mat4x4f(states["), (Part::Activation, "tanh_precise(gates[at] + product)")],
        },
    ],
    prediction: &[Lines {
        kernel: "rnn_generate",
        parts: &[(Part::State, "let z = row_product("), (Part::Activation, "tanh_precise(generated_gates[unit] + z)")],
    }],
};
