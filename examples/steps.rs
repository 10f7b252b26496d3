//! Reads parameters, a state and successive minibatches from a safetensors file, trains on them with the GPU or the CPU
//! engine, and writes the results.
//!
//! Inputs (f32 unless said otherwise): `w_xh (V, H)`, `w_hh (H, H)`, `b_h (H)`, `w_hq (H, V)`, `b_q (V)`, `h0 (B, H)`,
//! and i32 `inputs`, `targets` `(M, B, T)`; as metadata `lr`, `clip` and `state` (`carry` or `reset`).
//!
//! Results: `losses (M)` in nats, `grad_norms (M)` before clipping, `first.logits (T·B, V)` (row `t·B + b`;
//! not from a GPU that fuses the output layer with the loss),
//! `first.h (T, B, H)`, `first.grad.*` before clipping, `final.*` and `final.h (B, H)` after the last update.
//!
//! Usage: `cargo run --release --example steps -- IN.safetensors OUT.safetensors [--engine gpu|cpu|auto]`

#[allow(dead_code, reason = "what the trainer needs of it")]
#[path = "train/files.rs"]
mod files;
#[path = "../tests/common/steps.rs"]
mod steps;

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use time_traveller::engine::Devices;
use time_traveller::model::config::EngineChoice;

#[derive(Parser)]
#[command(about = "Trains on the minibatches of a safetensors file and writes every result, for comparison")]
struct Arguments {
    /// Parameters, state and minibatches
    input: PathBuf,
    /// Where to write losses, norms, gradients and final parameters
    output: PathBuf,
    /// gpu, cpu, or auto for the faster
    #[arg(long, default_value = "gpu")]
    engine: EngineChoice,
}

impl Arguments {
    async fn train(&self) -> Result<(), String> {
        files::check_writable(&self.output)?;
        let case = steps::Case::read(&self.input)?;
        let race = Devices::open().await.choose(self.engine, case.network).await.map_err(|error| error.to_string())?;
        steps::write(&self.output, &case.run(&race.winner).await?)
    }
}

fn main() {
    if let Err(error) = pollster::block_on(Arguments::parse().train()) {
        let _ = writeln!(std::io::stderr(), "{error}");
        std::process::exit(1);
    }
}
