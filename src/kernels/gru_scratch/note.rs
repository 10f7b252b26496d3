//! What the page explains of the book's GRU.

use crate::kernels::layer::note::LOOK_UP;
use crate::kernels::note::{HIDDEN, Lines, Note, Part, Row};
use crate::network::Dim;

pub const NOTE: Note = Note {
    formulas: &[
        "R_{t} = σ(X_{t} W_{xr} + H_{t−1} W_{hr} + b_{r})",
        "Z_{t} = σ(X_{t} W_{xz} + H_{t−1} W_{hz} + b_{z})",
        "H̃_{t} = tanh(X_{t} W_{xh} + (R_{t} ⊙ H_{t−1}) W_{hh} + b_{h})",
        "H_{t} = Z_{t} ⊙ H_{t−1} + (1 − Z_{t}) ⊙ H̃_{t}",
    ],
    shapes: &[
        ("Xₜ", &[Dim::B, Dim::V]),
        ("Rₜ, Zₜ, Hₜ", &[Dim::B, Dim::H]),
        ("W_xr, W_xz, W_xh", &[Dim::Rows, Dim::H]),
        ("W_hr, W_hz, W_hh", &[Dim::H, Dim::H]),
    ],
    rows: &[
        HIDDEN,
        Row::Gate { name: "R_{t}", gate: 1, candidate: false },
        Row::Gate { name: "Z_{t}", gate: 0, candidate: false },
        Row::Gate { name: "H̃_{t}", gate: 2, candidate: true },
    ],
    training: &[
        LOOK_UP,
        Lines {
            kernel: "gru_gates",
            parts: &[
                (Part::State, "return mat4x4f(states["),
                (Part::Gates, "= sigmoid("),
                (Part::Candidate, "reset_states[at] = r * states[at];"),
            ],
        },
        Lines {
            kernel: "gru_candidate",
            parts: &[(Part::Candidate, "let n = tanh_precise("), (Part::NewState, "= u * states[at] + (1.0 - u) * n;")],
        },
    ],
    prediction: &[
        Lines {
            kernel: "gru_generate_gates",
            parts: &[
                (Part::State, "= row_product("),
                (Part::Gates, "= sigmoid("),
                (Part::Candidate, "generated_reset[unit] = r *"),
            ],
        },
        Lines {
            kernel: "gru_generate_candidate",
            parts: &[(Part::Candidate, "let n = tanh_precise("), (Part::NewState, "(1.0 - u) * n;")],
        },
    ],
};
