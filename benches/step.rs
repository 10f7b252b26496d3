//! Speed of the book's settings on this machine's GPU and CPU: whole training steps, and prediction.
//!
//! Usage: `cargo bench --bench step`

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

use time_traveller::engine::{Device, Engine};
use time_traveller::gpu::Gpu;
use time_traveller::kernels::{self, LIBRARY};
use time_traveller::model::{Cursor, Hyperparameters, StateAt};
use time_traveller::model::{Minibatch, Sizes};
use time_traveller::network::{Parameters, Setup};

const BOOK: Sizes = Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 };
const MINIBATCHES: usize = 8;
const REPEATS: usize = 5;
const CHARACTERS: usize = 200;

fn main() {
    pollster::block_on(bench()).unwrap_or_else(|error| panic!("{error}"));
}

async fn bench() -> time_traveller::Result<()> {
    bench_on(&Device::gpu(&Gpu::open().await?, BOOK)).await?;
    bench_on(&Device::cpu()).await
}

async fn bench_on(device: &Device) -> time_traveller::Result<()> {
    let hyperparameters = Hyperparameters { learning_rate: 1.0, clip: 1.0 };
    let network = kernels::network(BOOK);
    let parameters = &Parameters::init(network, 1);
    let setup = Setup { network, library: LIBRARY, minibatches: MINIBATCHES, hyperparameters, parameters };
    let mut engine = Engine::new(device, &setup).await?;
    print(format_args!("{}, {:.1} MB", device.name(), engine.bytes() as f64 / 1e6));
    let ids = |shift: usize| (0..BOOK.positions()).map(|i| ((i * 7 + shift) % BOOK.vocabulary) as u32).collect();
    let minibatch = Minibatch { inputs: ids(0), targets: ids(7) };

    let (mut training, mut generating) = (Vec::new(), Vec::new());
    for _ in 0..=REPEATS {
        let start = Instant::now();
        let mut run = Cursor::new(MINIBATCHES);
        while !run.is_submitted() {
            engine.advance(&mut run, |_| (minibatch.clone(), StateAt::Carried)).await?;
        }
        engine.finish(&mut run).await?;
        training.push(start.elapsed().as_secs_f64() / MINIBATCHES as f64);
        let start = Instant::now();
        engine.generate(&[1], CHARACTERS).await?;
        generating.push(start.elapsed().as_secs_f64());
    }
    // The first of each is warm-up.
    let (step, sample) = (median(&mut training[1..]), median(&mut generating[1..]));
    print(format_args!("a minibatch: {:.1} ms, {:.0} tokens/s", step * 1e3, BOOK.positions() as f64 / step));
    print(format_args!("{CHARACTERS} characters: {:.1} ms, {:.2} minibatches", sample * 1e3, sample / step));
    Ok(())
}

/// Prints a line, if anybody reads it.
fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
