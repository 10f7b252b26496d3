//! The engine in a dedicated worker of a real browser: every kernel against its oracle through the browser's own
//! shader compiler, and a run from commands to events.

#![cfg(target_arch = "wasm32")]

#[path = "common/kernels.rs"]
mod kernels;

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::unbounded;
use time_traveller::engine::Devices;
use time_traveller::gpu::Gpu;
use time_traveller::gpu::tile::Tile;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Beginning, Command, Event, Stretch};
use time_traveller::text::Corpus;
use time_traveller::train::Trainer;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The adapter; without one the test fails and says what helps.
async fn gpu() -> Gpu {
    Gpu::open().await.unwrap_or_else(|error| panic!("{error}"))
}

#[wasm_bindgen_test]
async fn every_kernel_agrees_with_its_oracle() {
    let gpu = gpu().await;
    for tile in [Tile::ALL[0], Tile::ALL[3]] {
        for case in kernels::cases() {
            kernels::check_training_step(&gpu, &case.with_tile(tile)).await;
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

/// All events of a run of three epochs.
async fn run(seed: u32, engine: EngineChoice) -> Vec<Event> {
    let text = "the quick brown fox jumps over the lazy dog\n".repeat(20);
    let events = Rc::new(RefCell::new(Vec::new()));
    let heard = events.clone();
    let mut trainer =
        Trainer::new(Devices::with(Ok(gpu().await)), Corpus::new(&text), move |event| heard.borrow_mut().push(event));
    let config = Config { hidden: 16, batch: 4, steps: 8, epochs: 3, tokens: 600, seed, engine, ..Config::default() };
    let (sender, mut commands) = unbounded();
    let (beginning, stretch) = (Beginning::default(), Stretch::Whole);
    sender.unbounded_send(Command::Train { run: 7, config, prefix: "the".to_owned(), beginning, stretch }).unwrap();
    drop(sender);
    trainer.serve(None, &mut commands).await.unwrap();
    events.take()
}

/// Perplexity of each epoch, bit by bit.
fn curve(events: &[Event]) -> Vec<(u32, u64)> {
    let reports = events.iter().filter_map(|event| match event {
        Event::Epoch { run: 7, report } => Some((report.epoch, report.perplexity.to_bits())),
        _ => None,
    });
    reports.collect()
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
async fn a_seed_names_a_run_to_the_last_bit() {
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let [one, again, other] =
            [run(1, engine).await, run(1, engine).await, run(2, engine).await].map(|events| curve(&events));
        assert_eq!(one, again);
        assert_ne!(one, other);
    }
}
