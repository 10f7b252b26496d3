//! Scripts for the trainer: commands, the events to wait for before sending them, and checks of the events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::future::LocalBoxFuture;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use time_traveller::engine::Devices;
use time_traveller::gpu::Gpu;
use time_traveller::kernels::network_of;
use time_traveller::model::Config;
use time_traveller::model::config::{EngineChoice, StateMode};
use time_traveller::network::{Network, Parameters};
use time_traveller::oracle;
use time_traveller::protocol::{
    Command, EpochReport, Event, FinalReport, Hyperparameters, Pick, SAMPLE_LENGTH, Sample, StartFrom, Stretch,
};
use time_traveller::text::sampling::Epoch;
use time_traveller::text::{Corpus, Text};
use time_traveller::train::{Texts, Trainer};

/// How long a script may take before the test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Long enough for several epochs of [`small`], so that a trainer that should be paused but is not is noticed.
pub const A_WHILE: Duration = Duration::from_millis(500);

/// Settings of a network so small that an epoch takes milliseconds.
pub fn small() -> Config {
    Config { hidden: 8, batch: 4, steps: 5, epochs: 6, tokens: 200, engine: EngineChoice::Gpu, ..Config::default() }
}

/// Settings of a run that does not finish within a test.
pub fn endless() -> Config {
    Config { epochs: 100_000, ..small() }
}

/// A line without `j`, `q`, `x` and `z`.
pub const LINE: &str =
    "A small clock ticks on the table, and the traveller who built it waits for the time to come again.\n";

pub fn corpus() -> Corpus {
    Corpus::new(&LINE.repeat(12))
}

pub fn network(config: Config) -> Network {
    network_of(&config, corpus().vocabulary.size())
}

/// A part of a script: commands, and the event after which the next part begins.
pub struct Part {
    /// How long to wait before the commands are sent.
    pub after: Duration,
    pub commands: Vec<Command>,
    pub until: Box<dyn Fn(&Event) -> bool + Send>,
    /// Whether the newest device is lost before the commands are sent.
    pub loses_device: bool,
}

pub fn part(commands: impl Into<Vec<Command>>, until: impl Fn(&Event) -> bool + Send + 'static) -> Part {
    Part { after: Duration::ZERO, commands: commands.into(), until: Box::new(until), loses_device: false }
}

pub fn later(commands: impl Into<Vec<Command>>, until: impl Fn(&Event) -> bool + Send + 'static) -> Part {
    Part { after: A_WHILE, ..part(commands, until) }
}

/// Plays a script to a trainer, ends the commands after the script's last event, and returns all events once the
/// trainer has returned.
///
/// Every part but a late one is sent while the event before it is being emitted, so that the trainer is still busy.
pub fn play(script: impl Into<VecDeque<Part>>) -> Vec<Event> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (tell, told) = mpsc::channel();
    let (script, log) = (script.into(), events.clone());
    let player = thread::spawn(move || {
        let result = pollster::block_on(serve(script, &log));
        _ = tell.send(result.map_err(|error| error.to_string()));
    });
    let outcome = told.recv_timeout(PATIENCE);
    let events = std::mem::take(&mut *events.lock().unwrap_or_else(PoisonError::into_inner));
    match outcome {
        Ok(Ok(left)) => assert_eq!(left, 0, "the trainer returned before the end of the script: {events:#?}"),
        Ok(Err(message)) => panic!("{message}"),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            panic!("not done after {PATIENCE:?}; the last events: {:#?}", { &events[events.len().saturating_sub(5)..] })
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(player.join().unwrap_err()),
    }
    events
}

/// Plays a script; returns the number of parts left when the trainer returned.
pub async fn serve(mut script: VecDeque<Part>, log: &Mutex<Vec<Event>>) -> time_traveller::Result<usize> {
    let opened: Arc<Mutex<Option<wgpu::Device>>> = Arc::default();
    let newest = opened.clone();
    let open = move || -> LocalBoxFuture<'static, time_traveller::Result<Gpu>> {
        let newest = newest.clone();
        Box::pin(async move {
            let gpu = Gpu::open().await?;
            *newest.lock().unwrap() = Some(gpu.device.clone());
            Ok(gpu)
        })
    };
    let devices = Devices::opened_by(Box::new(open)).await;
    devices.gpu.as_ref().map_err(Clone::clone)?;
    let (sender, mut commands) = unbounded();
    send(&sender, script.front().expect("a script has a part"), &opened);
    let mut sender = Some(sender);
    let script_left = &mut script;
    let emit = move |event: Event| {
        if script_left.front().is_some_and(|part| (part.until)(&event)) {
            script_left.pop_front();
            match script_left.front() {
                Some(next) => send(sender.as_ref().expect("there is script left"), next, &opened),
                None => sender = None,
            }
        }
        // Emitted for each network; of interest only after a race.
        if !matches!(&event, Event::Device { race, .. } if race.is_empty()) {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        }
    };
    Trainer::new(devices, Texts::of_book(Text::new("a test’s", LINE.repeat(12))), emit)
        .serve(None, &mut commands)
        .await;
    Ok(script.len())
}

fn send(sender: &UnboundedSender<Command>, part: &Part, opened: &Arc<Mutex<Option<wgpu::Device>>>) {
    let (sender, commands, after) = (sender.clone(), part.commands.clone(), part.after);
    let lost = part.loses_device.then(|| opened.clone());
    let send = move || {
        if let Some(opened) = lost {
            opened.lock().unwrap().as_ref().expect("a device is open").destroy();
        }
        commands.into_iter().for_each(|command| sender.unbounded_send(command).unwrap());
    };
    if after.is_zero() {
        send();
    } else {
        thread::spawn(move || {
            thread::sleep(after);
            send();
        });
    }
}

pub fn train(run: u32, config: Config) -> Command {
    train_from(run, config, StartFrom::default())
}

/// Starts a run that pauses after `stretch`.
pub fn train_some(run: u32, config: Config, stretch: Stretch) -> Command {
    Command::Train { run, config, prefix: "time".to_owned(), beginning: StartFrom::default(), stretch }
}

pub fn train_from(run: u32, config: Config, beginning: StartFrom) -> Command {
    Command::Train { run, config, prefix: "time".to_owned(), beginning, stretch: Stretch::Whole }
}

pub fn generate(request: u32, prefix: &str, config: Config) -> Command {
    Command::Generate { request, prefix: prefix.to_owned(), length: SAMPLE_LENGTH, pick: Pick::Likeliest, config }
}

/// Resumes to the end of the run.
pub fn resume() -> Command {
    Command::Resume { stretch: Stretch::Whole }
}

pub fn finished(event: &Event) -> bool {
    matches!(event, Event::Finished { .. })
}

pub fn failed(event: &Event) -> bool {
    matches!(event, Event::Failed { .. })
}

pub fn paused(event: &Event) -> bool {
    matches!(event, Event::Paused { .. })
}

pub fn idle(event: &Event) -> bool {
    matches!(event, Event::Idle)
}

pub fn epoch(number: u32) -> impl Fn(&Event) -> bool + Copy {
    move |event| matches!(event, Event::Epochs { reports, .. } if reports.iter().any(|report| report.epoch == number))
}

/// That epoch or a later one: on a busy machine it may have been reported while the script waited for something else.
pub fn from_epoch(number: u32) -> impl Fn(&Event) -> bool + Copy {
    move |event| matches!(event, Event::Epochs { reports, .. } if reports.iter().any(|report| report.epoch >= number))
}

pub fn answered(number: u32) -> impl Fn(&Event) -> bool + Copy {
    move |event| match event {
        Event::Generated { request, .. }
        | Event::Inspected { request, .. }
        | Event::Profiled { request, .. }
        | Event::Checkpoint { request, .. }
        | Event::Examined { request, .. }
        | Event::Refused { request, .. } => *request == number,
        _ => false,
    }
}

/// The index of the one event that matches.
#[track_caller]
pub fn the(events: &[Event], which: impl Fn(&Event) -> bool) -> usize {
    let indices: Vec<usize> = (0..events.len()).filter(|&i| which(&events[i])).collect();
    assert_eq!(indices.len(), 1, "one such event was expected among {events:#?}");
    indices[0]
}

#[track_caller]
pub fn generated(events: &[Event], request: u32) -> &Sample {
    match &events[the(events, answered(request))] {
        Event::Generated { continuation, .. } => &continuation.sample,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn final_report(events: &[Event]) -> &FinalReport {
    match &events[the(events, finished)] {
        Event::Finished { report, .. } => report,
        _ => unreachable!(),
    }
}

pub fn reports(events: &[Event]) -> Vec<&EpochReport> {
    let reports = events.iter().filter_map(|event| match event {
        Event::Epochs { reports, .. } => Some(reports),
        _ => None,
    });
    reports.flatten().collect()
}

pub fn numbers(events: &[Event]) -> Vec<u32> {
    reports(events).iter().map(|report| report.epoch).collect()
}

/// The numbers of every epoch, as bits, and every sample: all of a run that does not depend on time.
pub fn outcome(events: &[Event]) -> (Vec<Vec<u64>>, Vec<&Sample>) {
    let reports = reports(events);
    let numbers = |report: &&EpochReport| {
        let norms = report.grad_norms.iter().map(|&norm| f64::from(norm));
        [report.perplexity, report.loss].into_iter().chain(norms).map(f64::to_bits).collect()
    };
    let samples = reports.iter().map(|report| &report.sample).chain(&final_report(events).samples);
    (reports.iter().map(numbers).collect(), samples.collect())
}

/// The number of the run that an event is about.
pub fn run_of(event: &Event) -> Option<u32> {
    match event {
        Event::Started { run, .. }
        | Event::Untrained { run, .. }
        | Event::Opened { run, .. }
        | Event::Progress { run, .. }
        | Event::Epochs { run, .. }
        | Event::Paused { run }
        | Event::Resumed { run }
        | Event::HyperparametersSet { run, .. }
        | Event::Recovered { run, .. }
        | Event::Lost { run, .. }
        | Event::Diverged { run, .. }
        | Event::Finished { run, .. } => Some(*run),
        Event::Failed { run, .. } => *run,
        Event::Ready
        | Event::Text { .. }
        | Event::TextRefused { .. }
        | Event::NoGpu
        | Event::Device { .. }
        | Event::Idle
        | Event::Broken { .. }
        | Event::HyperparametersRefused { .. }
        | Event::Generated { .. }
        | Event::Inspected { .. }
        | Event::Profiled { .. }
        | Event::Paced { .. }
        | Event::Raced { .. }
        | Event::Checkpoint { .. }
        | Event::Examined { .. }
        | Event::Refused { .. } => None,
    }
}

/// A prefix continued by the untrained network of these settings, by the oracle.
pub fn untrained(config: Config, prefix: &str) -> String {
    let vocabulary = corpus().vocabulary;
    let parameters = Parameters::init(network(config), config.seed).cast();
    vocabulary.decode(&oracle::generate(&parameters, &vocabulary.encode(prefix), SAMPLE_LENGTH as usize))
}

/// Compares every epoch's loss and gradient norms with the oracle's in f64, given the hyperparameters of each
/// minibatch.
#[track_caller]
pub fn assert_as_the_oracle(
    events: &[Event],
    config: Config,
    hyperparameters: impl Fn((u32, usize)) -> Hyperparameters,
) {
    let corpus = corpus();
    let mut parameters: Parameters<f64> = Parameters::init(network(config), config.seed).cast();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(config.seed.into());
    rng.long_jump();
    for report in reports(events) {
        let epoch = Epoch::draw(&config, config.tokens as usize, None, &mut rng).unwrap();
        let mut carried: Vec<(String, Vec<f64>)> = Vec::new();
        let (mut loss, mut grad_norms) = (0.0, Vec::new());
        for m in 0..epoch.len() {
            if config.state == StateMode::Reset {
                carried.clear();
            }
            let minibatch = epoch.minibatch(&corpus.tokens, m);
            let Hyperparameters { learning_rate, clip } = hyperparameters((report.epoch - 1, m));
            let states: Vec<_> = carried.iter().map(|(name, state)| (name.as_str(), &state[..])).collect();
            let step = oracle::train(&mut parameters, &states, &minibatch, learning_rate.into(), clip.into());
            carried = network(config).carried().map(|tensor| (tensor.name.clone(), step.last(&tensor.name))).collect();
            loss += step.loss / epoch.len() as f64;
            grad_norms.push(step.grad_norm);
        }
        let name = format!("{}, {}, epoch {}", config.sampling, config.state, report.epoch);
        assert!((report.loss / loss - 1.0).abs() < 1e-4, "{name}: loss {}, by the oracle {loss}", report.loss);
        let same = |(&got, norm): (&f32, &f64)| (f64::from(got) / norm - 1.0).abs() < 1e-3;
        assert!(
            report.grad_norms.len() == grad_norms.len() && report.grad_norms.iter().zip(&grad_norms).all(same),
            "{name}: gradient norms {:?}, by the oracle {grad_norms:?}",
            report.grad_norms
        );
    }
}
