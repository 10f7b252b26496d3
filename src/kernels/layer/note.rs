//! What the page explains of every recurrent layer.

use crate::kernels::note::{Lines, Part};

/// The input's part of the gates.
pub const LOOK_UP: Lines = Lines { kernel: "look_up", parts: &[(Part::Bias, "z = b_h["), (Part::Input, "z += w_x[")] };
