//! What the page explains of clipping and the update.

use crate::kernels::note::{Lines, Note, Part};

pub const NOTE: Note = Note {
    formulas: &["g ← min(1, θ / ‖g‖) g", "w ← w − η g"],
    shapes: &[],
    training: &[Lines {
        kernel: "sgd_update",
        parts: &[
            (Part::Norm, "let norm = sqrt("),
            (Part::Threshold, "select(1.0, dims.clip / norm"),
            (Part::Update, "let w = parameters[i] -"),
        ],
    }],
    prediction: &[],
};
