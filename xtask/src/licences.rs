//! Checks the licences of all dependencies.

use anyhow::Result;

use crate::shell::{cargo, command, run};

/// Fails if a dependency, of tests and tools too, has a licence that `deny.toml` does not allow.
pub fn check() -> Result<()> {
    // Dependencies for other systems too, which no build here has fetched.
    run(cargo(["fetch", "--locked"]))?;
    run(command("cargo-deny", ["--workspace", "--frozen", "check", "licenses"]))
}
