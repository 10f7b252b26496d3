//! What the page explains of the loss.

use crate::kernels::note::{Lines, Note, Part};
use crate::network::Dim;

pub const NOTE: Note = Note {
    formulas: &["perplexity = exp(−1/N ∑_{n} log softmax(O_{n})[y_{n}])"],
    shapes: &[("N = B · T =", &[Dim::N]), ("O", &[Dim::N, Dim::V])],
    rows: &[],
    training: &[Lines {
        kernel: "softmax_cross_entropy",
        parts: &[
            (Part::Maximum, "largest = max("),
            (Part::Exponential, "let e = exp("),
            (Part::Target, "let y = targets[n]"),
            (Part::Loss, "losses[n] = log(sum)"),
        ],
    }],
    prediction: &[],
};
