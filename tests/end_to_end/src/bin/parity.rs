//! A complete run of the book's first mode in headless Chromium, from `dist/`. Writes the result to
//! `docs/results/browser_run.json`.
//!
//! Usage: `cargo xtask parity [--epochs 500]` (500 epochs take half an hour on a software adapter).

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use end_to_end::{Visit, print};
use serde_json::{Value, json};

const READY: Duration = Duration::from_secs(90);
/// Interval between readings: several in the shortest epoch of this network.
const LOOK: Duration = Duration::from_millis(200);

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let epochs: u32 = std::env::args().nth(1).map_or(Ok(500), |epochs| epochs.parse()).context("epochs is a number")?;
    let visit = Visit::start().await?;
    visit.open_idle(&format!("#engine=gpu&epochs={epochs}"), READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("training", READY).await?;
    let start = Instant::now();
    let heap_at_start = heap(&visit).await?;
    let perplexity = follow(&visit, epochs).await?;
    let seconds = start.elapsed().as_secs_f64();
    visit.wait_for_status("finished", READY).await?;

    let samples: Vec<String> = visit.samples().await?.into_iter().map(|(_, text)| text).collect();
    let below_two = perplexity.iter().find(|(_, p)| *p < 2.0).map(|(epoch, _)| *epoch);
    let result = json!({
        "about": "A run of the book's setting in headless Chromium, made by `cargo xtask parity`.",
        "epochs": epochs,
        "seed": 1,
        "device": visit.text("device").await?,
        "seconds": seconds.round(),
        "tokens_per_second": visit.number("tokens-per-second").await?,
        "perplexity": visit.number("perplexity").await?,
        "first_epoch_below_2": below_two,
        "final": visit.text("final").await?,
        "last_sample": samples.last(),
        "page_heap_bytes": { "start": heap_at_start, "end": heap(&visit).await? },
        "gpu_memory": visit.text("gpu-memory").await?,
        "curve": perplexity,
    });
    visit.screenshot("parity", 1440, 900, false).await?;
    visit.check_clean().await?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("browser_run.json"), format!("{result}\n"))?;
    print(format_args!("{epochs} epochs in {seconds:.0} s, perplexity {}", result["perplexity"]));
    Ok(())
}

/// Reads epoch and perplexity from the page until the last epoch.
async fn follow(visit: &Visit, epochs: u32) -> Result<Vec<(u32, f64)>> {
    let mut seen: Vec<(u32, f64)> = Vec::new();
    while seen.last().is_none_or(|&(epoch, _)| epoch < epochs) {
        tokio::time::sleep(LOOK).await;
        let epoch = visit.number("epoch").await? as u32;
        if epoch > seen.last().map_or(0, |&(epoch, _)| epoch) {
            seen.push((epoch, visit.number("perplexity").await?));
        }
        anyhow::ensure!(visit.status().await? != "failed", "the run failed: {}", visit.text("error").await?);
    }
    Ok(seen)
}

/// Bytes in use on the page's heap after a garbage collection.
async fn heap(visit: &Visit) -> Result<u64> {
    visit.devtools("HeapProfiler.collectGarbage", json!({})).await?;
    visit.devtools("Performance.enable", json!({})).await?;
    let answer = visit.devtools("Performance.getMetrics", json!({})).await?;
    let metrics = answer["metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
    let used = metrics.iter().find(|metric| metric["name"] == "JSHeapUsedSize");
    used.and_then(|metric: &Value| metric["value"].as_f64()).map(|bytes| bytes as u64).context("no heap size")
}
