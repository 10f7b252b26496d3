//! What this machine's GPU does in the book's setting, as Markdown and JSON: every variant of the kernels, the fastest
//! variant kernel by kernel, growth with the network, whole epochs with a sample each, and PyTorch beside it where there
//! is one. `cargo xtask bench --gpu` builds and runs it; the program itself needs nothing but a Vulkan loader and driver
//! (on macOS Metal, on Windows Direct3D 12), so it can be carried to a machine without Rust.

mod measure;
mod peers;
mod report;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Parser;

#[derive(Parser)]
#[command(about = "Measures this machine's GPU in the book's setting")]
struct Arguments {
    /// Write the numbers as JSON into this file, too
    #[arg(long)]
    json: Option<PathBuf>,
    /// The Python whose PyTorch is measured beside
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

fn main() {
    let Arguments { json, python } = Arguments::parse();
    let outcome =
        pollster::block_on(measure::measure(&python)).map_err(|error| error.to_string()).and_then(|measured| {
            if let Some(path) = json {
                std::fs::write(&path, report::json(&measured))
                    .map_err(|error| format!("{} can't be written ({error}): name another file.", path.display()))?;
            }
            // Nobody may read it, as in `bench_gpu | head`.
            let _ = io::stdout().write_all(report::markdown(&measured).as_bytes());
            Ok(())
        });
    if let Err(error) = outcome {
        let _ = writeln!(io::stderr(), "{error}");
        std::process::exit(1);
    }
}
