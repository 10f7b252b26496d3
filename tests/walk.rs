//! Random commands at random moments, and devices that are lost in between: every request is answered once, no run
//! emits events after another has started, and the trainer never hangs.

#![cfg(not(target_arch = "wasm32"))]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use time_traveller::engine::Devices;
use time_traveller::gpu::Gpu;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, Hyperparameters, Pick, StartFrom, Stretch};
use time_traveller::text::Text;
use time_traveller::train::{Checkpoint, Texts, Trainer};

/// The number of commands of a walk; the environment variable `WALK_ACTIONS` sets another.
const ACTIONS: u32 = 300;

fn actions() -> u32 {
    std::env::var("WALK_ACTIONS").map_or(ACTIONS, |actions| actions.parse().expect("WALK_ACTIONS is a number"))
}

/// The newest device, and the newest checkpoint.
#[derive(Default)]
struct Shared {
    device: Mutex<Option<wgpu::Device>>,
    file: Mutex<Option<Vec<u8>>>,
}

fn config(rng: &mut Xoshiro256PlusPlus) -> Config {
    let engine = if rng.random_bool(0.5) { EngineChoice::Gpu } else { EngineChoice::Cpu };
    let hidden = if rng.random_bool(0.1) { 0 } else { 8 };
    Config { hidden, batch: 4, steps: 5, epochs: rng.random_range(1..40), tokens: 150, engine, ..Config::default() }
}

fn stretch(rng: &mut Xoshiro256PlusPlus) -> Stretch {
    [Stretch::Minibatch, Stretch::Epoch, Stretch::Whole][rng.random_range(0..3)]
}

/// A random command.
fn command(rng: &mut Xoshiro256PlusPlus, number: u32, shared: &Shared) -> Command {
    let prefix = ["time", "t", "", "zz top"][rng.random_range(0..4)].to_owned();
    match rng.random_range(0..20) {
        0..2 => {
            let checkpoint = shared.file.lock().unwrap().clone().filter(|_| rng.random_bool(0.5));
            let beginning = StartFrom { checkpoint, ..StartFrom::default() };
            Command::Train { run: number, config: config(rng), prefix, beginning, stretch: stretch(rng) }
        }
        2..4 => Command::Pause,
        4..9 => Command::Resume { stretch: stretch(rng) },
        9..11 => {
            let learning_rate = [0.5, 1.0, 0.0, 1000.0][rng.random_range(0..4)];
            Command::SetHyperparameters {
                hyperparameters: Hyperparameters { learning_rate, clip: [1.0, 1e9][rng.random_range(0..2)] },
            }
        }
        11 => Command::Reset,
        12..14 => Command::Checkpoint { request: number },
        14 => {
            let file = shared.file.lock().unwrap().clone().unwrap_or_default();
            Command::Examine { request: number, file }
        }
        15 => Command::SamplePrefix { prefix },
        _ => {
            let pick = Pick::Sampled { temperature: 1.0, top_k: rng.random_range(0..9), seed: number };
            Command::Generate { request: number, prefix, length: rng.random_range(0..20), pick, config: config(rng) }
        }
    }
}

/// Sends commands at random moments, and loses the device now and then; returns the commands.
fn wander(seed: u64, sender: &UnboundedSender<Command>, shared: &Shared) -> Vec<Command> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut sent = Vec::new();
    for number in 1..=actions() {
        if rng.random_bool(0.02)
            && let Some(device) = &*shared.device.lock().unwrap()
        {
            device.destroy();
        }
        sent.push(command(&mut rng, number, shared));
        if sender.unbounded_send(sent[sent.len() - 1].clone()).is_err() {
            break;
        }
        if rng.random_bool(0.8) {
            thread::sleep(Duration::from_micros(rng.random_range(0..40_000)));
        }
    }
    _ = sender.unbounded_send(Command::Reset);
    sent
}

/// The commands and events of a walk.
fn walk(seed: u64) -> (Vec<Command>, Vec<Event>) {
    let shared = Arc::new(Shared::default());
    let (sender, mut commands) = unbounded();
    let for_commands = shared.clone();
    let visitor = thread::spawn(move || wander(seed, &sender, &for_commands));
    let events = Rc::new(RefCell::new(Vec::new()));
    let (heard, for_events, for_devices) = (events.clone(), shared.clone(), shared);
    let emit = move |event: Event| {
        if let Event::Checkpoint { file, .. } = &event {
            *for_events.file.lock().unwrap() = Some(file.clone());
        }
        heard.borrow_mut().push(event);
    };
    pollster::block_on(async {
        let devices = Devices::opened_by(Box::new(move || {
            let shared = for_devices.clone();
            Box::pin(async move {
                let gpu = Gpu::open().await?;
                *shared.device.lock().unwrap() = Some(gpu.device.clone());
                Ok(gpu)
            })
        }));
        let line = "A small clock ticks on the table, and the traveller who built it waits.\n";
        let book = Texts::of_book(Text::new("a test’s", line.repeat(12)));
        Trainer::new(devices.await, book, emit).serve(None, &mut commands).await;
    });
    (visitor.join().unwrap(), events.take())
}

#[test]
fn whatever_is_asked_in_whatever_order_is_answered() {
    for seed in 1..=2 {
        let (commands, events) = walk(seed);
        assert_eq!(events.last(), Some(&Event::Idle), "the last word is the answer to the last reset");
        for command in &commands {
            if let Command::Generate { request: asked, .. }
            | Command::Checkpoint { request: asked }
            | Command::Examine { request: asked, .. } = command
            {
                let answers = events.iter().filter(|event| match event {
                    Event::Generated { request, .. }
                    | Event::Checkpoint { request, .. }
                    | Event::Examined { request, .. }
                    | Event::Refused { request, .. } => request == asked,
                    _ => false,
                });
                assert_eq!(answers.count(), 1, "seed {seed}: {command:?}");
            }
        }
        let set = commands.iter().filter(|command| matches!(command, Command::SetHyperparameters { .. })).count();
        let told = hyperparameters_answered(&commands, &events);
        assert_eq!(told, set, "seed {seed}: hyperparameters");
        check_runs(seed, &events);
        let count = |which: &dyn Fn(&Event) -> bool| events.iter().filter(|event| which(event)).count();
        let epochs = count(&|event| matches!(event, Event::Epochs { .. }));
        let moves = count(&|event| matches!(event, Event::Recovered { .. }));
        println!("seed {seed}: {} events, {epochs} epochs, {moves} moves to another device", events.len());
        assert!(epochs > 0, "seed {seed}: a walk that went nowhere");
    }
}

/// The number of answers to [`Command::SetHyperparameters`], without the events of a run that resumes.
fn hyperparameters_answered(commands: &[Command], events: &[Event]) -> usize {
    let told = |opened: u32| {
        let file = commands.iter().find_map(|command| match command {
            Command::Train { run, beginning, .. } if *run == opened => beginning.checkpoint.as_ref(),
            _ => None,
        });
        Checkpoint::read(file.expect("a run that was opened has a file")).unwrap().hyperparameters.len() - 1
    };
    let answers = events.iter().map(|event| match event {
        Event::HyperparametersSet { .. } | Event::HyperparametersRefused { .. } => 1,
        Event::Opened { run, .. } => -(told(*run) as isize),
        _ => 0,
    });
    answers.sum::<isize>() as usize
}

/// A run's events come between its start and its end or the next run's start, and its epochs in order.
fn check_runs(seed: u64, events: &[Event]) {
    let (mut present, mut epochs) = (None, 0);
    for event in events {
        match event {
            Event::Started { run, .. } => (present, epochs) = (Some(*run), 0),
            Event::Opened { reports, .. } => epochs = reports.len() as u32,
            Event::Epochs { run, reports } => {
                for report in reports {
                    assert_eq!((Some(*run), report.epoch), (present, epochs + 1), "seed {seed}");
                    epochs += 1;
                }
            }
            Event::Idle => present = None,
            Event::Failed { .. } => present = None,
            // The last epoch's report may still be missing, because its sample is not generated yet.
            Event::Recovered { run, epoch, .. } => {
                assert!(Some(*run) == present && (epochs..=epochs + 1).contains(epoch), "seed {seed}: {event:?}");
            }
            Event::Untrained { run, .. }
            | Event::Progress { run, .. }
            | Event::Paused { run }
            | Event::Resumed { run }
            | Event::HyperparametersSet { run, .. }
            | Event::Lost { run, .. }
            | Event::Diverged { run, .. }
            | Event::Finished { run, .. } => assert_eq!(Some(*run), present, "seed {seed}: {event:?}"),
            _ => {}
        }
    }
}
