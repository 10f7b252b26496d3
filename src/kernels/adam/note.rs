//! What the page explains of Adam.

use crate::kernels::note::{Lines, Note, Part};
use crate::kernels::sgd::note::CLIPPING;

pub const NOTE: Note = Note {
    formulas: &[
        "g ← min(1, θ / ‖g‖) g + λ w",
        "m ← 0.9 m + 0.1 g",
        "v ← 0.999 v + 0.001 g^{2}",
        "w ← w − η m / (1 − 0.9^{n}) / (√(v / (1 − 0.999^{n})) + 10^{−8})",
    ],
    shapes: &[],
    rows: &[],
    training: &[
        CLIPPING,
        Lines {
            kernel: "adam_moments",
            parts: &[
                (Part::Correction, "corrections[0] +="),
                (Part::Correction, "corrections[1] +="),
                (Part::Average, "exp_avg[i] += NEW_1"),
                (Part::Average, "exp_avg_sq[i] += NEW_2"),
            ],
        },
        Lines { kernel: "adam_update", parts: &[(Part::Update, "parameters[i] - rate * exp_avg[i]")] },
    ],
    prediction: &[],
};
