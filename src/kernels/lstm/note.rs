//! What the page explains of the LSTM.

use crate::kernels::layer::note::LOOK_UP;
use crate::kernels::note::{HIDDEN, Lines, Note, Part, Row};
use crate::network::Dim;

pub const SCRATCH: Note = Note {
    formulas: &[
        "I_{t} = σ(X_{t} W_{xi} + H_{t−1} W_{hi} + b_{i})",
        "F_{t} = σ(X_{t} W_{xf} + H_{t−1} W_{hf} + b_{f})",
        "O_{t} = σ(X_{t} W_{xo} + H_{t−1} W_{ho} + b_{o})",
        "C̃_{t} = tanh(X_{t} W_{xc} + H_{t−1} W_{hc} + b_{c})",
        "C_{t} = F_{t} ⊙ C_{t−1} + I_{t} ⊙ C̃_{t}",
        "H_{t} = O_{t} ⊙ tanh(C_{t})",
    ],
    ..CONCISE
};

pub const CONCISE: Note = Note {
    formulas: &[
        "I_{t} = σ(X_{t} W_{xi} + b_{xi} + H_{t−1} W_{hi} + b_{hi})",
        "F_{t} = σ(X_{t} W_{xf} + b_{xf} + H_{t−1} W_{hf} + b_{hf})",
        "O_{t} = σ(X_{t} W_{xo} + b_{xo} + H_{t−1} W_{ho} + b_{ho})",
        "C̃_{t} = tanh(X_{t} W_{xc} + b_{xc} + H_{t−1} W_{hc} + b_{hc})",
        "C_{t} = F_{t} ⊙ C_{t−1} + I_{t} ⊙ C̃_{t}",
        "H_{t} = O_{t} ⊙ tanh(C_{t})",
    ],
    shapes: &[
        ("Xₜ", &[Dim::B, Dim::V]),
        ("Iₜ, Fₜ, Oₜ, Cₜ, Hₜ", &[Dim::B, Dim::H]),
        ("W_xi, W_xf, W_xo, W_xc", &[Dim::Rows, Dim::H]),
        ("W_hi, W_hf, W_ho, W_hc", &[Dim::H, Dim::H]),
    ],
    rows: &[
        HIDDEN,
        Row::State { name: "C_{t}", tensor: "cells" },
        Row::Gate { name: "I_{t}", gate: 0, candidate: false },
        Row::Gate { name: "F_{t}", gate: 1, candidate: false },
        Row::Gate { name: "O_{t}", gate: 3, candidate: false },
        Row::Gate { name: "C̃_{t}", gate: 2, candidate: true },
    ],
    training: &[
        LOOK_UP,
        Lines {
            kernel: "lstm_forward",
            parts: &[
                (Part::State, "return mat4x4f(states["),
                (Part::Gates, "= sigmoid("),
                (Part::Candidate, "let g = tanh_precise("),
                (Part::Cell, "let c = f * cells[at] + i * g;"),
                (Part::NewState, "= o * tanh_precise(c);"),
            ],
        },
    ],
    prediction: &[Lines {
        kernel: "lstm_generate",
        parts: &[
            (Part::State, "= row_product("),
            (Part::Gates, "= sigmoid("),
            (Part::Candidate, "let g = tanh_precise("),
            (Part::Cell, "let c = f * generated_cells["),
            (Part::NewState, "= o * tanh_precise(c);"),
        ],
    }],
};
