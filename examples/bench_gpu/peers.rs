//! PyTorch on the same GPU, where a Python has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// The script, so that the program needs no other file.
const SCRIPT: &str = include_str!("../../benches/peers/pytorch_gpu.py");

/// Tokens per second of each way to train, or why there are none.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Peers {
    Absent {
        absent: String,
    },
    Measured {
        device: String,
        version: String,
        #[serde(flatten)]
        tokens_per_second: BTreeMap<String, f64>,
    },
}

/// Runs the script.
pub fn measure(python: &Path) -> Peers {
    let absent = |absent: String| Peers::Absent { absent };
    let output = match Command::new(python).args(["-c", SCRIPT]).stderr(Stdio::inherit()).output() {
        Ok(output) => output,
        Err(error) => return absent(format!("{} can't be run ({error})", python.display())),
    };
    let printed = String::from_utf8_lossy(&output.stdout);
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|_| absent(format!("the script failed ({})", output.status)))
}
