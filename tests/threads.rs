//! The CPU engine on several threads: a seed names a run, however many there are.

#![cfg(not(target_arch = "wasm32"))]

use std::rc::Rc;

use pollster::block_on;
use time_traveller::cpu::Cores;
use time_traveller::engine::Device;
use time_traveller::model::config::{Cell, OptimizerChoice, Sampling, StateMode, Style};
use time_traveller::model::{Config, Pick};
use time_traveller::protocol::{Continuation, EpochReport};
use time_traveller::text::Corpus;
use time_traveller::train::{Checkpoint, Session};

const THREADS: [usize; 3] = [2, 3, 7];

const LINE: &str =
    "A small clock ticks on the table, and the traveller who built it waits for the time to come again.\n";

/// Every cell and style, one to three layers, each optimizer and sampling. Hidden units are no multiple of what a thread
/// takes at once, and gates of one unit are many columns apart.
fn configs() -> Vec<Config> {
    use OptimizerChoice::*;
    let networks = [
        (Cell::Rnn, Style::Scratch, 1, Sgd),
        (Cell::Rnn, Style::Scratch, 3, Sgd),
        (Cell::Rnn, Style::Concise, 2, Momentum),
        (Cell::Gru, Style::Scratch, 2, Sgd),
        (Cell::Gru, Style::Concise, 1, Adam),
        (Cell::Lstm, Style::Scratch, 1, Adam),
        (Cell::Lstm, Style::Concise, 2, Momentum),
    ];
    let common = Config {
        hidden: 150,
        batch: 3,
        steps: 7,
        epochs: 20,
        tokens: 180,
        weight_decay: 1e-3,
        validation: 70,
        ..Config::default()
    };
    let of = |(i, (cell, style, layers, optimizer))| {
        let lr = if optimizer == Sgd { 0.5 } else { 0.01 };
        let (sampling, state) =
            if i % 3 == 1 { (Sampling::Windows, StateMode::Reset) } else { (Sampling::Sequential, StateMode::Carry) };
        Config { cell, style, layers, optimizer, lr, sampling, state, ..common }
    };
    networks.into_iter().enumerate().map(of).collect()
}

fn device(threads: usize) -> Device {
    Device::Cpu(Cores::new(threads))
}

/// Trains to this epoch; returns the reports with all their numbers.
fn train(session: &mut Session, to: u32) -> Vec<EpochReport> {
    let mut reports = Vec::new();
    session.set_sample("the time", 12);
    while session.epoch() < to {
        if let Some(mut result) = block_on(session.advance()).unwrap() {
            let sample = result.sample.take().unwrap();
            reports.push(EpochReport { tokens_per_second: 1.0, ..result.report(sample) });
        }
    }
    reports
}

/// The end of a run: its reports, its parameters with the optimizer's state, an answer with its probabilities.
fn end(session: &mut Session, reports: Vec<EpochReport>) -> (Checkpoint, Continuation) {
    let pick = Pick::Sampled { temperature: 0.8, top_k: 5, seed: 3 };
    let answer = block_on(session.generate("the time", 20, pick)).unwrap();
    (session.checkpoint(reports), answer)
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let corpus = Rc::new(Corpus::new(&LINE.repeat(6)));
    for config in configs() {
        let run = |threads: usize| {
            let mut session = block_on(Session::new(&device(threads), &corpus, config)).unwrap();
            let reports = train(&mut session, config.epochs);
            end(&mut session, reports)
        };
        let one = run(1);
        let reports = &one.0.reports;
        assert!(reports[19].loss < reports[0].loss, "{config:?} learns");
        for threads in THREADS {
            assert!(run(threads) == one, "{threads} threads, {config:?}");
        }
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_threads() {
    let corpus = Rc::new(Corpus::new(&LINE.repeat(6)));
    for config in configs() {
        let mut session = block_on(Session::new(&device(1), &corpus, config)).unwrap();
        let reports = train(&mut session, config.epochs);
        let through = end(&mut session, reports);
        let mut session = block_on(Session::new(&device(3), &corpus, config)).unwrap();
        let mut reports = train(&mut session, 6);
        for (threads, to) in [(2, 13), (7, 20)] {
            let saved = Checkpoint::read(&session.checkpoint(reports.clone()).write()).unwrap();
            session = block_on(Session::from_checkpoint(&device(threads), &corpus, &saved)).unwrap();
            reports.extend(train(&mut session, to));
        }
        assert!(end(&mut session, reports) == through, "{config:?}");
    }
}
