//! `--kernels`: the time of each kernel of a training step, on each device of this machine.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use end_to_end::print;
use serde_json::{Value, json};
use time_traveller::engine::{Devices, profile};
use time_traveller::kernels;
use time_traveller::model::config::{AutoOr, EngineChoice};
use time_traveller::model::{Config, Sizes};
use time_traveller::protocol::Profile;

use crate::about::About;
use crate::turn::{self, Places};

/// The book's sizes.
pub const BOOK: Sizes = Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 };

/// A profile, and where it was measured.
struct Table {
    place: &'static str,
    profile: Result<Profile>,
}

/// Measures on each device in turn, and writes `kernels.json` and `kernels.md`.
///
/// # Errors
/// If there is no device, or the folder can't be written to.
pub async fn measure(about: &About, places: &Places, output: &Path) -> Result<()> {
    let mut tables = Vec::new();
    for (place, engine) in
        [("In headless Chromium, WebGPU", EngineChoice::Gpu), ("In headless Chromium, WebAssembly", EngineChoice::Cpu)]
    {
        eprintln!("» {place}");
        let config = Config { engine, ..Config::default() };
        tables.push(Table { place, profile: turn::in_browser("profile", vec![json!(config)], places).await });
    }
    for (place, engine) in [("Natively, GPU engine", EngineChoice::Gpu), ("Natively, CPU engine", EngineChoice::Cpu)] {
        eprintln!("» {place}");
        tables.push(Table { place, profile: natively(engine).await });
    }
    ensure!(tables.iter().any(|table| table.profile.is_ok()), "nothing could be measured");
    fs::create_dir_all(output)?;
    let text = markdown(about, &tables);
    let json = json!({ "about": about.json(), "tables": tables.iter().map(Table::json).collect::<Vec<_>>() });
    fs::write(output.join("kernels.json"), format!("{json:#}\n"))?;
    fs::write(output.join("kernels.md"), &text)?;
    print(text);
    Ok(())
}

async fn natively(engine: EngineChoice) -> Result<Profile> {
    let network = kernels::network(BOOK);
    let device = Devices::open().await.choose(engine, AutoOr(Some(1)), network).await?.winner;
    Ok(profile(&device, network).await?)
}

impl Table {
    fn json(&self) -> Value {
        match &self.profile {
            Ok(profile) => json!({ "place": self.place, "profile": profile }),
            Err(error) => json!({ "place": self.place, "problem": format!("{error:#}") }),
        }
    }

    fn markdown(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\n## {}\n", self.place)?;
        let profile = match &self.profile {
            Ok(profile) => profile,
            Err(error) => return writeln!(text, "Not measured: {error:#}."),
        };
        let sum: f64 = profile.kernels.iter().map(|kernel| kernel.seconds).sum();
        writeln!(text, "{}\n\n| kernel | dispatches | ms | share | GFLOP/s | GB/s |", profile.device)?;
        writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
        for kernel in &profile.kernels {
            let (ms, share) = (kernel.seconds * 1e3, kernel.seconds / sum * 100.0);
            let [gflops, gbytes] = [kernel.flops, kernel.bytes].map(|n| n as f64 / kernel.seconds / 1e9);
            let (name, dispatches) = (&kernel.name, kernel.dispatches);
            writeln!(text, "| `{name}` | {dispatches} | {ms:.2} | {share:.1} % | {gflops:.1} | {gbytes:.1} |")?;
        }
        let dispatches: u32 = profile.kernels.iter().map(|kernel| kernel.dispatches).sum();
        let flops: u64 = profile.kernels.iter().map(|kernel| kernel.flops).sum();
        writeln!(
            text,
            "| together | {dispatches} | {:.2} | | {:.1} | |\n\nA minibatch in training: {:.2} ms, {:.0} tokens/s. \
             Packing and recording it: {:.2} ms, {:.1} % of that, while the device works. The read-back of an epoch: \
             {:.2} ms.",
            sum * 1e3,
            flops as f64 / sum / 1e9,
            profile.minibatch * 1e3,
            f64::from(profile.tokens) / profile.minibatch,
            profile.recording * 1e3,
            profile.recording / profile.minibatch * 100.0,
            profile.read_back * 1e3
        )
    }
}

fn markdown(about: &About, tables: &[Table]) -> String {
    let mut text = format!(
        "# Where the time of a training step goes\n\n{}\nEach kernel alone, repeated; a minibatch of the book's \
         setting. On the CPU a dispatch is a call. GB/s counts each operand of a dispatch once.\n",
        about.markdown()
    );
    for table in tables {
        table.markdown(&mut text).expect("a string takes everything");
    }
    text
}
