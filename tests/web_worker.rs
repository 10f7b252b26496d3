//! The engines in a dedicated worker of a real browser: every kernel, compiled by the browser, against its oracle, and
//! runs from commands to events.

#![cfg(target_arch = "wasm32")]

#[path = "common/kernels.rs"]
mod kernels;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::unbounded;
use time_traveller::engine::Devices;
use time_traveller::error::Error;
use time_traveller::gpu::Gpu;
use time_traveller::gpu::tile::Tile;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, Hyperparameters, Pick, StartFrom, Stretch};
use time_traveller::text::Text;
use time_traveller::text::fetch::{Limits, fetch};
use time_traveller::train::{Texts, Trainer};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Opens the GPU; without one the test fails and says what helps.
async fn gpu() -> Gpu {
    Gpu::open().await.unwrap_or_else(|error| panic!("{error}"))
}

#[wasm_bindgen_test]
async fn every_kernel_agrees_with_its_oracle() {
    let gpu = gpu().await;
    assert!(gpu.quads, "Chromium’s software adapter has subgroups");
    for tile in [Tile::ALL[0], Tile::ALL[3], Tile::ALL[6], Tile::ALL[7], Tile::ALL[9], Tile::ALL[10]] {
        for case in kernels::cases() {
            kernels::check_training_step(&gpu, &case.with_tile(tile)).await;
        }
    }
    kernels::check_slices(&gpu).await;
}

#[wasm_bindgen_test]
async fn the_kernels_of_every_network_agree_with_their_oracles() {
    let gpu = gpu().await;
    for (i, tile) in [Tile::ALL[6], Tile::ALL[7], Tile::ALL[9], Tile::ALL[10]].into_iter().enumerate() {
        for case in kernels::cases_of_networks().into_iter().skip(i).step_by(4) {
            let case = case.with_tile(tile);
            kernels::check_training_step(&gpu, &case).await;
            kernels::check_generation(&gpu, &case).await;
        }
    }
}

#[wasm_bindgen_test]
async fn a_norm_at_the_threshold_is_not_clipped() {
    kernels::check_clip_at_the_threshold(&gpu().await).await;
}

#[wasm_bindgen_test]
async fn generation_agrees_with_its_oracle() {
    let gpu = gpu().await;
    for case in kernels::cases() {
        kernels::check_generation(&gpu, &case).await;
    }
}

fn book(text: String) -> Texts {
    Texts::of_book(Text::new("a test’s", text))
}

/// The events of a run of three epochs.
async fn run(seed: u32, engine: EngineChoice) -> Vec<Event> {
    let text = "the quick brown fox jumps over the lazy dog\n".repeat(20);
    let events = Rc::new(RefCell::new(Vec::new()));
    let heard = events.clone();
    let mut trainer = Trainer::new(Devices::open().await, book(text), move |event| heard.borrow_mut().push(event));
    let config = Config { hidden: 16, batch: 4, steps: 8, epochs: 3, tokens: 600, seed, engine, ..Config::default() };
    let (sender, mut commands) = unbounded();
    let (beginning, stretch) = (StartFrom::default(), Stretch::Whole);
    sender.unbounded_send(Command::Train { run: 7, config, prefix: "the".to_owned(), beginning, stretch }).unwrap();
    drop(sender);
    trainer.serve(None, &mut commands).await;
    events.take()
}

/// The perplexity of each epoch.
fn curve(events: &[Event]) -> Vec<(u32, f64)> {
    let reports = events.iter().filter_map(|event| match event {
        Event::Epochs { run: 7, reports } => Some(reports),
        _ => None,
    });
    reports.flatten().map(|report| (report.epoch, report.perplexity)).collect()
}

#[wasm_bindgen_test]
async fn a_run_goes_from_command_to_events() {
    for engine in [EngineChoice::Auto, EngineChoice::Gpu, EngineChoice::Cpu] {
        let events = run(1, engine).await;
        assert_eq!(curve(&events).iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(matches!(events.last(), Some(Event::Finished { run: 7, .. })), "{:?}", events.last());
    }
}

#[wasm_bindgen_test]
async fn a_seed_determines_a_run_bitwise() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let [one, again, other] =
            [run(1, engine).await, run(1, engine).await, run(2, engine).await].map(|events| curve(&events));
        assert_eq!(one, again);
        assert_ne!(one, other);
    }
}

#[wasm_bindgen_test]
async fn both_engines_train_the_same_network() {
    let [gpu, cpu] = [run(1, EngineChoice::Gpu).await, run(1, EngineChoice::Cpu).await].map(|events| curve(&events));
    assert_eq!(gpu.len(), 3);
    for ((epoch, gpu), (_, cpu)) in gpu.into_iter().zip(cpu) {
        assert!((gpu - cpu).abs() < 1e-4 * cpu, "epoch {epoch}: {gpu} on the GPU, {cpu} on the CPU");
    }
}

/// A single minibatch, a change of hyperparameters and a request, all while a run is under way.
#[wasm_bindgen_test]
async fn a_run_obeys_commands_while_it_trains() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let text = "the quick brown fox jumps over the lazy dog\n".repeat(20);
        let config = Config { hidden: 16, batch: 4, steps: 8, epochs: 3, tokens: 600, engine, ..Config::default() };
        let (sender, mut commands) = unbounded();
        let train = |stretch| {
            let (prefix, beginning) = ("the".to_owned(), StartFrom::default());
            Command::Train { run: 7, config, prefix, beginning, stretch }
        };
        sender.unbounded_send(train(Stretch::Minibatch)).unwrap();
        let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 0.25 };
        let pick = Pick::Sampled { temperature: 0.8, top_k: 4, seed: 3 };
        let events = Rc::new(RefCell::new(Vec::new()));
        let (heard, mut sender) = (events.clone(), Some(sender));
        let emit = move |event: Event| {
            if let Event::Paused { .. } = event
                && let Some(sender) = sender.take()
            {
                let ask = Command::Generate { request: 1, prefix: "fox".to_owned(), length: 9, pick, config };
                for command in
                    [Command::SetHyperparameters { hyperparameters }, ask, Command::Resume { stretch: Stretch::Whole }]
                {
                    sender.unbounded_send(command).unwrap();
                }
            }
            heard.borrow_mut().push(event);
        };
        Trainer::new(Devices::open().await, book(text.clone()), emit).serve(None, &mut commands).await;
        let events = events.take();
        assert!(
            events.contains(&Event::HyperparametersSet { run: 7, epoch: 0, minibatch: 1, hyperparameters }),
            "{events:?}"
        );
        let answer = events.iter().find_map(|event| match event {
            Event::Generated { request: 1, continuation } => Some(continuation),
            _ => None,
        });
        let answer = answer.unwrap_or_else(|| panic!("{events:?}"));
        assert!(answer.written.len() == 9 && answer.written.iter().all(|written| written.surprise > 0.0), "{answer:?}");
        assert!(matches!(events.last(), Some(Event::Finished { run: 7, .. })), "{:?}", events.last());
    }
}

/// Fetches from the tests' server, from another origin without CORS, and from addresses without a server.
#[wasm_bindgen_test]
async fn texts_are_fetched_within_limits_and_each_failure_is_named() {
    let origin = js_sys::eval("location.origin").unwrap().as_string().unwrap();
    let here = format!("{origin}/wasm-bindgen-test.js");
    let limits = Limits::default();
    let file = fetch(&here, limits).await.unwrap();
    assert!(!file.is_empty());
    let exact = Limits { bytes: file.len(), ..limits };
    assert_eq!(fetch(&here, exact).await.unwrap(), file);
    let fewer = Limits { bytes: file.len() - 1, ..limits };
    assert!(matches!(fetch(&here, fewer).await, Err(Error::TextTooLarge { .. })));
    let slow = fetch(&here, Limits { seconds: 0, ..limits }).await;
    assert_eq!(slow, Err(Error::AddressSlow { address: here.clone(), seconds: 0 }));
    let missing = format!("{origin}/no/such/text");
    assert_eq!(fetch(&missing, limits).await, Err(Error::AddressAnswers { address: missing.clone(), status: 404 }));
    let other = here.replace("127.0.0.1", "localhost");
    for unreachable in [other, "http://127.0.0.1:1/".into(), "https://no-such-host.invalid/x".into()] {
        assert_eq!(fetch(&unreachable, limits).await, Err(Error::AddressUnreachable(unreachable.clone())));
    }
    for bad in ["", "x.txt", "/x.txt", "//x/y", "data:text/plain,a", "blob:x", "ftp://x/y", "file:///x", "javascript:1"]
    {
        assert_eq!(fetch(bad, limits).await, Err(Error::NotAnAddress(bad.into())));
    }
}
