//! The book's runs, by chapter: each a list of settings that differ from the book's first run.

use super::config::Config;

/// One of the book's runs.
#[derive(Debug, PartialEq)]
pub struct Preset {
    /// Names it, in words and tests.
    pub key: &'static str,
    /// The settings that differ from [`Config::default`], by their keys.
    settings: &'static [(&'static str, &'static str)],
    /// What all runs of its edition have in common.
    edition: Edition,
    /// Perplexity of the training and the held-out tokens at the end, as the book's English edition publishes them.
    pub published: Option<(f64, f64)>,
}

/// An edition of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The second Chinese edition: 500 epochs over the first 10,000 tokens.
    Chinese,
    /// The English edition, version 1.0: all windows of 32 tokens, 10,000 to train on and the next 5,000 held out.
    English,
}

impl Edition {
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Chinese => &[],
            Self::English => &[
                ("hidden", "32"),
                ("batch", "1024"),
                ("steps", "32"),
                ("epochs", "100"),
                // 32 more than there are windows.
                ("tokens", "10032"),
                ("validation", "5032"),
                ("sampling", "windows"),
                ("state", "reset"),
                ("cleaning", "whole"),
            ],
        }
    }

    /// Its runs, in the order of its chapters.
    pub fn presets(self) -> impl Iterator<Item = &'static Preset> {
        PRESETS.iter().filter(move |preset| preset.edition == self)
    }
}

const fn chinese(key: &'static str, settings: &'static [(&'static str, &'static str)]) -> Preset {
    Preset { key, settings, edition: Edition::Chinese, published: None }
}

const fn english(
    key: &'static str,
    settings: &'static [(&'static str, &'static str)],
    published: (f64, f64),
) -> Preset {
    Preset { key, settings, edition: Edition::English, published: Some(published) }
}

/// The runs of both editions, the book's first run first.
pub static PRESETS: [Preset; 17] = [
    chinese("rnn", &[]),
    chinese("rnn_reset", &[("state", "reset")]),
    chinese("rnn_random", &[("sampling", "random"), ("state", "reset")]),
    chinese("rnn_concise", &[("style", "concise"), ("hidden", "256")]),
    chinese("gru", &[("cell", "gru"), ("hidden", "256")]),
    chinese("gru_concise", &[("cell", "gru"), ("style", "concise"), ("hidden", "256")]),
    chinese("lstm", &[("cell", "lstm"), ("hidden", "256")]),
    chinese("lstm_concise", &[("cell", "lstm"), ("style", "concise"), ("hidden", "256")]),
    chinese("deep_lstm", &[("cell", "lstm"), ("style", "concise"), ("layers", "2"), ("hidden", "256"), ("lr", "2")]),
    english("en_rnn", &[], (6.2, 7.2)),
    english("en_rnn_concise", &[("style", "concise")], (5.9, 7.2)),
    english("en_lstm", &[("cell", "lstm"), ("lr", "4"), ("epochs", "50")], (6.9, 7.4)),
    english("en_lstm_concise", &[("cell", "lstm"), ("style", "concise"), ("lr", "4"), ("epochs", "50")], (5.8, 6.7)),
    english("en_gru", &[("cell", "gru"), ("lr", "4"), ("epochs", "50")], (5.7, 6.7)),
    english("en_gru_concise", &[("cell", "gru"), ("style", "concise"), ("lr", "4"), ("epochs", "50")], (4.9, 6.6)),
    english("en_deep_rnn", &[("layers", "2"), ("lr", "2")], (5.2, 7.0)),
    english("en_deep_gru", &[("cell", "gru"), ("style", "concise"), ("layers", "2"), ("lr", "2")], (4.1, 6.1)),
];

impl Preset {
    /// Its settings.
    pub fn config(&self) -> Config {
        Config::with(self.edition.settings().iter().chain(self.settings))
    }

    /// The run that has these settings, whatever the seed, the number of epochs, the engine and its threads.
    pub fn of(config: &Config) -> Option<&'static Self> {
        let Config { seed, epochs, engine, threads, .. } = *config;
        PRESETS.iter().find(|preset| Config { seed, epochs, engine, threads, ..preset.config() } == *config)
    }

    /// The run of this key.
    pub fn named(key: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_valid_and_known_by_its_settings_alone() {
        for preset in &PRESETS {
            let config = preset.config();
            assert_eq!(config.check(), Ok(()), "{}", preset.key);
            assert_eq!(Preset::of(&Config { seed: 9, epochs: 3, ..config }), Some(preset));
            assert_eq!(Preset::named(preset.key), Some(preset));
            assert_eq!(Preset::of(&Config { hidden: 33, ..config }), None, "{}", preset.key);
        }
        assert_eq!(PRESETS[0].config(), Config::default());
        assert_eq!(Edition::ALL.map(|edition| edition.presets().count()), [9, 8]);
    }
}
