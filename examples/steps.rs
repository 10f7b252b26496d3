//! Reads parameters, a state and successive minibatches from a safetensors file, trains on them with the GPU or the CPU
//! engine, and writes the results.
//!
//! Metadata, all strings: `lr`, `clip` and `state` (`carry` or `reset`), and what a file of the book's first network
//! may leave out: `cell` (`rnn`, `gru`, `lstm`), `style` (`scratch`, `concise`), `layers`, `optimizer` (`sgd`,
//! `momentum`, `adam`), `momentum` and `weight_decay`, with the names and defaults of the settings.
//!
//! Inputs, f32 unless said otherwise, with B rows, T steps, H units, V tokens, L layers, G gates, M minibatches:
//!
//! - From scratch, the parameters by the names of the book: for each gate `w_x* (V, H)`, `w_h* (H, H)` and `b_* (H)`,
//!   and `w_hq (H, V)`, `b_q (V)`. The gates are `h` of an RNN, `z`, `r`, `h` of a GRU, `i`, `f`, `o`, `c` of an LSTM.
//!   Those of an upper layer end in `_l1`, `_l2` and so on (`w_xh_l1`); there `w_x*` is `(H, H)`.
//! - Concise, the parameters as in a `state_dict`: `rnn.weight_ih_l0 (G·H, V)`, `rnn.weight_hh_l0 (G·H, H)`,
//!   `rnn.bias_ih_l0 (G·H)`, `rnn.bias_hh_l0 (G·H)`, with the gates in PyTorch's order, the same of the upper layers,
//!   where `rnn.weight_ih_l1` is `(G·H, H)`, and `linear.weight (V, H)`, `linear.bias (V)`.
//! - `h0`, of an LSTM also `c0`: `(L, B, H)` in a file with `cell`, `(B, H)` in one without.
//! - `inputs`, `targets` `(M, B, T)`, i32.
//!
//! Results, with `*` the name of a parameter: `losses (M)` in nats, `grad_norms (M)` before clipping,
//! `first.logits (T·B, V)` (row `t·B + b`; not from a GPU that fuses the output layer with the loss),
//! `first.h (T, B, H)` of the top layer, `first.grad.*` before clipping, and after the last update `final.*`,
//! `final.h`, of an LSTM also `final.c`, both shaped as `h0`.
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
use time_traveller::model::config::{AutoOr, EngineChoice};

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
        let race = Devices::open()
            .await
            .choose(self.engine, AutoOr::default(), case.network)
            .await
            .map_err(|error| error.to_string())?;
        steps::write(&self.output, &case.run(&race.winner).await?)
    }
}

fn main() {
    if let Err(error) = pollster::block_on(Arguments::parse().train()) {
        let _ = writeln!(std::io::stderr(), "{error}");
        std::process::exit(1);
    }
}
