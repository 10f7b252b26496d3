//! What this machine's GPU does in the book's setting, as Markdown and JSON: every variant of the kernels, the fastest
//! variant kernel by kernel, growth with the network, whole epochs with a sample each, and PyTorch beside it where there
//! is one. `cargo xtask bench --gpu` builds and runs it; the program itself needs nothing but a Vulkan loader and driver
//! (on macOS Metal, on Windows Direct3D 12), so it can be carried to a machine without Rust.

mod measure;
mod peers;
mod report;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;

#[derive(Parser)]
#[command(about = "Measures this machine's GPU in the book's setting")]
struct Arguments {
    /// Write gpu.md and gpu.json into this folder, too
    #[arg(long)]
    output: Option<PathBuf>,
    /// The Python whose PyTorch is measured beside
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

fn main() {
    let Arguments { output, python } = Arguments::parse();
    if let Err(error) = pollster::block_on(bench(output.as_deref(), &python)) {
        let _ = writeln!(io::stderr(), "{error}");
        std::process::exit(1);
    }
}

async fn bench(output: Option<&Path>, python: &Path) -> Result<(), String> {
    let measured = measure::measure(python).await.map_err(|error| error.to_string())?;
    let markdown = report::markdown(&measured);
    // Nobody may read it, as in `bench_gpu | head`.
    let _ = io::stdout().write_all(markdown.as_bytes());
    let Some(folder) = output else { return Ok(()) };
    for (name, content) in [("gpu.md", markdown), ("gpu.json", report::json(&measured))] {
        let path = folder.join(name);
        std::fs::write(&path, content)
            .map_err(|error| format!("{} can't be written ({error}): name another folder.", path.display()))?;
    }
    Ok(())
}
