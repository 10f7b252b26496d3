//! What the page explains of clipping and the update.

use crate::kernels::note::{Lines, Note, Part};

/// Gradient clipping.
pub const CLIPPING: Lines = Lines {
    kernel: "clip_factor",
    parts: &[(Part::Norm, "let norm = sqrt("), (Part::Threshold, "select(1.0, dims.clip / norm")],
};

pub const NOTE: Note = Note {
    formulas: &["g ← min(1, θ / ‖g‖) g", "w ← w − η (g + λ w)"],
    shapes: &[],
    rows: &[],
    training: &[
        CLIPPING,
        Lines {
            kernel: "sgd_update",
            parts: &[
                (Part::Update, "w - dims.learning_rate * factor * grads[i]"),
                (Part::Decay, "updated -= dims.learning_rate * dims.weight_decay"),
            ],
        },
    ],
    prediction: &[],
};
