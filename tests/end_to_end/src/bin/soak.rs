//! A long run of a small network in headless Chromium, from `dist/`, with text generation during training. Prints the
//! memory of the page's heap, the GPU's buffers and the browser's processes over time, and the latency of a request.
//!
//! Usage: `cargo run --release -p end-to-end --bin soak [EPOCHS]` (2,000 epochs: some minutes).

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use end_to_end::Visit;
use serde_json::json;
use sysinfo::{Process, ProcessesToUpdate, System};

const READY: Duration = Duration::from_secs(90);
const LONG: Duration = Duration::from_secs(3600);
/// Number of rows of the table.
const LOOKS: u32 = 8;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let epochs: u32 =
        std::env::args().nth(1).map_or(Ok(2000), |epochs| epochs.parse()).context("epochs is a number")?;
    let visit = Visit::start().await?;
    visit.open(&format!("#engine=gpu&hidden=32&epochs={epochs}")).await?;
    visit.wait_for_status("idle", READY).await?;
    visit.script("document.querySelector('.conversation .switch input').click()", vec![]).await?;
    visit.click("Train").await?;
    println!(
        "| epoch | page's heap, MB | network's buffers, MB | {} processes, MB | an answer takes, s |",
        KINDS.join(", ")
    );
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for look in 1..=LOOKS {
        let goal = f64::from(epochs * look / LOOKS);
        visit.wait_until("more epochs", LONG, async || Ok(visit.number("epoch").await? >= goal)).await?;
        let heap = heap(&visit).await? / 1e6;
        let buffers = visit.script(MEMORY, vec![]).await?;
        let (resident, answer) =
            (resident().map(|bytes| format!("{:.0}", bytes / 1e6)).join(", "), answer(&visit).await?);
        let buffers = buffers.as_str().unwrap_or_default().trim_end_matches(" MB");
        println!("| {goal} | {heap:.2} | {buffers} | {resident} | {answer:.2} |");
    }
    visit.wait_for_status("finished", READY).await?;
    visit.check_clean().await
}

/// Returns the network's memory as the page shows it.
const MEMORY: &str = "
    const names = [...document.querySelectorAll('dt')].filter(name => name.textContent === 'Memory');
    return names[0]?.nextElementSibling?.textContent ?? ''";

/// Bytes in use on the page's JavaScript heap after a garbage collection.
async fn heap(visit: &Visit) -> Result<f64> {
    visit.devtools("HeapProfiler.collectGarbage", json!({})).await?;
    let usage = visit.devtools("Runtime.getHeapUsage", json!({})).await?;
    Ok(usage["usedSize"].as_f64().unwrap_or_default())
}

/// Types of process, by Chromium's names; the last is for all others.
const KINDS: [&str; 4] = ["gpu-process", "renderer", "utility", "other"];

/// Resident bytes of this process's descendants, the driver and the browser, by their type. Shared memory is counted in
/// each.
fn resident() -> [f64; 4] {
    let mut system = System::new_all();
    system.refresh_processes(ProcessesToUpdate::All, true);
    let mut bytes = [0.0; KINDS.len()];
    for process in system.processes().values() {
        if process.thread_kind().is_none() && descends(&system, process) {
            let cmd = process.cmd().join(" ".as_ref());
            let is = |kind: &&str| cmd.to_string_lossy().contains(&format!("--type={kind}"));
            bytes[KINDS.iter().position(is).unwrap_or(KINDS.len() - 1)] += process.memory() as f64;
        }
    }
    bytes
}

fn descends(system: &System, process: &Process) -> bool {
    let Some(parent) = process.parent() else { return false };
    parent.as_u32() == std::process::id() || system.process(parent).is_some_and(|parent| descends(system, parent))
}

/// Seconds from pressing Generate to the continuation, including the commands that the worker has queued.
async fn answer(visit: &Visit) -> Result<f64> {
    let old = visit.text("generated").await?;
    visit.type_into("Prefix", if old.starts_with("the") { "a time" } else { "the time" }).await?;
    let start = Instant::now();
    visit.click("Generate").await?;
    let changed = async || Ok(visit.text("generated").await?.get(..3) != old.get(..3));
    visit.wait_until("an answer", READY, changed).await?;
    Ok(start.elapsed().as_secs_f64())
}
