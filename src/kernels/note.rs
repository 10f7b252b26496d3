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

/// Numbers that each unit of a cell has at each position of a text, by the letter that formulas use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A carried tensor, after the step.
    State { name: &'static str, tensor: &'static str },
    /// A gate of the tensor `gates`, from 0 to 1 or, of a candidate state, from −1 to 1.
    Gate { name: &'static str, gate: usize, candidate: bool },
}

impl Row {
    pub fn name(self) -> &'static str {
        let (Self::State { name, .. } | Self::Gate { name, .. }) = self;
        name
    }
}

/// The hidden state, which every cell has.
pub const HIDDEN: Row = Row::State { name: "H_{t}", tensor: "states" };

/// What the page explains of a module. Formulas use the book's letters, `_{…}` for indices and `^{…}` for exponents.
#[derive(Debug)]
pub struct Note {
    pub formulas: &'static [&'static str],
    /// The tensors of the formulas with their shapes.
    pub shapes: &'static [(&'static str, &'static [Dim])],
    /// A cell's rows of numbers, first that of the hidden state.
    pub rows: &'static [Row],
    /// The kernels that compute it in training.
    pub training: &'static [Lines],
    /// The kernels that compute it in prediction.
    pub prediction: &'static [Lines],
}
