//! The book's runs, one after the other: each trains for some epochs, and goes on from its checkpoint to the same bits.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Visit, pictures};
use serde_json::json;
use time_traveller::model::config::Cell;
use time_traveller::model::preset::{Edition, Preset};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);

/// Chooses a run of the book in the list of them.
async fn choose(visit: &Visit, preset: &Preset) -> Result<()> {
    let choose = "const select = document.querySelector('#preset');
        select.value = arguments[0];
        select.dispatchEvent(new Event('change', { bubbles: true }));";
    visit.script(choose, vec![json!(preset.key)]).await?;
    let is_chosen = async || Ok(visit.look("document.querySelector('#preset').value").await? == preset.key);
    visit.wait_until("the run to be chosen", READY, is_chosen).await?;
    // The text may have to be read again.
    visit.wait_until("the text", READY, async || visit.can_click("Train").await).await
}

async fn finish(visit: &Visit, epochs: &str) -> Result<()> {
    visit.wait_until(epochs, RUN, async || Ok(visit.text("epoch").await? == epochs)).await?;
    visit.wait_for_status("finished", RUN).await
}

async fn download(visit: &Visit, preset: &Preset) -> Result<PathBuf> {
    visit.click("Download checkpoint").await?;
    let config = preset.config();
    let cell = if config.cell == Cell::Rnn { String::new() } else { format!("{}-", config.cell) };
    let name = format!("time-traveller-{cell}hidden-{}-epoch-2.safetensors", config.hidden);
    let file = pictures()?.join(format!("{}.safetensors", preset.key));
    std::fs::write(&file, visit.saved(&name, READY).await?)?;
    Ok(file)
}

/// Two epochs, then two more from the checkpoint, and the four in one.
async fn train_and_resume(visit: &Visit, preset: &Preset) -> Result<()> {
    visit.type_into("Epochs", "2").await?;
    visit.click("Train").await?;
    finish(visit, "2 of 2").await?;
    let file = download(visit, preset).await?;
    visit.click("Reset").await?;
    visit.wait_for_status("idle", READY).await?;
    visit.choose_file("Open a checkpoint", &file).await?;
    let hint = async || Ok(visit.text("opened").await?.contains("set Epochs to more than 2"));
    visit.wait_until("the file", READY, hint).await?;
    visit.type_into("Epochs", "4").await?;
    visit.click("Resume to 4 epochs").await?;
    finish(visit, "4 of 4").await?;
    visit.click("Train").await?;
    visit.wait_for_status("training", READY).await?;
    finish(visit, "4 of 4").await?;
    visit.script("scrollTo(0, 0)", vec![]).await?;
    visit.click("Save CSV").await?;
    let csv = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
    ensure!(rows.len() == 4, "{csv}");
    for row in rows {
        let values = row[1..].iter().filter(|value| !value.is_empty()).collect::<Vec<_>>();
        let (resumed, through) = match values[..] {
            [.., resumed, through] if preset.published.is_none() => (resumed, through),
            // Each run has a second column, of its held-out tokens.
            [.., resumed, _, through, _] => (resumed, through),
            _ => anyhow::bail!("{csv}"),
        };
        ensure!(resumed == through, "{csv}");
    }
    Ok(())
}

async fn walk(edition: Edition) -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#engine=cpu&seed=3", READY).await?;
    for preset in edition.presets() {
        choose(&visit, preset).await.with_context(|| preset.key)?;
        train_and_resume(&visit, preset).await.with_context(|| preset.key)?;
        let parts = visit.look("document.querySelectorAll('.run-list > li').length").await?;
        ensure!(parts.as_u64() >= Some(2), "{}: {parts}", preset.key);
        // The next one begins with an empty list.
        visit.click("Reset").await?;
        visit
            .script(
                "[...document.querySelectorAll('.run-list .menu-inner button:last-child')].forEach(b => b.click())",
                vec![],
            )
            .await?;
    }
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_of_the_chinese_edition_trains_and_resumes() -> Result<()> {
    walk(Edition::Chinese).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_of_the_english_edition_trains_and_resumes() -> Result<()> {
    walk(Edition::English).await
}

/// One press trains a network of each kind, one after the other, and shows what they cost.
#[tokio::test(flavor = "multi_thread")]
async fn networks_stand_side_by_side() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#engine=cpu&hidden=32&epochs=30&seed=3", READY).await?;
    visit.click("Train RNN, GRU, LSTM and a deep LSTM side by side").await?;
    let all = async || {
        let rows = visit.look("document.querySelectorAll('.side-by-side tbody tr').length").await?;
        Ok(rows == 4 && visit.status().await? == "finished")
    };
    visit.wait_until("four networks", RUN, all).await?;
    let text = visit.text("side-by-side").await?;
    for said in ["RNN", "GRU", "LSTM", "LSTM, layers 2", "Parameters", "µs a token"] {
        ensure!(text.contains(said), "{said}: {text}");
    }
    visit.screenshot("side-by-side", 1440, 1600, false).await?;
    visit.check_clean().await
}
