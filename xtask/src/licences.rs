//! Under what licences the crates come that are built in here, and that no other kind slips in.

use anyhow::Result;

use crate::shell::{cargo, command, run};

/// Refuses a dependency, those of tests and tools included, under a licence that `deny.toml` does not allow.
pub fn check() -> Result<()> {
    // Those of other systems too, which no build here has brought.
    run(cargo(["fetch", "--locked"]))?;
    run(command("cargo-deny", ["--workspace", "--frozen", "check", "licenses"]))
}
