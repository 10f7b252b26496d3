//! What the page explains of a module: formulas, shapes, and which line of a kernel computes which part of a formula.
//! Pure data, so that the page's program contains no kernel.

use crate::network::Dim;

/// A part of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Input,
    State,
    Bias,
    Activation,
    Gates,
    Candidate,
    Cell,
    NewState,
    Output,
    Maximum,
    Exponential,
    Target,
    Loss,
    Norm,
    Threshold,
    Decay,
    Average,
    Correction,
    Update,
}

/// The lines of a WGSL file that compute parts of a formula, each found by a piece of its code.
#[derive(Debug)]
pub struct Lines {
    /// A kernel, or a file that kernels share.
    pub kernel: &'static str,
    pub parts: &'static [(Part, &'static str)],
}

impl Lines {
    /// The part of the formula that a line of the file computes.
    pub fn part(&self, line: &str) -> Option<Part> {
        self.parts.iter().find(|(_, piece)| line.contains(piece)).map(|(part, _)| *part)
    }
}

/// What the page explains of a module. Formulas use the book's letters, `_{…}` for indices and `^{…}` for exponents.
#[derive(Debug)]
pub struct Note {
    pub formulas: &'static [&'static str],
    /// The tensors of the formulas with their shapes.
    pub shapes: &'static [(&'static str, &'static [Dim])],
    /// The kernels that compute it in training.
    pub training: &'static [Lines],
    /// The kernels that compute it in prediction.
    pub prediction: &'static [Lines],
}
