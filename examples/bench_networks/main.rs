//! The book's networks on the CPU engine's one thread and on this machine's GPU or software adapter, and PyTorch on one
//! thread beside them, in turn: `docs/results/networks.md` and `.json`. `cargo xtask bench --networks` builds and runs it.

mod peer;
mod report;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use serde::Serialize;
use time_traveller::engine::{Device, time_minibatch};
use time_traveller::gpu::Gpu;
use time_traveller::kernels::network_of;
use time_traveller::model::preset::{Edition, Preset};
use time_traveller::network::Network;

use crate::peer::Peer;

/// The vocabulary size of the book's text.
const VOCABULARY: usize = 28;

/// Each contestant is measured for so long in a round.
const LAP: Duration = Duration::from_secs(2);

#[derive(Parser)]
#[command(about = "Measures the book's networks on this machine")]
struct Arguments {
    /// Write networks.md and networks.json into this folder, too
    #[arg(long)]
    output: Option<PathBuf>,
    /// The Python whose PyTorch is measured beside
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Rounds, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// A network and its speeds, in tokens per second.
#[derive(Serialize)]
pub struct Row {
    pub preset: &'static str,
    pub gigaflop_per_minibatch: f64,
    pub cpu: f64,
    pub gpu: Option<f64>,
    pub pytorch: Option<f64>,
}

/// Everything that was measured.
#[derive(Serialize)]
pub struct Measured {
    pub cpu: String,
    pub gpu: Option<String>,
    pub pytorch: String,
    pub rounds: usize,
    pub rows: Vec<Row>,
}

fn main() {
    if let Err(error) = pollster::block_on(bench(&Arguments::parse())) {
        let _ = writeln!(io::stderr(), "{error}");
        std::process::exit(1);
    }
}

/// The book's runs that differ in their network.
fn presets() -> Vec<&'static Preset> {
    Edition::Chinese.presets().filter(|preset| !["rnn_reset", "rnn_random"].contains(&preset.key)).collect()
}

async fn bench(arguments: &Arguments) -> Result<(), String> {
    let measured = measure(arguments).await.map_err(|error| error.to_string())?;
    let markdown = report::markdown(&measured);
    // Nobody may read it, as in `bench_networks | head`.
    let _ = io::stdout().write_all(markdown.as_bytes());
    let Some(folder) = &arguments.output else { return Ok(()) };
    let json = serde_json::to_string_pretty(&measured).expect("numbers and names become JSON") + "\n";
    for (name, content) in [("networks.md", markdown), ("networks.json", json)] {
        let path = folder.join(name);
        std::fs::write(&path, content)
            .map_err(|error| format!("{} can't be written ({error}): name another folder.", path.display()))?;
    }
    Ok(())
}

async fn measure(Arguments { python, rounds, .. }: &Arguments) -> time_traveller::Result<Measured> {
    let gpu = Gpu::open().await.ok();
    let (mut cpu_speeds, mut gpu_speeds, mut peers) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=*rounds {
        let _ = writeln!(io::stderr(), "round {round} of {rounds}");
        cpu_speeds.push(speeds(&Device::cpu()).await?);
        if let Some(gpu) = &gpu {
            gpu_speeds.push(speeds_of(|network| Device::gpu(gpu, network.sizes)).await?);
        }
        peers.push(peer::measure(python, LAP));
    }
    let rows = presets().into_iter().enumerate().map(|(i, preset)| {
        let of = |rounds: &[Vec<f64>]| median(rounds.iter().filter_map(|speeds| speeds.get(i).copied()));
        Row {
            preset: preset.key,
            gigaflop_per_minibatch: network(preset).work().flops as f64 / 1e9,
            cpu: of(&cpu_speeds).expect("at least a round"),
            gpu: of(&gpu_speeds),
            pytorch: median(peers.iter().filter_map(|peer| peer.speed(preset.key))),
        }
    });
    Ok(Measured {
        cpu: Device::cpu().name(),
        gpu: gpu.as_ref().map(|gpu| gpu.name.clone()),
        pytorch: peers.iter().map(Peer::name).next().expect("at least a round"),
        rounds: *rounds,
        rows: rows.collect(),
    })
}

fn network(preset: &Preset) -> Network {
    network_of(&preset.config(), VOCABULARY)
}

async fn speeds(device: &Device) -> time_traveller::Result<Vec<f64>> {
    speeds_of(|_| device.clone()).await
}

/// Tokens per second of each network in training steps.
async fn speeds_of(device: impl Fn(&Network) -> Device) -> time_traveller::Result<Vec<f64>> {
    let mut speeds = Vec::new();
    for preset in presets() {
        let network = network(preset);
        let seconds = time_minibatch(&device(&network), network).await?;
        speeds.push(network.sizes.positions() as f64 / seconds);
    }
    Ok(speeds)
}

/// The middle of some numbers; `None` of none.
fn median(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}
