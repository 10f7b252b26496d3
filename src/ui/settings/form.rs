//! The settings form: the text of every field, valid or not, and the configuration that it means.

use crate::model::config::{
    Cleaning, Config, SETTINGS, Sampling, SettingError, StateMode, WINDOW_OFFSET, fields, whole,
};
use crate::model::preset::Preset;
use crate::ui::language::Words;

/// The text in every field, in the order of [`fields`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form(Vec<String>);

impl Default for Form {
    fn default() -> Self {
        Self::from(&Config::default())
    }
}

impl From<&Config> for Form {
    fn from(config: &Config) -> Self {
        Self(fields().map(|s| config.get(s.key).unwrap_or_default()).collect())
    }
}

impl Form {
    /// The text in the field of `key`; empty if there is no such setting.
    pub fn get(&self, key: &str) -> &str {
        fields().position(|s| s.is(key)).map_or("", |i| &self.0[i])
    }

    /// Sets the field of `key` to `text`, if there is such a setting.
    pub fn set(&mut self, key: &str, text: &str) {
        if let Some(i) = fields().position(|s| s.is(key)) {
            text.clone_into(&mut self.0[i]);
        }
    }

    /// Sets the field of `key` to `text` as the visitor does: choosing windows in random order also resets the state.
    pub fn choose(&mut self, key: &str, text: &str) {
        self.set(key, text);
        if key == "sampling" && text != Sampling::Sequential.to_string() {
            self.set("state", "reset");
        }
    }

    /// The configuration.
    ///
    /// # Errors
    /// Every invalid setting, in the order of the fields.
    pub fn config(&self) -> Result<Config, Vec<SettingError>> {
        let mut config = Config::default();
        let mut errors: Vec<SettingError> =
            SETTINGS.iter().filter_map(|s| config.set(s.key, self.get(s.key)).err()).collect();
        if errors.is_empty() {
            errors.extend(config.check().err());
        }
        errors.extend(self.offset_error(config.largest_offset()));
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    /// The settings that are valid, and the book's for the others.
    pub fn valid(&self) -> Config {
        let mut config = Config::default();
        for setting in &SETTINGS {
            _ = config.set(setting.key, self.get(setting.key));
        }
        config
    }

    /// How a text is to be read: its cleaning and the largest vocabulary size.
    pub fn reading(&self) -> (Cleaning, u32) {
        let Config { cleaning, vocab, .. } = self.valid();
        (cleaning, vocab)
    }

    /// The fixed offset of the windows, in tokens; `None` if it is random or not a number.
    pub fn window_offset(&self) -> Option<u32> {
        whole(self.get(WINDOW_OFFSET.key))
    }

    fn offset_error(&self, largest: u32) -> Option<SettingError> {
        let given = self.get(WINDOW_OFFSET.key);
        let good = given.trim().is_empty() || self.window_offset().is_some_and(|offset| offset <= largest);
        (!good).then(|| SettingError::WindowOffset { given: given.to_owned(), largest })
    }

    /// The mode with this sampling and state, if it is one of the three.
    pub fn mode(&self) -> Option<Mode> {
        Mode::ALL.into_iter().find(|m| {
            let (sampling, state) = m.settings();
            self.get("sampling") == sampling.to_string() && self.get("state") == state.to_string()
        })
    }

    /// Sets the sampling and state of `mode`.
    pub fn set_mode(&mut self, mode: Mode) {
        let (sampling, state) = mode.settings();
        self.set("sampling", &sampling.to_string());
        self.set("state", &state.to_string());
    }

    /// The run of the book that these settings are, but for seed, epochs, engine and threads.
    pub fn preset(&self) -> Option<&'static Preset> {
        self.config().ok().filter(|_| self.window_offset().is_none()).and_then(|config| Preset::of(&config))
    }

    /// Sets everything as in a run of the book, random offsets included, except seed, engine and threads.
    pub fn set_preset(&mut self, preset: &Preset) {
        self.set_run(&preset.config());
    }

    /// Sets everything as in a run of these settings, except seed, engine and threads.
    pub fn set_run(&mut self, config: &Config) {
        let kept = ["seed", "engine", "threads"].map(|key| (key, self.get(key).to_owned()));
        *self = Self::from(config);
        kept.iter().for_each(|(key, text)| self.set(key, text));
    }
}

/// The three useful combinations of sampling and hidden state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    First,
    Second,
    Random,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Random];

    /// The mode of these settings.
    pub fn of(config: &Config) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.settings() == (config.sampling, config.state))
    }

    pub fn settings(self) -> (Sampling, StateMode) {
        match self {
            Self::First => (Sampling::Sequential, StateMode::Carry),
            Self::Second => (Sampling::Sequential, StateMode::Reset),
            Self::Random => (Sampling::Random, StateMode::Reset),
        }
    }

    pub fn name(self, w: &Words) -> &'static str {
        match self {
            Self::First => w.mode_first,
            Self::Second => w.mode_second,
            Self::Random => w.mode_random,
        }
    }

    /// A short explanation of the mode.
    pub fn meaning(self, w: &Words) -> &'static str {
        match self {
            Self::First => w.mode_first_meaning,
            Self::Second => w.mode_second_meaning,
            Self::Random => w.mode_random_meaning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::EngineChoice;
    use crate::model::preset::PRESETS;

    #[test]
    fn the_form_of_a_configuration_means_that_configuration() {
        let config = Config { hidden: 7, lr: 0.25, clip: 5.0, seed: u32::MAX, ..Config::default() };
        assert_eq!(Form::from(&config).config(), Ok(config));
    }

    #[test]
    fn every_bad_field_is_named_in_order() {
        let mut form = Form::default();
        form.set("epochs", "");
        form.set("batch", "0");
        let errors = form.config().unwrap_err();
        assert_eq!(errors.iter().map(SettingError::key).collect::<Vec<_>>(), ["batch", "epochs"]);
    }

    #[test]
    fn an_offset_is_one_that_is_drawn_or_none() {
        let mut form = Form::default();
        for (mode, text, offset) in [
            (Mode::First, "", Some(None)),
            (Mode::First, " ", Some(None)),
            (Mode::First, "0", Some(Some(0))),
            (Mode::First, " 35 ", Some(Some(35))),
            (Mode::First, "36", None),
            (Mode::Random, "34", Some(Some(34))),
            (Mode::Random, "35", None),
            (Mode::Second, "-1", None),
            (Mode::Second, "1.5", None),
            (Mode::Second, "first", None),
        ] {
            form.set_mode(mode);
            form.choose("window-offset", text);
            assert_eq!(form.config().map(|_| form.window_offset()).ok(), offset, "{mode:?}, “{text}”");
        }
        let errors = form.config().unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "Window offset (window-offset) is “first”, which is not a whole number from 0 to 35: enter one, or leave it \
             empty for random offsets."
        );
        form.set("hidden", "");
        let keys = form.config().unwrap_err();
        assert_eq!(keys.iter().map(SettingError::key).collect::<Vec<_>>(), ["hidden", "window-offset"]);
    }

    #[test]
    fn modes_set_both_and_are_read_back() {
        for mode in Mode::ALL {
            let mut form = Form::default();
            form.set_mode(mode);
            assert_eq!(form.mode(), Some(mode));
            assert!(form.config().is_ok());
        }
    }

    #[test]
    fn a_preset_sets_everything_and_leaves_seed_and_engine() {
        for preset in &PRESETS {
            let mut form = Form::default();
            for (key, text) in [("hidden", "many"), ("epochs", "3"), ("lr", "0.5"), ("seed", "77"), ("engine", "cpu")] {
                form.set(key, text);
            }
            form.set("state", "kept");
            form.set("window-offset", "0");
            assert_eq!(form.preset(), None);
            form.set_preset(preset);
            assert_eq!(form.config(), Ok(Config { seed: 77, engine: EngineChoice::Cpu, ..preset.config() }));
            assert_eq!((form.window_offset(), form.preset()), (None, Some(preset)));
            form.set("momentum", "0.5");
            assert_eq!(form.preset(), None, "another setting");
        }
    }

    #[test]
    fn choosing_random_resets_and_carrying_it_is_an_error() {
        let mut form = Form::default();
        form.choose("sampling", "random");
        assert_eq!(form.mode(), Some(Mode::Random));
        form.choose("state", "carry");
        assert_eq!(form.mode(), None);
        assert_eq!(form.config(), Err(vec![SettingError::RandomCarry]));
    }
}
