//! What can be asked about a network that reads a passage of text, and the answers.

use serde::{Deserialize, Serialize};

/// The longest passage, in characters.
pub const LONGEST_PASSAGE: usize = 400;

/// The largest factor for the state's weights.
pub const MOST_SCALE: f32 = 3.0;

/// A passage that a network reads from a zero state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Excerpt {
    Given(String),
    /// Of the text, from this token on.
    Text {
        first: u32,
        length: u32,
    },
}

/// A question about a passage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// How much the logit of the character after position `at` depends on each input up to it.
    Connectivity { at: u32 },
    /// The numbers of a unit of a layer at each position.
    Unit { layer: u32, unit: u32 },
    /// The gradient of the last character's loss through time, with the state's weights scaled; of the epoch that all
    /// questions are about or, of `epoch`, the last kept that is no newer.
    GradientNorms { scale: f32, epoch: Option<u32> },
    /// The units of a layer that tell most about the text.
    Ranking { layer: u32 },
    /// Where else in the text the unit is as active as [`Selective`] says.
    Elsewhere(Selective),
    /// All numbers of one time step forward and backward, of the first units.
    Step { t: u32, units: u32 },
}

/// The answers to questions about a passage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The finished epochs of the network that was asked.
    pub epoch: u32,
    /// The passage as it was read; `None` for `<unk>`.
    pub characters: Vec<Option<char>>,
    /// In the order of the questions.
    pub answers: Vec<Answer>,
    /// How long they took.
    pub seconds: f64,
}

/// An answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// ‖∂logit/∂x_s‖ of each input x_s as a one-hot vector, up to the position asked for. `of`: whose logit it is.
    Connectivity {
        of: Option<char>,
        magnitudes: Vec<f32>,
    },
    /// The unit's rows, as its cell's note lists them, each with a number for each position.
    Unit(Vec<Vec<f32>>),
    /// ‖∂loss_T/∂h_t‖ in each layer, from t = T; after `epoch` finished epochs.
    GradientNorms {
        epoch: u32,
        layers: Vec<Vec<f32>>,
    },
    /// By falling score.
    Ranking(Vec<Selective>),
    Elsewhere(Vec<Place>),
    Step(TimeStep),
}

/// A unit and what it tells about the text: whether its state is above, or below, a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Selective {
    pub layer: u32,
    pub unit: u32,
    pub feature: Feature,
    pub threshold: f32,
    /// Whether the unit is active above the threshold, or below it.
    pub above: bool,
    /// Active where the feature is, less active where it is not: shares of the positions, so 1 at most.
    pub score: f32,
}

impl Selective {
    /// Whether the unit is active.
    pub fn is_active(&self, state: f32) -> bool {
        if self.above { state > self.threshold } else { state < self.threshold }
    }
}

/// What is so of a position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feature {
    Space,
    LineEnd,
    Vowel,
    Capital,
    Digit,
    Punctuation,
    /// The nth character of a word, from 1.
    InWord(u32),
    /// A word's fifth character or a later one.
    LateInWord,
    /// This is the character.
    Character(char),
    /// The next is the character.
    Next(char),
}

/// A place in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The position of its first character.
    pub first: u32,
    pub characters: Vec<Option<char>>,
    /// The unit's state at each.
    pub states: Vec<f32>,
}

/// One time step with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeStep {
    /// The token that is read, the one that comes next.
    pub tokens: [Token; 2],
    /// The likeliest tokens, and the one that comes next.
    pub likeliest: Vec<Token>,
    /// `V`, vocabulary size.
    pub vocabulary: u32,
    pub numbers: Vec<Numbers>,
}

/// A token's id, and its character; `None` for `<unk>`.
pub type Token = (u32, Option<char>);

/// Numbers of a time step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// A tensor's name, as kernels bind it.
    pub name: String,
    pub layer: u32,
    pub numbers: Vec<f32>,
}
