//! What the page explains of the output layer.

use crate::kernels::note::{Lines, Note, Part};
use crate::network::Dim;

pub const NOTE: Note = Note {
    formulas: &["O_{t} = H_{t} W_{hq} + b_{q}"],
    shapes: &[("W_hq", &[Dim::H, Dim::V]), ("Oₜ", &[Dim::B, Dim::V])],
    rows: &[],
    training: &[Lines {
        kernel: "output_forward",
        parts: &[(Part::Output, "return mat4x4f(w_hq["), (Part::Bias, "product + b_q[")],
    }],
    prediction: &[Lines {
        kernel: "add_logits",
        parts: &[(Part::Bias, "var sum = select(0.0, b_q[v]"), (Part::Output, "sum += dot(new_units[c], w_hq_t[")],
    }],
};
