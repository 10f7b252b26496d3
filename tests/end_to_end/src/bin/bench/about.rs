//! The conditions of a measurement: machine, browser, commit, command.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sysinfo::System;

use crate::turn::{self, Places};

/// The conditions of a measurement.
pub struct About {
    command: String,
    date: String,
    commit: String,
    machine: Value,
    browser: String,
    /// The npm packages of the browser peers, with their versions.
    pub packages: Value,
}

impl About {
    /// Collects the conditions. To be called before measuring, since it notes the machine's load.
    pub async fn gather(places: &Places) -> Result<Self> {
        let load = System::load_average();
        let system = System::new_all();
        let processor = system.cpus().first().map_or("", |cpu| cpu.brand().trim()).to_owned();
        let machine = json!({
            "processor": processor,
            "cores": std::thread::available_parallelism()?.get(),
            "memory_gib": (system.total_memory() + (1 << 29)) >> 30,
            "system": System::long_os_version(),
            "load_before": load.one,
        });
        let package = fs::read(places.peers().join("package.json"))?;
        let package: Value = serde_json::from_slice(&package).context("benches/peers/package.json is no JSON")?;
        Ok(Self {
            command: std::iter::once("cargo xtask bench".to_owned())
                .chain(std::env::args().skip(1))
                .collect::<Vec<_>>()
                .join(" "),
            date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            commit: commit(&places.root),
            machine,
            browser: turn::browser(places).await.unwrap_or_else(|error| format!("none ({error:#})")),
            packages: package["dependencies"].clone(),
        })
    }

    pub fn json(&self) -> Value {
        json!({
            "command": self.command,
            "date": self.date,
            "commit": self.commit,
            "machine": self.machine,
            "browser": self.browser,
            "packages": self.packages,
        })
    }

    /// As a Markdown list.
    pub fn markdown(&self) -> String {
        let Self { command, date, commit, machine, browser, .. } = self;
        format!(
            "- command: `{command}`\n- date and commit: {date}, {commit}\n- machine: {}, {} cores, {} GiB, {}; load \
             before the first measurement {}\n- browser: {browser}\n",
            machine["processor"].as_str().unwrap_or("unknown"),
            machine["cores"],
            machine["memory_gib"],
            machine["system"].as_str().unwrap_or("unknown"),
            machine["load_before"],
        )
    }
}

/// The commit, marked `dirty` if tracked files differ from it.
fn commit(root: &Path) -> String {
    let git = Command::new("git").args(["describe", "--always", "--dirty", "--exclude=*"]).current_dir(root).output();
    let name = git.map(|git| String::from_utf8_lossy(&git.stdout).trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
