//! The settings of a run, by the names that the page, the address and the command line share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How windows of the text are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Sequential partitioning: window `m + 1` of a row goes on where window `m` ended.
    Sequential,
    /// Random sampling: windows in random order.
    Random,
}

/// What becomes of the hidden state between two minibatches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateMode {
    /// The state flows on, detached from the gradient.
    Carry,
    /// The state is zero at the start of every minibatch.
    Reset,
}

/// What of a text is trained on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cleaning {
    /// As in the book: the letters A to Z, in lower case, and single spaces between words.
    #[default]
    Book,
    /// Every character as it stands.
    Verbatim,
}

/// What trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The fastest, by a race.
    Auto,
    Gpu,
    Cpu,
}

/// The settings of one run. [`Config::default`] is the book's first run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// `H`, hidden units.
    pub hidden: u32,
    /// `B`, rows of a minibatch.
    pub batch: u32,
    /// `T`, time steps of a minibatch (the book's `num_steps`).
    pub steps: u32,
    pub epochs: u32,
    /// Learning rate of SGD.
    pub lr: f32,
    /// Gradient clipping threshold θ: a global L2 norm above it is scaled down to it.
    pub clip: f32,
    /// How many tokens from the start of the text are trained on.
    pub tokens: u32,
    pub sampling: Sampling,
    pub state: StateMode,
    /// Seed of the initial parameters and of the sampling.
    pub seed: u32,
    pub engine: EngineChoice,
    pub cleaning: Cleaning,
    /// The most kinds of token, `<unk>` included; the characters beyond, the rarest, are read as `<unk>`.
    pub kinds: u32,
    /// How many tokens from the end of the text are predicted after every epoch, and never trained on; 0 for none.
    pub validation: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hidden: 512,
            batch: 32,
            steps: 35,
            epochs: 500,
            lr: 1.0,
            clip: 1.0,
            tokens: 10_000,
            sampling: Sampling::Sequential,
            state: StateMode::Carry,
            seed: 1,
            engine: EngineChoice::Auto,
            cleaning: Cleaning::Book,
            kinds: 4000,
            validation: 0,
        }
    }
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Values {
    /// A whole number from the first to the second.
    Whole(u32, u32),
    /// A number above 0, up to this.
    Positive(f32),
    /// One of these words.
    Words(&'static [&'static str]),
}

/// One setting as people meet it.
#[derive(Debug, PartialEq)]
pub struct Setting {
    /// Its key in the address and, with `--`, on the command line.
    pub key: &'static str,
    /// Its label on the page.
    pub label: &'static str,
    pub values: Values,
}

/// Every setting, in the order in which the page and the address list them.
pub const SETTINGS: [Setting; 14] = [
    Setting { key: "hidden", label: "Hidden units", values: Values::Whole(1, 8192) },
    Setting { key: "batch", label: "Batch size", values: Values::Whole(1, 4096) },
    Setting { key: "steps", label: "Time steps", values: Values::Whole(1, 1024) },
    Setting { key: "epochs", label: "Epochs", values: Values::Whole(1, 100_000) },
    Setting { key: "lr", label: "Learning rate", values: Values::Positive(1000.0) },
    Setting { key: "clip", label: "Gradient clipping", values: Values::Positive(1e9) },
    Setting { key: "tokens", label: "Training tokens", values: Values::Whole(3, 100_000_000) },
    Setting { key: "sampling", label: "Sampling", values: Values::Words(Sampling::WORDS) },
    Setting { key: "state", label: "Hidden state", values: Values::Words(StateMode::WORDS) },
    Setting { key: "seed", label: "Seed", values: Values::Whole(0, u32::MAX) },
    Setting { key: "engine", label: "Engine", values: Values::Words(EngineChoice::WORDS) },
    Setting { key: "cleaning", label: "Cleaning", values: Values::Words(Cleaning::WORDS) },
    Setting { key: "kinds", label: "Kinds of token, at most", values: Values::Whole(2, 10_000) },
    Setting { key: "validation", label: "Validation tokens", values: Values::Whole(0, 1_000_000) },
];

/// The settings that say how a text is read. An address leaves them out where they are as in the book, and so did the
/// checkpoints of a time that did not know them.
pub const TEXT_KEYS: [&str; 3] = ["cleaning", "kinds", "validation"];

/// What fixes the offset of every epoch's windows, which otherwise is random. It is no part of a [`Config`]: it serves
/// to follow another implementation, and may be left empty. Its largest value hangs on the other settings, see
/// [`Config::largest_offset`].
pub const WINDOW_OFFSET: Setting =
    Setting { key: "window-offset", label: "Window offset", values: Values::Whole(0, 1024) };

/// The setting with this key.
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.key == key)
}

/// A value that a setting does not take.
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
        "Random sampling takes windows in random order, so no state can be carried from one to the next: \
         set Hidden state (state) to reset, or Sampling (sampling) to sequential."
    )]
    RandomCarry,
    #[error("There is no setting called “{0}”: see the README for those there are.")]
    Unknown(String),
}

/// A setting as sentences name it: label and key.
pub fn in_words(key: &str) -> String {
    format!("{} ({key})", setting(key).map_or("", |setting| setting.label))
}

/// What a setting takes, as the end of a sentence.
fn wanted(key: &str) -> String {
    match setting(key).map(|setting| setting.values) {
        Some(Values::Whole(min, max)) => format!(", which is not a whole number from {min} to {max}: enter one"),
        Some(Values::Positive(max)) => format!(", which is not a number above 0 and up to {max}: enter one"),
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

impl Setting {
    fn refuse(&self, given: &str) -> SettingError {
        SettingError::Refused { key: self.key.to_owned(), given: given.to_owned() }
    }

    /// Whether a number is within this setting's bounds.
    fn takes(&self, number: f64) -> bool {
        match self.values {
            Values::Whole(min, max) => (f64::from(min)..=f64::from(max)).contains(&number),
            Values::Positive(max) => number > 0.0 && number <= f64::from(max),
            Values::Words(_) => false,
        }
    }

    fn whole(&self, text: &str) -> Result<u32, SettingError> {
        text.trim().parse().ok().filter(|&n| self.takes(f64::from(n))).ok_or_else(|| self.refuse(text))
    }

    fn positive(&self, text: &str) -> Result<f32, SettingError> {
        read_number(text.trim()).filter(|&x| self.takes(f64::from(x))).ok_or_else(|| self.refuse(text))
    }

    fn word<T: FromStr>(&self, text: &str) -> Result<T, SettingError> {
        text.trim().parse().map_err(|_| self.refuse(text))
    }
}

/// The number that a text writes in decimal.
#[cfg(not(target_arch = "wasm32"))]
fn read_number(text: &str) -> Option<f32> {
    text.parse().ok()
}

/// The number that a text writes in decimal, as the browser reads it: Rust would bring 15 KB of tables along.
#[cfg(target_arch = "wasm32")]
fn read_number(text: &str) -> Option<f32> {
    // JavaScript takes nothing for 0, and 0x10 for 16.
    let decimal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    decimal.then(|| wasm_bindgen::JsValue::from_str(text).unchecked_into_f64() as f32)
}

impl Config {
    /// Sets what `key` names to what `text` says.
    ///
    /// # Errors
    /// A key that is no setting, or a text that is no value of it; the configuration is then unchanged.
    pub fn set(&mut self, key: &str, text: &str) -> Result<(), SettingError> {
        let setting = setting(key).ok_or_else(|| SettingError::Unknown(key.to_owned()))?;
        match key {
            "hidden" => self.hidden = setting.whole(text)?,
            "batch" => self.batch = setting.whole(text)?,
            "steps" => self.steps = setting.whole(text)?,
            "epochs" => self.epochs = setting.whole(text)?,
            "lr" => self.lr = setting.positive(text)?,
            "clip" => self.clip = setting.positive(text)?,
            "tokens" => self.tokens = setting.whole(text)?,
            "sampling" => self.sampling = setting.word(text)?,
            "state" => self.state = setting.word(text)?,
            "seed" => self.seed = setting.whole(text)?,
            "engine" => self.engine = setting.word(text)?,
            "cleaning" => self.cleaning = setting.word(text)?,
            "kinds" => self.kinds = setting.whole(text)?,
            "validation" => self.validation = setting.whole(text)?,
            _ => unreachable!("every key of SETTINGS is matched"),
        }
        Ok(())
    }

    /// The value of the setting with this key, as [`Config::set`] would take it.
    pub fn get(&self, key: &str) -> Option<String> {
        Some(match key {
            "hidden" => self.hidden.to_string(),
            "batch" => self.batch.to_string(),
            "steps" => self.steps.to_string(),
            "epochs" => self.epochs.to_string(),
            "lr" => self.lr.to_string(),
            "clip" => self.clip.to_string(),
            "tokens" => self.tokens.to_string(),
            "sampling" => self.sampling.to_string(),
            "state" => self.state.to_string(),
            "seed" => self.seed.to_string(),
            "engine" => self.engine.to_string(),
            "cleaning" => self.cleaning.to_string(),
            "kinds" => self.kinds.to_string(),
            "validation" => self.validation.to_string(),
            _ => return None,
        })
    }

    /// The largest offset of an epoch's windows: `T`, or `T - 1` with random sampling.
    pub fn largest_offset(&self) -> u32 {
        match self.sampling {
            Sampling::Sequential => self.steps,
            Sampling::Random => self.steps.saturating_sub(1),
        }
    }

    /// The setting with this key, if it is a number.
    fn number(&self, key: &str) -> Option<f64> {
        Some(match key {
            "hidden" => self.hidden.into(),
            "batch" => self.batch.into(),
            "steps" => self.steps.into(),
            "epochs" => self.epochs.into(),
            "lr" => self.lr.into(),
            "clip" => self.clip.into(),
            "tokens" => self.tokens.into(),
            "seed" => self.seed.into(),
            "kinds" => self.kinds.into(),
            "validation" => self.validation.into(),
            _ => return None,
        })
    }

    /// Checks every setting, and that they go together.
    ///
    /// # Errors
    /// The first setting that is out of range, or random sampling with carried state.
    pub fn check(&self) -> Result<(), SettingError> {
        for setting in &SETTINGS {
            if self.number(setting.key).is_some_and(|number| !setting.takes(number)) {
                return Err(setting.refuse(&self.get(setting.key).unwrap_or_default()));
            }
        }
        if self.sampling == Sampling::Random && self.state == StateMode::Carry {
            return Err(SettingError::RandomCarry);
        }
        Ok(())
    }
}

/// The words for a setting's values.
macro_rules! words {
    ($setting:ident: $($value:ident = $word:literal),+) => {
        impl $setting {
            const WORDS: &[&str] = &[$($word),+];
        }

        impl fmt::Display for $setting {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$value => $word),+
                })
            }
        }

        impl FromStr for $setting {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$value),)+
                    _ => Err(format!("give one of {}", Self::WORDS.join(", "))),
                }
            }
        }
    };
}

words!(Sampling: Sequential = "sequential", Random = "random");
words!(StateMode: Carry = "carry", Reset = "reset");
words!(EngineChoice: Auto = "auto", Gpu = "gpu", Cpu = "cpu");
words!(Cleaning: Book = "book", Verbatim = "verbatim");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_what_it_writes() {
        let book = Config::default();
        let mut copy =
            Config { hidden: 1, batch: 1, steps: 1, epochs: 1, lr: 0.5, clip: 9.0, tokens: 3, seed: 9, ..book };
        (copy.cleaning, copy.kinds, copy.validation) = (Cleaning::Verbatim, 2, 1);
        copy.set("sampling", "random").unwrap();
        copy.set("state", "reset").unwrap();
        for setting in &SETTINGS {
            copy.set(setting.key, &book.get(setting.key).unwrap()).unwrap();
        }
        assert_eq!(copy, book);
    }

    #[test]
    fn a_bad_value_is_named_and_changes_nothing() {
        for (key, text) in [
            ("hidden", "0"),
            ("hidden", "-3"),
            ("hidden", "many"),
            ("batch", ""),
            ("steps", "1e3"),
            ("epochs", "2.5"),
            ("lr", "0"),
            ("lr", "nan"),
            ("lr", "inf"),
            ("clip", "-1"),
            ("tokens", "2"),
            ("sampling", "Random"),
            ("state", "keep"),
            ("seed", "4294967296"),
            ("cleaning", "Book"),
            ("kinds", "1"),
            ("validation", "-1"),
            ("colour", "red"),
        ] {
            let mut config = Config::default();
            let error = config.set(key, text).unwrap_err();
            assert_eq!(error.key(), key);
            assert!(error.to_string().contains(key), "{error}");
            assert_eq!(config, Config::default());
        }
    }

    #[test]
    fn random_sampling_needs_a_reset_state() {
        let random = Config { sampling: Sampling::Random, ..Config::default() };
        assert_eq!(random.check(), Err(SettingError::RandomCarry));
        assert_eq!(Config { state: StateMode::Reset, ..random }.check(), Ok(()));
    }
}
