//! A long run of a small network in headless Chromium, from `dist/`. Now and then it presses Pause, and prints how long
//! that took, the epoch, and the memory of the page's heap, the network's buffers and the browser's processes.
//!
//! Usage: `cargo run --release -p end-to-end --bin soak [MINUTES [SETTINGS]]`, where SETTINGS are those of an address:
//! `soak 5 'hidden=32&engine=gpu'`. By default it trains the smallest network for five minutes, one run after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use end_to_end::Visit;
use serde_json::json;
use sysinfo::{Process, ProcessesToUpdate, System};

const READY: Duration = Duration::from_secs(90);
/// The smallest network.
const SETTINGS: &str = "hidden=1&batch=1&steps=1&tokens=3&epochs=100000";
/// Number of rows of the table.
const LOOKS: u32 = 10;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let minutes: f64 = args.next().map_or(Ok(5.0), |minutes| minutes.parse()).context("minutes are a number")?;
    let settings = args.next().unwrap_or_else(|| SETTINGS.to_owned());
    let visit = Visit::start().await?;
    visit.open_idle(&format!("#{}", settings.trim_start_matches('#')), READY).await?;
    visit.click("Train").await?;
    end_to_end::print(format_args!(
        "| seconds | epochs, all runs | Pause, s | page's heap, MB | network's buffers, MB | {}, MB |",
        KINDS.join(", ")
    ));
    end_to_end::print(format_args!("| ---: | ---: | ---: | ---: | ---: | ---: |"));
    let (start, mut before) = (Instant::now(), 0.0);
    for look in 1..=LOOKS {
        let until = Duration::from_secs_f64(minutes * 60.0 * f64::from(look) / f64::from(LOOKS));
        while start.elapsed() < until {
            tokio::time::sleep(Duration::from_millis(200)).await;
            before += train_again(&visit).await?;
        }
        let pause = pause(&visit).await?;
        let (epochs, heap) = (before + visit.number("epoch").await?, heap(&visit).await? / 1e6);
        let buffers = visit.script(MEMORY, vec![]).await?;
        let buffers = buffers.as_str().unwrap_or_default().trim_end_matches(" MB").to_owned();
        let resident = resident().map(|bytes| format!("{:.0}", bytes / 1e6)).join(", ");
        end_to_end::print(format_args!(
            "| {} | {epochs} | {pause:.2} | {heap:.1} | {buffers} | {resident} |",
            start.elapsed().as_secs()
        ));
        if visit.status().await? == "paused" {
            visit.click("Resume").await?;
        }
    }
    visit.check_clean().await
}

/// Resets a finished run, which is deleted from the list, and trains anew; returns its epochs, or 0 if it goes on.
async fn train_again(visit: &Visit) -> Result<f64> {
    if visit.status().await? != "finished" {
        return Ok(0.0);
    }
    let epochs = visit.number("epoch").await?;
    visit.train_anew(READY).await?;
    Ok(epochs)
}

/// Presses Pause; returns the seconds until the page shows that the run is paused, or has finished meanwhile.
async fn pause(visit: &Visit) -> Result<f64> {
    let (button, start) = (visit.button("Pause").await?, Instant::now());
    button.click().await?;
    let is_held = async || Ok(["paused", "finished"].contains(&&visit.status().await?[..]));
    visit.wait_until("the run to be paused", READY, is_held).await?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(seconds < 10.0, "Pause was obeyed after {seconds:.1} s");
    Ok(seconds)
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
