//! The settings of a run, with the keys that the page's address, checkpoints and the command line share.

use serde::{Deserialize, Serialize};

pub use super::setting::{AutoOr, Group, Setting, Values, decimal, whole};
use super::setting::{Value, choice, settings};

choice! {
    /// The cell of a recurrent layer.
    Cell {
        /// `tanh` of input and hidden state.
        Rnn = "rnn",
        /// Gated recurrent unit.
        Gru = "gru",
        /// Long short-term memory.
        Lstm = "lstm",
    }
}

choice! {
    /// Whose formulas and initialisation a network has.
    Style {
        /// The book's implementation from scratch: N(0, 0.01²), zero biases.
        Scratch = "scratch",
        /// The book's concise implementation: PyTorch's layers.
        Concise = "concise",
    }
}

choice! {
    /// How the parameters are updated from their clipped gradients.
    OptimizerChoice {
        /// Stochastic gradient descent.
        Sgd = "sgd",
        /// SGD with momentum, as `torch.optim.SGD`.
        Momentum = "momentum",
        /// As `torch.optim.Adam` with its usual betas and epsilon.
        Adam = "adam",
    }
}

choice! {
    /// How windows of the text are chosen.
    Sampling {
        /// Sequential partitioning: window `m + 1` of a row starts where window `m` ended.
        Sequential = "sequential",
        /// Random sampling: windows in random order.
        Random = "random",
        /// All overlapping windows in random order, as in the book's English edition.
        Windows = "windows",
    }
}

choice! {
    /// What happens to the hidden state between two minibatches.
    StateMode {
        /// The state is carried over, detached from the graph.
        Carry = "carry",
        /// The state is zero at the start of every minibatch.
        Reset = "reset",
    }
}

choice! {
    /// The engine that trains.
    EngineChoice {
        /// The fastest, found by a race.
        Auto = "auto",
        Gpu = "gpu",
        Cpu = "cpu",
    }
}

choice! {
    /// How a text is cleaned.
    #[derive(Default)]
    Cleaning {
        /// As in the book: the letters A to Z, in lower case, and single spaces between words.
        #[default]
        Book = "book",
        /// As in the book's English edition: the same for the whole text at once, so that line ends become spaces.
        Whole = "whole",
        /// Every character as it stands.
        Verbatim = "verbatim",
    }
}

settings! {
    /// The settings of one run. [`Config::default`] is the book's first run.
    pub struct Config;

    /// The cell of the recurrent layers.
    cell: Cell = Cell::Rnn, Values::Words(Cell::WORDS), Network, "Cell", later;
    /// Whose formulas and initialisation: `scratch`, the book's, or `concise`, those of PyTorch's layers.
    style: Style = Style::Scratch, Values::Words(Style::WORDS), Network, "Implementation", later;
    /// Recurrent layers, each of which reads the hidden states of the one below.
    layers: u32 = 1, Values::Whole(1, 8), Network, "Layers", later;
    /// Hidden units of a layer, H.
    hidden: u32 = 512, Values::Whole(1, 8192), Network, "Hidden units";
    /// Rows of a minibatch, B.
    batch: u32 = 32, Values::Whole(1, 4096), Training, "Batch size";
    /// Time steps of a minibatch, T (the book's `num_steps`).
    steps: u32 = 35, Values::Whole(1, 1024), Training, "Time steps";
    /// Passes over the training tokens.
    epochs: u32 = 500, Values::Whole(1, 100_000), Training, "Epochs";
    /// Learning rate of the optimizer.
    lr: f32 = 1.0, Values::Positive(1000.0), Training, "Learning rate";
    /// Gradient clipping threshold θ: a global L2 norm above it is scaled down to it.
    clip: f32 = 1.0, Values::Positive(1e9), Training, "Gradient clipping";
    /// How the parameters are updated from their clipped gradients.
    optimizer: OptimizerChoice = OptimizerChoice::Sgd, Values::Words(OptimizerChoice::WORDS), Training, "Optimizer", later;
    /// How much of the last updates `momentum` keeps; of no effect with the other optimizers.
    momentum: f32 = 0.9, Values::NotNegative(1.0), Training, "Momentum", later;
    /// Weight decay λ: the optimizer adds λ w to the gradient of each parameter w.
    weight_decay: f32 = 0.0, Values::NotNegative(1.0), Training, "Weight decay", later;
    /// Number of tokens, at the start of the text, to train on.
    tokens: u32 = 10_000, Values::Whole(3, 100_000_000), Training, "Training tokens";
    /// How windows of the text are chosen.
    sampling: Sampling = Sampling::Sequential, Values::Words(Sampling::WORDS), Training, "Sampling";
    /// What happens to the hidden state between two minibatches; unless windows are sequential it is reset.
    state: StateMode = StateMode::Carry, Values::Words(StateMode::WORDS), Training, "Hidden state";
    /// Seed of the initial parameters and of the sampling.
    seed: u32 = 1, Values::Whole(0, u32::MAX), Training, "Seed";
    /// The engine that trains; `auto` picks the fastest by a race.
    engine: EngineChoice = EngineChoice::Auto, Values::Words(EngineChoice::WORDS), Training, "Engine";
    /// Threads of the CPU engine; `auto` takes one for each core, in a browser all but one of them and at most 8. A run
    /// is the same with any number.
    threads: AutoOr = AutoOr(None), Values::AutoOr(64), Training, "Threads", later;
    /// How the text is cleaned: to letters and single spaces, as in the book, or not at all.
    cleaning: Cleaning = Cleaning::Book, Values::Words(Cleaning::WORDS), Text, "Cleaning", later;
    /// The largest vocabulary size, `<unk>` included; the rarest characters beyond it are read as `<unk>`.
    vocab (was "kinds"): u32 = 4000, Values::Whole(2, 10_000), Text, "Maximum vocabulary size", later;
    /// Number of tokens to hold out and predict after every epoch, 0 for none: at the end of the text, or with all
    /// windows those after the training tokens, all their windows.
    validation: u32 = 0, Values::Whole(0, 1_000_000), Text, "Validation tokens", later;
}

/// The offset of every epoch's windows, instead of a random one. It is not part of a [`Config`]: it is only needed to
/// reproduce another implementation, and is empty by default. Its largest value depends on the other settings, see
/// [`Config::largest_offset`].
pub static WINDOW_OFFSET: Setting = Setting {
    key: "window-offset",
    aliases: &[],
    label: "Window offset",
    group: Group::Start,
    values: Values::Whole(0, 1024),
    later: true,
};

/// All fields of the form and the address: [`SETTINGS`], then [`WINDOW_OFFSET`].
pub fn fields() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain([&WINDOW_OFFSET])
}

/// The field with this key or alias.
pub fn setting(key: &str) -> Option<&'static Setting> {
    fields().find(|setting| setting.is(key))
}

/// A wrong setting.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum SettingError {
    #[error("{} is “{given}”{}.", in_words(.key), wanted(.key))]
    Refused { key: String, given: String },
    #[error(
        "Window offset (window-offset) is “{given}”, which is not a whole number from 0 to {largest}: enter one, or \
         leave it empty for random offsets."
    )]
    WindowOffset { given: String, largest: u32 },
    #[error(
        "Random sampling and all windows take these in random order, so no state can be carried from one to the next: \
         set Hidden state (state) to reset, or Sampling (sampling) to sequential."
    )]
    RandomCarry,
    #[error("There is no setting called “{0}”: see docs/settings.md for those there are.")]
    Unknown(String),
}

/// A setting's label and key, for use in a sentence.
pub fn in_words(key: &str) -> String {
    format!("{} ({key})", setting(key).map_or("", |setting| setting.label))
}

/// The values that a setting accepts, as the end of a sentence.
fn wanted(key: &str) -> String {
    match setting(key).map(|setting| setting.values) {
        Some(Values::Whole(min, max)) => format!(", which is not a whole number from {min} to {max}: enter one"),
        Some(Values::Positive(max)) => format!(
            ", which is not a number above 0 and up to {max}: enter one, with a point before the decimals, as in 0.5"
        ),
        Some(Values::NotNegative(max)) => {
            format!(", which is not a number from 0 to {max}: enter one, with a point before the decimals, as in 0.5")
        }
        Some(Values::AutoOr(max)) => format!(", which is neither auto nor a whole number from 1 to {max}: enter one"),
        Some(Values::Words(words)) => format!(": choose one of {}", words.join(", ")),
        None => String::new(),
    }
}

impl SettingError {
    /// The key of the setting that is wrong.
    pub fn key(&self) -> &str {
        match self {
            Self::Refused { key, .. } => key,
            Self::RandomCarry => "state",
            Self::WindowOffset { .. } => WINDOW_OFFSET.key,
            Self::Unknown(key) => key,
        }
    }
}

impl Config {
    /// The book's first run but for these settings, by their keys.
    ///
    /// # Panics
    /// A wrong setting: the program's own lists have none.
    pub fn with<'a>(settings: impl IntoIterator<Item = &'a (&'static str, &'static str)>) -> Self {
        let mut config = Self::default();
        for (key, value) in settings {
            config.set(key, value).expect("the settings are valid");
        }
        config
    }

    /// Sets the setting with this key to the value written in `text`.
    ///
    /// # Errors
    /// An unknown key, or a value that the setting does not accept; the configuration is then unchanged.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), SettingError> {
        let setting = SETTINGS.iter().find(|setting| setting.is(key));
        let setting = setting.ok_or_else(|| SettingError::Unknown(key.to_owned()))?;
        let refused = || SettingError::Refused { key: setting.key.to_owned(), given: text.to_owned() };
        self.read(setting, text).ok_or_else(refused)
    }

    /// The largest offset of an epoch's windows: `T`, `T - 1` with random sampling, 0 where all windows are taken.
    pub fn largest_offset(&self) -> u32 {
        match self.sampling {
            Sampling::Sequential => self.steps,
            Sampling::Random => self.steps.saturating_sub(1),
            Sampling::Windows => 0,
        }
    }

    /// The settings of a run that goes on from here, on its device, with those of `to` that its network can go on with:
    /// learning rate, clipping, optimizer with momentum and weight decay, sampling, state, epochs.
    pub fn branched(self, to: &Self) -> Self {
        let Self { lr, clip, optimizer, momentum, weight_decay, sampling, state, epochs, .. } = *to;
        Self { lr, clip, optimizer, momentum, weight_decay, sampling, state, epochs, ..self }
    }

    /// Checks every setting, and that they are compatible.
    ///
    /// # Errors
    /// The first setting that is out of range, or windows in random order with carried state.
    pub fn check(&self) -> Result<(), SettingError> {
        // A value that is out of range is refused when it is parsed again.
        for setting in &SETTINGS {
            Self::default().set(setting.key, &self.get(setting.key).unwrap_or_default())?;
        }
        if self.sampling != Sampling::Sequential && self.state == StateMode::Carry {
            return Err(SettingError::RandomCarry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
