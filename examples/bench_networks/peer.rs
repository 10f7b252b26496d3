//! PyTorch on the same processor, where a Python has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

/// The script, so that the program needs no other file.
const SCRIPT: &str = include_str!("../../benches/peers/pytorch_networks.py");

/// Tokens per second of each of the book's runs, or why there are none.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Peer {
    Absent { absent: String },
    Measured { version: String, tokens_per_second: BTreeMap<String, f64> },
}

impl Peer {
    /// Its version, or what is absent.
    pub fn name(&self) -> String {
        match self {
            Self::Absent { absent } => format!("absent: {absent}"),
            Self::Measured { version, .. } => version.clone(),
        }
    }

    pub fn speed(&self, preset: &str) -> Option<f64> {
        match self {
            Self::Absent { .. } => None,
            Self::Measured { tokens_per_second, .. } => tokens_per_second.get(preset).copied(),
        }
    }
}

/// Runs the script, a lap for each network.
pub fn measure(python: &Path, lap: Duration) -> Peer {
    let absent = |absent: String| Peer::Absent { absent };
    let seconds = lap.as_secs_f64().to_string();
    let output = Command::new(python).args(["-c", SCRIPT, "--seconds", &seconds]).stderr(Stdio::inherit()).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => return absent(format!("{} can't be run ({error})", python.display())),
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| absent(format!("the script failed ({})", output.status)))
}
