//! Where the time of a training step goes on several threads of the CPU, natively: in operations, and at barriers.

use std::fs;
use std::path::Path;

use anyhow::Result;
use end_to_end::print;
use time_traveller::cpu::Cores;
use time_traveller::engine::{Device, time_barriers, time_minibatch};
use time_traveller::kernels::network_of;
use time_traveller::model::Config;
use time_traveller::model::preset::Preset;
use time_traveller::network::Network;

use crate::about::About;

/// The networks, by what they are called; the book's vocabulary has 28 characters.
fn networks() -> Vec<(&'static str, Network)> {
    let of = |config: &Config| network_of(config, 28);
    let preset = |key| of(&Preset::named(key).expect("a run of the book").config());
    vec![
        ("RNN, 64 hidden units", of(&Config { hidden: 64, ..Config::default() })),
        ("RNN, 512 hidden units", preset("rnn")),
        ("LSTM, 256 hidden units", preset("lstm")),
        ("GRU, 256 hidden units", preset("gru")),
    ]
}

/// The numbers of threads.
const THREADS: [usize; 3] = [1, 2, 4];

/// Best of this many, since other load only adds.
const ROUNDS: usize = 5;

/// A network on some threads.
struct Point {
    threads: usize,
    /// Milliseconds of a minibatch.
    minibatch: f64,
    barriers: usize,
    /// Microseconds of a barrier that all reach at once.
    barrier: f64,
}

async fn measure_one(threads: usize, network: Network) -> Result<Point> {
    let cores = Cores::new(threads);
    let (mut minibatch, mut barrier, mut barriers) = (f64::INFINITY, f64::INFINITY, 0);
    for _ in 0..ROUNDS {
        minibatch = time_minibatch(&Device::Cpu(cores.clone()), network).await?.min(minibatch);
        let (count, seconds) = time_barriers(&cores, network).await?;
        (barriers, barrier) = (count, seconds.min(barrier));
    }
    Ok(Point { threads, minibatch: minibatch * 1e3, barriers, barrier: barrier * 1e6 })
}

/// Measures, and writes `scaling.md`.
///
/// # Errors
/// If something can't be measured or written.
pub async fn measure(about: &About, output: &Path) -> Result<()> {
    let mut text = format!(
        "# A training step on several threads\n\n\
         The CPU engine natively, in the book's setting: batch 32, 35 steps. Best of {ROUNDS}. More threads than cores \
         show what a machine does that is busy elsewhere.\n\n{}\n\
         | network | threads | a minibatch, ms | as fast as one | barriers | µs each | at barriers, ms |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        about.markdown(),
    );
    let mut estimates = String::new();
    for (name, network) in networks() {
        eprintln!("» {name}");
        let mut points = Vec::new();
        for threads in THREADS {
            let point = measure_one(threads, network).await?;
            let Point { minibatch, barriers, barrier, .. } = point;
            let faster = points.first().map_or(1.0, |one: &Point| one.minibatch / minibatch);
            let at_barriers = barriers as f64 * barrier / 1e3;
            text += &format!(
                "| {name} | {threads} | {minibatch:.2} | {faster:.2} | {barriers} | {barrier:.1} | {at_barriers:.2} |\n"
            );
            points.push(point);
        }
        estimates += &estimate(name, &points);
    }
    text += &format!(
        "\nEight cores, on paper: with one thread a minibatch takes `s + p`, with two `s + p / 2` and what they take at \
         barriers, from which follow the part `p` that is divided and the part `s` that is not (memory that cores share \
         counts as such). With eight, `s + p / 8` and the same barriers at three times their time (a wait for seven \
         others).\n\n{estimates}"
    );
    fs::create_dir_all(output)?;
    fs::write(output.join("scaling.md"), &text)?;
    print(format_args!("{text}"));
    Ok(())
}

/// What eight cores should give.
fn estimate(name: &str, points: &[Point]) -> String {
    let [one, two] = [&points[0], &points[1]];
    assert_eq!((one.threads, two.threads), (1, 2));
    let at_barriers = two.barriers as f64 * two.barrier / 1e3;
    let alone = (2.0 * (two.minibatch - at_barriers) - one.minibatch).max(0.0);
    let eight = alone + (one.minibatch - alone) / 8.0 + 3.0 * at_barriers;
    format!("- {name}: s {alone:.2} ms; {eight:.2} ms, {:.1} times as fast as one\n", one.minibatch / eight)
}
