//! What the page explains of SGD with momentum.

use crate::kernels::note::{Lines, Note, Part};
use crate::kernels::sgd::note::CLIPPING;

pub const NOTE: Note = Note {
    formulas: &["g ← min(1, θ / ‖g‖) g + λ w", "v ← μ v + g", "w ← w − η v"],
    shapes: &[],
    rows: &[],
    training: &[
        CLIPPING,
        Lines {
            kernel: "momentum_update",
            parts: &[
                (Part::Average, "let v = dims.momentum * velocity[i]"),
                (Part::Update, "w - dims.learning_rate * v"),
            ],
        },
    ],
    prediction: &[],
};
