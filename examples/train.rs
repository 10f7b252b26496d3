//! Trains in a terminal, with the same engines as the page.
//!
//! With `--json` it prints one JSON object a line: for each epoch `epoch, perplexity, loss, grad_norm,
//! tokens_per_second, validation, sample` (`validation` is null if no tokens are held out), and at the end one with
//! `final: true, perplexity, tokens_per_second, device, samples` (`perplexity` is null if no epoch was finished).

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use time_traveller::engine::{Device, Devices};
use time_traveller::kernels::network_of;
use time_traveller::model::Config;
use time_traveller::model::config::{Group, SETTINGS, Sampling, Setting, StateMode, Values};
use time_traveller::network::{Network, parameters_file};
use time_traveller::protocol::{EpochReport, FINAL_PREFIXES, SAMPLE_LENGTH, check_prefix};
use time_traveller::text::{Corpus, Text, edition};
use time_traveller::train::{Checkpoint, EpochResult, Initial, Session, Texts};

/// Trains the book's character RNN on this machine's GPU or CPU.
#[derive(Parser)]
struct Arguments {
    /// The text; by default the one that `cargo xtask text` fetches
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/public/timemachine.txt"))]
    text: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// Initial parameters (w_xh, w_hh, b_h, w_hq, b_q) from a safetensors file, instead of random ones
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// The offset of every epoch's windows, instead of a random one
    #[arg(long, value_name = "N")]
    window_offset: Option<usize>,
    /// The prefix to continue, the first one after each epoch and all at the end; may be given several times
    /// [default: "time traveller" and "traveller"]
    #[arg(long, value_name = "S")]
    prefix: Vec<String>,
    /// Resume from a checkpoint, with its settings; only --epochs and --engine may change
    #[arg(long, value_name = "FILE", conflicts_with_all = ["init", "window_offset"])]
    resume: Option<PathBuf>,
    /// Save a checkpoint here every few epochs and at the end; a crash while saving keeps the previous one
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Epochs from one checkpoint to the next
    #[arg(long, value_name = "N", default_value_t = 10, requires = "checkpoint",
        value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// One JSON object a line instead of a progress bar
    #[arg(long)]
    json: bool,
}

/// The settings given on the command line: keys and values.
struct Settings(Vec<(&'static str, String)>);

/// The settings that may be changed for a run that resumes from a checkpoint.
const OF_A_RESUMED_RUN: [&str; 2] = ["epochs", "engine"];

impl Settings {
    /// The command-line option for a setting.
    fn option(setting: &'static Setting) -> Arg {
        let (name, takes) = match setting.values {
            Values::Whole(min, max) => ("N", format!("{min} to {max}")),
            Values::Positive(max) => ("X", format!("above 0, to {max}")),
            Values::Words(words) => ("WORD", words.join(", ")),
        };
        let about = Config::about(setting.key).unwrap_or_default().trim().trim_end_matches('.').replace('`', "");
        let default = Config::default().get(setting.key).unwrap_or_default();
        let option = Arg::new(setting.key)
            .long(setting.key)
            .aliases(setting.aliases)
            .value_name(name)
            .help(format!("{about} [{takes}] [default: {default}]"))
            .help_heading(match setting.group {
                Group::Network => "Network",
                Group::Training => "Training",
                Group::Text => "Text",
                Group::Start => "Start",
            });
        if OF_A_RESUMED_RUN.contains(&setting.key) { option } else { option.conflicts_with("resume") }
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
    fn config(&self) -> Result<Config, String> {
        let mut config = Config::default();
        self.settings.set(&mut config)?;
        if config.sampling == Sampling::Random && !self.settings.has("state") {
            config.state = StateMode::Reset;
        }
        Ok(config)
    }

    /// The text, cleaned and tokenized by these settings, and the name of its edition.
    fn corpus(&self, config: &Config) -> Result<(Rc<Corpus>, &'static str), String> {
        let name = self.text.display();
        let bytes = std::fs::read(&self.text).map_err(|error| {
            format!("The text {name} can't be read ({error}): name one with --text, or run `cargo xtask text`.")
        })?;
        let edition = edition::identify(&bytes).map_or("an edition of its own", edition::Edition::name);
        let text = Text::own(name.to_string(), &bytes).map_err(sentence)?;
        let corpus = Texts::of_own(text).corpus(config).map_err(sentence)?;
        Ok((corpus, edition))
    }

    fn initial(&self, network: Network) -> Result<Initial, String> {
        let read = |path: &PathBuf| parameters_file::read(&read_file(path)?, network).map_err(sentence);
        Ok(Initial { parameters: self.init.as_ref().map(read).transpose()?, window_offset: self.window_offset })
    }

    /// The checkpoint to resume from, with the settings that may be changed.
    fn resumed(&self) -> Result<Option<Checkpoint>, String> {
        let Some(path) = &self.resume else { return Ok(None) };
        let mut checkpoint = Checkpoint::read(&read_file(path)?).map_err(sentence)?;
        let mut config = checkpoint.config;
        self.settings.set(&mut config)?;
        checkpoint = checkpoint.with(&config);
        Ok(Some(checkpoint))
    }

    fn prefixes(&self) -> Vec<String> {
        if self.prefix.is_empty() { FINAL_PREFIXES.map(str::to_owned).to_vec() } else { self.prefix.clone() }
    }
}

fn sentence(error: time_traveller::Error) -> String {
    error.to_string()
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{} can't be read ({error}): name another.", path.display()))
}

/// Replaces a file; the previous one is kept until all of the new one is on the disk.
fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = Path::new(&unfinished);
    let write = || {
        let mut file = std::fs::File::create(unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(unfinished, path)
    };
    write().map_err(|error| {
        format!("The checkpoint {} can't be written ({error}): name another file, or make room.", path.display())
    })
}

/// Reports the progress, as a progress bar or as JSON lines.
enum Report {
    Bar(ProgressBar),
    Json,
}

impl Report {
    fn start(arguments: &Arguments, config: &Config, edition: &str, device: &str) -> Self {
        if arguments.json {
            return Self::Json;
        }
        println!(
            "{} tokens of {} ({edition}), {} hidden units, on {device}",
            config.tokens,
            arguments.text.display(),
            config.hidden
        );
        let style = ProgressStyle::with_template("{bar:30} epoch {pos}/{len}, {eta} left, {msg}");
        Self::Bar(ProgressBar::new(config.epochs.into()).with_style(style.expect("the template is well-formed")))
    }

    fn epoch(&self, result: &EpochResult, sample: &str) {
        let EpochResult { epoch, loss, perplexity, tokens_per_second, validation, .. } = *result;
        let grad_norm = result.grad_norms.last();
        match self {
            Self::Bar(bar) => {
                // The bar's own println prints nothing without a terminal.
                let held_out = validation.map(|held_out| format!("  held out {held_out:>7.3}")).unwrap_or_default();
                bar.suspend(|| {
                    println!(
                        "epoch {epoch:>4}  perplexity {perplexity:>7.3}{held_out}  {tokens_per_second:>8.0} tokens/s  \
                         {sample}"
                    );
                });
                bar.set_message(format!("perplexity {perplexity:.3}, {tokens_per_second:.0} tokens/s"));
                bar.set_position(epoch.into());
            }
            Self::Json => print_line(&json!({
                "epoch": epoch, "perplexity": perplexity, "loss": loss, "grad_norm": grad_norm,
                "tokens_per_second": tokens_per_second, "validation": validation, "sample": sample,
            })),
        }
    }

    fn finish(&self, perplexity: f64, tokens_per_second: f64, device: &str, samples: &[(String, String)]) {
        match self {
            Self::Bar(bar) => {
                bar.abandon();
                println!("perplexity {perplexity:.3}, {tokens_per_second:.0} tokens/s on {device}");
                for (_, text) in samples {
                    println!("{text}");
                }
            }
            Self::Json => {
                let samples: serde_json::Map<_, _> =
                    samples.iter().map(|(prefix, text)| (prefix.clone(), json!(text))).collect();
                print_line(&json!({
                    "final": true, "perplexity": perplexity, "tokens_per_second": tokens_per_second,
                    "device": device, "samples": samples,
                }));
            }
        }
    }
}

/// Prints a line and flushes it; exits quietly if the reader has closed the pipe.
fn print_line(line: &serde_json::Value) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// The session for the arguments, the reports of its finished epochs, its device and its text's edition.
struct Opened {
    session: Session,
    config: Config,
    reports: Vec<EpochReport>,
    device: Device,
    edition: &'static str,
}

async fn open(arguments: &Arguments) -> Result<Opened, String> {
    let resumed = arguments.resumed()?;
    let config = resumed.as_ref().map_or_else(|| arguments.config(), |checkpoint| Ok(checkpoint.config))?;
    config.check().map_err(|error| error.to_string())?;
    let (corpus, edition) = arguments.corpus(&config)?;
    let network = network_of(&config, corpus.vocabulary.size());
    let initial = arguments.initial(network)?;
    let race = Devices::open().await.choose(config.engine, network).await.map_err(sentence)?;
    for lap in &race.laps {
        let speed = lap.tokens_per_second.map_or("not timed".to_owned(), |speed| format!("{speed:.0} tokens/s"));
        eprintln!("race: {}: {speed}", lap.name);
    }
    let session = match &resumed {
        Some(checkpoint) => Session::from_checkpoint(&race.winner, &corpus, checkpoint).await,
        None => Session::from_initial(&race.winner, &corpus, config, initial).await,
    };
    let reports = resumed.map_or_else(Vec::new, |checkpoint| checkpoint.reports);
    Ok(Opened { session: session.map_err(sentence)?, config, reports, device: race.winner, edition })
}

async fn train(arguments: &Arguments) -> Result<(), String> {
    let prefixes = arguments.prefixes();
    prefixes.iter().try_for_each(|prefix| check_prefix(prefix)).map_err(sentence)?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed)).map_err(|error| error.to_string())?;

    let Opened { mut session, config, mut reports, device, edition } = open(arguments).await?;
    let device = device.name();
    let report = Report::start(arguments, &config, edition, &device);
    while !session.is_finished() && !stop.load(Ordering::Relaxed) {
        if let Some(result) = session.advance().await.map_err(sentence)? {
            let sample = session.sample(&prefixes[0], SAMPLE_LENGTH as usize).await.map_err(sentence)?;
            report.epoch(&result, &sample.text);
            reports.push(result.report(sample));
            let is_due = session.epoch() % arguments.every == 0;
            if let Some(path) = arguments.checkpoint.as_ref().filter(|_| is_due) {
                save(path, &session.checkpoint(&reports).write())?;
            }
        }
    }
    let mut samples = Vec::new();
    for prefix in prefixes {
        let sample = session.sample(&prefix, SAMPLE_LENGTH as usize).await.map_err(sentence)?;
        samples.push((prefix, sample.text));
    }
    let perplexity = reports.last().map_or(f64::NAN, |last| last.perplexity);
    report.finish(perplexity, session.tokens_per_second(), &device, &samples);
    if let Some(path) = &arguments.checkpoint {
        save(path, &session.checkpoint(&reports).write())?;
    }
    Ok(())
}

fn main() {
    if let Err(error) = pollster::block_on(train(&Arguments::parse())) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
