//! The command line.

use std::path::PathBuf;
use std::rc::Rc;

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser};
use time_traveller::model::config::{Group, SETTINGS, Sampling, Setting, StateMode, Values};
use time_traveller::model::preset::{PRESETS, Preset};
use time_traveller::model::{Config, Hyperparameters};
use time_traveller::network::{Network, parameters_file};
use time_traveller::protocol::FINAL_PREFIXES;
use time_traveller::text::{Corpus, Text, edition};
use time_traveller::train::{Checkpoint, Initial, Texts};

use crate::{files, sentence};

/// Trains the book's character networks on this machine's GPU or CPU.
#[derive(Parser)]
pub struct Arguments {
    /// The text; by default the one that `cargo xtask text` fetches
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/public/timemachine.txt"))]
    pub text: PathBuf,
    /// The settings of one of the book's runs, which other options change
    #[arg(long, value_name = "NAME", conflicts_with = "resume",
        value_parser = clap::builder::PossibleValuesParser::new(PRESETS.iter().map(|preset| preset.key)))]
    preset: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Initial parameters from a safetensors file, by the names of the book or of PyTorch, instead of random ones
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// The offset of every epoch's windows, instead of a random one
    #[arg(long, value_name = "N")]
    window_offset: Option<usize>,
    /// The prefix to continue, the first one after each epoch and all at the end; may be given several times
    /// [default: "time traveller" and "traveller"]
    #[arg(long, value_name = "S")]
    prefix: Vec<String>,
    /// Resume from a checkpoint, with its settings; only --epochs, --engine, --threads, --lr and --clip may change
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Save a checkpoint here every few epochs and at the end; a crash while saving keeps the previous one
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// Epochs from one checkpoint to the next
    #[arg(long, value_name = "N", default_value_t = 10, requires = "checkpoint",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub every: u32,
    /// One JSON object a line instead of a progress bar
    #[arg(long)]
    pub json: bool,
}

/// The settings given on the command line: keys and values.
struct Settings(Vec<(&'static str, String)>);

/// The settings that may be changed for a run that resumes from a checkpoint.
const OF_A_RESUMED_RUN: [&str; 5] = ["epochs", "engine", "threads", "lr", "clip"];

/// A run to resume: its checkpoint with the number of epochs, the engine and the threads that were given, and the hyperparameters with
/// which it goes on.
pub struct Resumed {
    pub checkpoint: Checkpoint,
    pub hyperparameters: Hyperparameters,
}

impl Settings {
    /// The command-line option for a setting.
    fn option(setting: &'static Setting) -> Arg {
        let (name, takes) = match setting.values {
            Values::Whole(min, max) => ("N", format!("{min} to {max}")),
            Values::Positive(max) => ("X", format!("above 0, to {max}")),
            Values::NotNegative(max) => ("X", format!("0 to {max}")),
            Values::AutoOr(max) => ("N", format!("auto, or 1 to {max}")),
            Values::Words(words) => ("WORD", words.join(", ")),
        };
        let about = Config::about(setting.key).unwrap_or_default().trim().trim_end_matches('.').replace('`', "");
        let default = Config::default().get(setting.key).unwrap_or_default();
        Arg::new(setting.key)
            .long(setting.key)
            .aliases(setting.aliases)
            .value_name(name)
            .help(format!("{about} [{takes}] [default: {default}]"))
            .help_heading(match setting.group {
                Group::Network => "Network",
                Group::Training => "Training",
                Group::Text => "Text",
                Group::Start => "Start",
            })
    }

    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|given| given.0 == key)
    }

    fn set(&self, config: &mut Config) -> Result<(), String> {
        self.0.iter().try_for_each(|(key, value)| config.set(key, value)).map_err(|error| error.to_string())
    }
}

impl Args for Settings {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(SETTINGS.iter().map(Self::option))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &Setting| Some((setting.key, matches.get_one::<String>(setting.key)?.clone()));
        Ok(Self(SETTINGS.iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Arguments {
    /// The settings of a new run.
    ///
    /// # Errors
    /// A sentence, if a setting is wrong.
    pub fn config(&self) -> Result<Config, String> {
        let preset = self.preset.as_deref().and_then(Preset::named);
        let mut config = preset.map_or_else(Config::default, Preset::config);
        self.settings.set(&mut config)?;
        if config.sampling != Sampling::Sequential && !self.settings.has("state") {
            config.state = StateMode::Reset;
        }
        Ok(config)
    }

    /// The text, cleaned and tokenized by these settings, and the name of its edition.
    ///
    /// # Errors
    /// A sentence, if the text can't be used.
    pub fn corpus(&self, config: &Config) -> Result<(Rc<Corpus>, &'static str), String> {
        let name = self.text.display();
        let bytes = std::fs::read(&self.text).map_err(|error| {
            format!("The text {name} can't be read ({error}): name one with --text, or run `cargo xtask text`.")
        })?;
        let edition = edition::identify(&bytes).map_or("an edition of its own", edition::Edition::name);
        let text = Text::own(name.to_string(), &bytes).map_err(sentence)?;
        let corpus = Texts::of_own(text).corpus(config).map_err(sentence)?;
        Ok((corpus, edition))
    }

    /// What a new run starts from.
    ///
    /// # Errors
    /// A sentence, if the file can't be used.
    pub fn initial(&self, network: Network) -> Result<Initial, String> {
        let read = |path: &PathBuf| parameters_file::read(&files::read(path)?, network).map_err(sentence);
        Ok(Initial { parameters: self.init.as_ref().map(read).transpose()?, window_offset: self.window_offset })
    }

    /// The run to resume, if there is one.
    ///
    /// # Errors
    /// A sentence, if the file can't be used, or an option would change what a run keeps.
    pub fn resumed(&self) -> Result<Option<Resumed>, String> {
        let Some(path) = &self.resume else { return Ok(None) };
        let checkpoint = Checkpoint::read(&files::read(path)?).map_err(sentence)?;
        let mut config = checkpoint.config;
        self.settings.set(&mut config)?;
        if let Some(key) = self.changed(&config, &checkpoint) {
            return Err(format!(
                "A run that resumes keeps what it began with: leave out --{key}, or start a new run without --resume \
                 (--epochs, --engine, --threads, --lr and --clip may change)."
            ));
        }
        let mut hyperparameters = checkpoint.hyperparameters.last().expect("the first is at epoch 0").1;
        if self.settings.has("lr") {
            hyperparameters.learning_rate = config.lr;
        }
        if self.settings.has("clip") {
            hyperparameters.clip = config.clip;
        }
        Ok(Some(Resumed { checkpoint: checkpoint.with(&config), hyperparameters }))
    }

    /// The first option that would change what a run keeps.
    fn changed(&self, config: &Config, checkpoint: &Checkpoint) -> Option<&'static str> {
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| !OF_A_RESUMED_RUN.contains(key));
        let mut changed = keys.filter(|key| config.get(key) != checkpoint.config.get(key));
        let offset = checkpoint.window_offset.map(|offset| offset as usize);
        let moved = self.window_offset.is_some_and(|given| Some(given) != offset);
        changed.next().or(self.init.is_some().then_some("init")).or(moved.then_some("window-offset"))
    }

    /// The prefixes to continue.
    pub fn prefixes(&self) -> Vec<String> {
        if self.prefix.is_empty() { FINAL_PREFIXES.map(str::to_owned).to_vec() } else { self.prefix.clone() }
    }
}
