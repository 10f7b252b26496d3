//! Runs that go on: to more epochs than they had, after a reload, and beside what is typed for the next one.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Visit, pictures};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);
/// Twelve epochs of a second or less, on a fixed engine.
const SETTINGS: &str = "#engine=cpu&hidden=64&seed=3";

async fn open(visit: &Visit, settings: &str) -> Result<()> {
    visit.open_idle(&format!("{SETTINGS}{settings}"), READY).await
}

/// Waits until the last of this many listed runs has finished with this number of epochs.
async fn finish(visit: &Visit, runs: u64, epochs: &str) -> Result<()> {
    let is_done = async || Ok(listed(visit).await? == runs && visit.text("epoch").await? == epochs);
    visit.wait_until(epochs, RUN, is_done).await?;
    visit.wait_for_status("finished", RUN).await
}

async fn listed(visit: &Visit) -> Result<u64> {
    let count = visit.look("document.querySelectorAll('.run-list > li').length").await?;
    Ok(count.as_u64().unwrap_or_default())
}

/// The perplexities of all listed runs, row by row: a column for each.
async fn perplexities(visit: &Visit) -> Result<Vec<Vec<String>>> {
    visit.script("scrollTo(0, 0)", vec![]).await?;
    visit.click("Save CSV").await?;
    let csv = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    Ok(csv.lines().skip(1).map(|row| row.split(',').skip(1).map(str::to_owned).collect()).collect())
}

/// The settings of each listed run.
const SETTINGS_OF_RUNS: &str = "[...document.querySelectorAll('.run-list .note')]
    .filter(note => !note.closest('.by-hand'))
    .map(note => note.textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_run_goes_on_to_more_epochs_in_the_tab_and_from_a_file() -> Result<()> {
    let visit = Visit::start().await?;
    open(&visit, "&epochs=6").await?;
    visit.click("Train").await?;
    finish(&visit, 1, "6 of 6").await?;
    visit.click("Download checkpoint").await?;
    let name = "time-traveller-hidden-64-epoch-6.safetensors";
    let file = pictures()?.join(name);
    std::fs::write(&file, visit.saved(name, READY).await?)?;
    visit.type_into("Epochs", "12").await?;
    visit.click("Resume to 12 epochs").await?;
    finish(&visit, 1, "12 of 12").await?;
    visit.screenshot("longer", 1440, 1200, false).await?;

    // The same run from its file: its epochs from here on, and then one that had them from the start.
    visit.click("Reset").await?;
    visit.type_into("Epochs", "6").await?;
    visit.choose_file("Open a checkpoint", &file).await?;
    let hint = async || Ok(visit.text("opened").await?.contains("set Epochs to more than 6"));
    visit.wait_until("the file", READY, hint).await?;
    visit.type_into("Epochs", "12").await?;
    visit.click("Resume to 12 epochs").await?;
    // The one that was reset had gone further, so this one is listed beside it.
    finish(&visit, 2, "12 of 12").await?;
    visit.click("Train").await?;
    finish(&visit, 3, "12 of 12").await?;
    let rows = perplexities(&visit).await?;
    ensure!(rows.len() == 12, "{} epochs", rows.len());
    for row in &rows {
        ensure!(row.len() == 3 && row.iter().all(|value| !value.is_empty() && *value == row[0]), "{rows:#?}");
    }
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_offers_the_interrupted_run_before_it_starts_another() -> Result<()> {
    let visit = Visit::start().await?;
    let settings = format!("{SETTINGS}&epochs=100000&autostart=1");
    visit.open(&settings).await?;
    // Three seconds are enough to be saved.
    visit.wait_until("an epoch", READY, async || Ok(visit.number("epoch").await? >= 1.0)).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    visit.open(&settings).await?;
    let offered = async || Ok(visit.text("offers").await?.contains("A run was interrupted"));
    visit.wait_until("the offer", READY, offered).await?;
    visit.wait_for_status("idle", READY).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ensure!(visit.status().await? == "idle", "it began anew over the interrupted run");
    visit.click("Resume this run").await?;
    visit.wait_until("the run to go on", READY, async || Ok(visit.number("epoch").await? >= 2.0)).await?;
    ensure!(visit.text("untrained").await.is_err(), "it is another run");
    visit.click("Reset").await?;
    visit.wait_for_status("idle", READY).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(visit.status().await? == "idle", "the visitor has chosen, and yet it starts by itself");
    // Nothing is left to be offered, so the address has its way.
    visit.open(&settings).await?;
    visit.wait_for_status("training", READY).await?;
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_for_later_leaves_the_waiting_run_alone() -> Result<()> {
    let visit = Visit::start().await?;
    // Some seconds, in which all is typed.
    open(&visit, "&epochs=200").await?;
    visit.click("Train").await?;
    visit.wait_for_status("training", READY).await?;
    visit.click("Compare with random sampling").await?;
    visit.type_into("Seed", "99").await?;
    visit.type_into("Hidden units", "").await?;
    let second = async || Ok(listed(&visit).await? == 2 && visit.status().await? == "finished");
    visit.wait_until("both runs", RUN, second).await?;
    let settings = visit.look(SETTINGS_OF_RUNS).await?;
    let said: Vec<String> = serde_json::from_value(settings)?;
    ensure!(
        said[1].contains("Sampling random") && said[1].contains("Seed 3 ") && said[1].contains("Hidden units 64"),
        "{said:?}"
    );
    ensure!(visit.look("document.querySelector('#setting-seed').value").await? == "99", "the seed is lost");
    ensure!(visit.text("offers").await?.is_empty(), "{}", visit.text("offers").await?);
    Ok(())
}
