//! Runs whose epochs end faster than a page can show them: the page stays at their heels, and loses none.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use end_to_end::Visit;
use serde_json::json;
use time_traveller::train::Checkpoint;

const READY: Duration = Duration::from_secs(90);
/// A page that is far behind takes this long to show that it is paused.
const LONG: Duration = Duration::from_secs(30);
/// Other load on the machine delays a pause now and then, so the quickest of this many counts.
const PAUSES: u32 = 3;

/// Seconds of processor time that the page's main thread has taken so far, whatever else the machine does.
async fn processor_time(visit: &Visit) -> Result<f64> {
    visit.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" })).await?;
    let metrics = visit.devtools("Performance.getMetrics", json!({})).await?;
    let all = metrics["metrics"].as_array().into_iter().flatten();
    let tasks = all.filter(|metric| metric["name"] == "TaskDuration").find_map(|metric| metric["value"].as_f64());
    tasks.context("Chromium tells no TaskDuration")
}

/// Trains for a while, then presses Pause; returns the seconds until the page shows that it is paused.
///
/// A fast machine may have done all epochs that a run can have before the press arrives: then a new run is paused.
async fn pause_after(visit: &Visit, seconds: u64) -> Result<f64> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    for _ in 0..2 {
        if visit.status().await? == "finished" {
            visit.train_anew(READY).await?;
        }
        let Ok(button) = visit.button("Pause").await else { continue };
        let start = Instant::now();
        button.click().await?;
        let rests = async || Ok(["paused", "finished"].contains(&visit.status().await?.as_str()));
        visit.wait_until("a run that rests", LONG, rests).await?;
        if visit.status().await? == "paused" {
            return Ok(start.elapsed().as_secs_f64());
        }
    }
    bail!("the run ended twice before it was paused")
}

/// A paused run rests, and every epoch is in the table and in the checkpoint.
async fn check_complete(visit: &Visit, settings: &str) -> Result<()> {
    let epoch = visit.number("epoch").await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(visit.number("epoch").await? == epoch, "{settings}: epochs go on in the pause");
    visit.click("Save CSV").await?;
    let table = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    ensure!(rows.len() as f64 == epoch, "{settings}: {} rows in the table of {epoch} epochs", rows.len());
    let is_complete = |(row, line): (usize, &&str)| {
        let (number, value) = line.split_once(',').unwrap_or_default();
        number.parse() == Ok(row + 1) && value.parse::<f64>().is_ok()
    };
    ensure!(rows.iter().enumerate().all(is_complete), "{settings}: an epoch is missing from the table");
    visit.click("Download checkpoint").await?;
    let hidden = settings.trim_start_matches("#hidden=").split('&').next().unwrap_or_default();
    let name = format!("time-traveller-hidden-{hidden}-epoch-{epoch}.safetensors");
    let checkpoint = Checkpoint::read(&visit.saved(&name, READY).await?)?;
    ensure!(f64::from(checkpoint.epoch()) == epoch, "{settings}: the checkpoint is at epoch {}", checkpoint.epoch());
    Ok(())
}

async fn check_pace(settings: &str) -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle(settings, READY).await?;
    let (start, before) = (Instant::now(), processor_time(&visit).await?);
    visit.click("Train").await?;
    let mut quickest = pause_after(&visit, 3).await?;
    let share = (processor_time(&visit).await? - before) / start.elapsed().as_secs_f64();
    let epoch = visit.text("epoch").await?;
    println!(
        "{settings}: paused after {quickest:.2} s at epoch {epoch}; the main thread took {share:.2} of a processor"
    );
    for _ in 1..PAUSES {
        visit.click("Resume").await?;
        quickest = pause_after(&visit, 1).await?.min(quickest);
        println!("{settings}: the quickest pause took {quickest:.2} s");
    }
    check_complete(&visit, settings).await?;
    ensure!(share < 0.5, "{settings}: the main thread took {share:.2} of a processor");
    ensure!(quickest < 1.0, "{settings}: Pause was obeyed after {quickest:.1} s at best");
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_run_is_paused_within_a_second() -> Result<()> {
    check_pace("#hidden=16&batch=8&steps=10&tokens=200&epochs=100000&engine=cpu").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smallest_network_is_paused_within_a_second() -> Result<()> {
    check_pace("#hidden=1&batch=1&steps=1&tokens=3&epochs=100000").await
}
