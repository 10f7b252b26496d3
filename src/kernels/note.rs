//! What a module tells of itself: formulas, shapes, and which line of a kernel computes which part of a formula. Data
//! alone, so that a page which shows it holds no kernel.

use crate::network::Dim;

/// A part of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Input,
    State,
    Bias,
    Activation,
    Output,
    Maximum,
    Exponential,
    Target,
    Loss,
    Norm,
    Threshold,
    Update,
}

/// A kernel by its name, and what its lines compute: each part with a piece of the WGSL that a line about it has.
#[derive(Debug)]
pub struct Lines {
    pub kernel: &'static str,
    pub parts: &'static [(Part, &'static str)],
}

impl Lines {
    /// The part that a line of the kernel is about.
    pub fn part(&self, line: &str) -> Option<Part> {
        self.parts.iter().find(|(_, piece)| line.contains(piece)).map(|(part, _)| *part)
    }
}

/// What a module tells. Formulas are in the book's letters; what stands in `_{…}` is an index, in `^{…}` an exponent.
#[derive(Debug)]
pub struct Note {
    pub formulas: &'static [&'static str],
    /// What stands in the formulas, with its dimensions.
    pub shapes: &'static [(&'static str, &'static [Dim])],
    /// The kernels that compute it in training.
    pub training: &'static [Lines],
    /// The kernels that compute it in prediction.
    pub prediction: &'static [Lines],
}
