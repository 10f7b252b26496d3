//! Packages of Node.js, pinned by a folder's `package-lock.json`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::apt;
use crate::shell::{command, find, run, say};

/// Installs a folder's locked packages into its `node_modules`, unless they are there; `what` names them for people.
pub fn install(folder: &Path, what: &str) -> Result<()> {
    let changed = |name: &str| fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
    // npm writes this file last.
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    if find("npm").is_none() {
        apt::install(&["nodejs", "npm"]);
    }
    let npm = find("npm").with_context(|| format!("there is no npm here, which brings {what}: install Node.js"))?;
    say(format!("Installing {what} (seconds)"));
    let mut npm = command(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.current_dir(folder);
    run(npm)
}
