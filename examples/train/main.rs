//! Trains in a terminal, with the same engines as the page.
//!
//! With `--json` it prints one JSON object a line: for each epoch `epoch, perplexity, loss, grad_norm,
//! tokens_per_second, validation, sample` (`validation` is null if no tokens are held out), and at the end one with
//! `final: true, perplexity, tokens_per_second, device, samples` (`perplexity` is null if no epoch was finished).
//!
//! However a run ends, by Ctrl-C, a closed pipe or a divergence, its checkpoint is of its last good epoch; by a lost device,
//! of one that ended at most a tenth of a second, or an epoch, before.

mod arguments;
mod files;
mod keeper;
mod report;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use time_traveller::Error;
use time_traveller::engine::{Device, Devices};
use time_traveller::kernels::network_of;
use time_traveller::model::{Config, Hyperparameters};
use time_traveller::protocol::{Divergence, EpochReport, SAMPLE_LENGTH, check_prefix};
use time_traveller::train::Session;

use arguments::Arguments;
use keeper::Keeper;
use report::Report;

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
    let config = resumed.as_ref().map_or_else(|| arguments.config(), |resumed| Ok(resumed.checkpoint.config))?;
    config.check().map_err(|error| error.to_string())?;
    let (corpus, edition) = arguments.corpus(&config)?;
    let network = network_of(&config, corpus.vocabulary.size());
    let initial = arguments.initial(network)?;
    let race = Devices::open().await.choose(config.engine, config.threads, network).await.map_err(sentence)?;
    for lap in &race.laps {
        let speed = lap.tokens_per_second.map_or("not timed".to_owned(), |speed| format!("{speed:.0} tokens/s"));
        tell(&format!("race: {}: {speed}", lap.name));
    }
    let device = race.winner;
    let Some(resumed) = resumed else {
        let session = Session::from_initial(&device, &corpus, config, initial).await.map_err(sentence)?;
        return Ok(Opened { session, config, reports: Vec::new(), device, edition });
    };
    let arguments::Resumed { checkpoint, hyperparameters } = resumed;
    let mut session = Session::from_checkpoint(&device, &corpus, &checkpoint).await.map_err(sentence)?;
    if checkpoint.hyperparameters.last().is_some_and(|latest| latest.1 != hyperparameters) {
        session.set_hyperparameters(hyperparameters).map_err(sentence)?;
    }
    if session.is_finished() {
        tell(&format!("The run has finished its {} epochs: name more with --epochs to go on.", config.epochs));
    }
    Ok(Opened { session, config, reports: checkpoint.reports, device, edition })
}

/// Why a run ends before its time.
enum End {
    Failed(Error),
    Unwritable(io::Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Unwritable(error)
    }
}

/// A run, and how it is reported and saved.
struct Run<'a> {
    opened: Opened,
    prefixes: Vec<String>,
    keeper: Keeper<'a>,
    stop: Arc<AtomicBool>,
}

impl Run<'_> {
    /// Trains to the end, or until it is told to stop.
    async fn train(&mut self, arguments: &Arguments) -> Result<(), End> {
        let Opened { session, config, reports, device, edition } = &mut self.opened;
        let device = device.name();
        let report = Report::start(arguments.json, config, arguments.text.display(), edition, &device)?;
        session.set_sample(&self.prefixes[0], SAMPLE_LENGTH as usize);
        while !session.is_finished() && !self.stop.load(Ordering::Relaxed) {
            let Some(mut result) = session.advance().await? else { continue };
            let sample = result.sample.take().expect("a sample was asked for");
            reports.push(result.report(sample));
            self.keeper.after_epoch(session, reports).await;
            report.epoch(&reports[reports.len() - 1])?;
        }
        let mut samples = Vec::new();
        for prefix in &self.prefixes {
            let sample = session.sample(prefix, SAMPLE_LENGTH as usize).await?;
            samples.push((prefix.clone(), sample.text));
        }
        let perplexity = reports.last().map_or(f64::NAN, |last| last.perplexity);
        Ok(report.finish(perplexity, session.tokens_per_second(), &device, &samples)?)
    }
}

async fn train(arguments: &Arguments) -> Result<(), String> {
    let prefixes = arguments.prefixes();
    prefixes.iter().try_for_each(|prefix| check_prefix(prefix)).map_err(sentence)?;
    let keeper = Keeper::new(arguments.checkpoint.as_deref(), arguments.every)?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed)).map_err(|error| error.to_string())?;
    let mut run = Run { opened: open(arguments).await?, prefixes, keeper, stop };
    let end = run.train(arguments).await;
    // However it ended, it is saved up to its last good epoch.
    let saved = run.keeper.finish(&mut run.opened.session, &run.opened.reports).await;
    let why = match end {
        Ok(()) => None,
        // Nobody reads on, as in `train | head`.
        Err(End::Unwritable(error)) if error.kind() == io::ErrorKind::BrokenPipe => None,
        Err(End::Unwritable(error)) => Some(format!("The output can't be written ({error}): make room for it.")),
        Err(End::Failed(Error::Diverged(divergence))) => {
            let file = saved.as_ref().ok().copied().flatten();
            Some(advice(&divergence, file, arguments.resume.as_deref()))
        }
        Err(End::Failed(error)) => Some(sentence(error)),
    };
    let wrong: Vec<String> = why.into_iter().chain(saved.err()).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// What to do after a divergence, with the options that do it.
fn advice(divergence: &Divergence, saved: Option<&Path>, resumed: Option<&Path>) -> String {
    let Hyperparameters { learning_rate, clip } = divergence.proposal;
    let resume = saved.or(resumed).map_or(String::new(), |file| format!("--resume {} ", file.display()));
    let how = format!("{resume}--lr {learning_rate} --clip {clip}");
    let how = match saved {
        Some(_) => how,
        None => format!("it is not saved: train again with {how}, and with --checkpoint FILE to go on from there"),
    };
    format!("{} ({how}).", divergence.to_string().trim_end_matches('.'))
}

fn sentence(error: Error) -> String {
    error.to_string()
}

/// Prints a line on stderr, if anybody reads it.
fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

fn main() {
    if let Err(error) = pollster::block_on(train(&Arguments::parse())) {
        tell(&error);
        std::process::exit(1);
    }
}
