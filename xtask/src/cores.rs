//! Builds the module in which the CPU engine's operations run in a browser, in its kinds.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::shell::{cargo, root};
use crate::tools;

/// Lets whoever starts the module give it its memory, and a thread its stack.
const LINK: [&str; 2] = ["-Clink-arg=--import-memory", "-Clink-arg=--export=__stack_pointer"];

/// A memory that several threads share. The compiler calls `atomics` unstable, which it says once for each build.
const SHARED: [&str; 3] = [
    "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals",
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--max-memory=4294967296",
];

/// A kind of the module: its name, the feature and the instructions that it uses.
const KINDS: [(&str, &str, Option<&str>); 3] = [
    ("cores", "default", None),
    ("cores_simd", "simd128", Some("-Ctarget-feature=+simd128")),
    ("cores_relaxed_simd", "relaxed-simd", Some("-Ctarget-feature=+simd128,+relaxed-simd")),
];

/// Builds every kind into a folder: `NAME.wasm`, and with a shared memory `NAME_threads.wasm`.
pub fn build(folder: &Path) -> Result<()> {
    for (name, feature, instructions) in KINDS {
        let flags = LINK.into_iter().chain(instructions);
        build_one(feature, flags.clone(), &folder.join(format!("{name}.wasm")))?;
        // No browser shares memory and lacks SIMD.
        if instructions.is_some() {
            build_one(
                &format!("{feature},threads"),
                flags.chain(SHARED),
                &folder.join(format!("{name}_threads.wasm")),
            )?;
        }
    }
    Ok(())
}

fn build_one(feature: &str, flags: impl Iterator<Item = &'static str>, to: &Path) -> Result<()> {
    let flags: Vec<String> = flags.map(|flag| format!("{flag:?}")).collect();
    let mut cargo = cargo(["rustc", "--quiet", "--package", "cores", "--profile", "cores", "--target", tools::WASM]);
    cargo.args(["--target-dir", "target/cores", "--features", feature]);
    cargo.arg("--config").arg(format!("target.{}.rustflags = [{}]", tools::WASM, flags.join(", ")));
    // Said only where it is of use: each build with shared memory has a warning.
    let told = cargo.output().context("cargo can't be started")?;
    ensure!(told.status.success(), "the module `cores` can't be built: {}", String::from_utf8_lossy(&told.stderr));
    let built = root().join("target/cores").join(tools::WASM).join("cores/cores.wasm");
    fs::copy(&built, to).with_context(|| format!("{} can't be copied", built.display()))?;
    Ok(())
}
