//! The first minute: the page opens with a network that was trained before and writes, and the visitor's own learns beside
//! it.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::Visit;

const SOON: Duration = Duration::from_secs(30);

async fn shown(visit: &Visit, testid: &str) -> Result<String> {
    let element = format!("document.querySelector('[data-testid={testid}]')");
    let shown = visit.look(&format!("{element}?.checkVisibility() ? {element}.innerText : ''")).await?;
    Ok(shown.as_str().unwrap_or_default().to_owned())
}

/// The name of each run in the list.
async fn runs(visit: &Visit) -> Result<String> {
    let names = "[...document.querySelectorAll('[data-testid=runs] .run-name')].map(n => n.value || n.placeholder)";
    let names = visit.look(&format!("{names}.join('; ')")).await?;
    Ok(names.as_str().unwrap_or_default().to_owned())
}

/// Waits until an element says these words.
async fn says(visit: &Visit, testid: &str, words: &str) -> Result<()> {
    let said = async || Ok(shown(visit, testid).await?.contains(words));
    visit.wait_until(&format!("“{words}” in {testid}"), SOON, said).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_opens_with_a_network_that_writes() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open("#hidden=32&batch=8&steps=16&epochs=40&engine=cpu&seed=1&trained=gru").await?;
    says(&visit, "generated", "time traveller").await?;
    says(&visit, "trained", "This GRU was trained before").await?;
    says(&visit, "legend-runs", "GRU, trained before").await?;
    let is_last = async || Ok(visit.samples().await?.last().is_some_and(|(epoch, _)| *epoch == 300));
    visit.wait_until("the last sample", SOON, is_last).await?;
    // It is nobody's run: nothing is done, and the page can train.
    ensure!(visit.status().await? == "idle" && shown(&visit, "epoch").await?.contains("40"));
    visit.check_accessibility("with a network trained before").await?;
    for (name, width, height, dark) in
        [("opening", 1440, 1000, false), ("opening-dark", 1440, 1000, true), ("opening-narrow", 390, 844, false)]
    {
        visit.screenshot(name, width, height, dark).await?;
    }
    visit.resize(1440, 1000).await?;

    // It continues what the visitor types.
    visit.type_into("Prefix", "the psychologist").await?;
    visit.click("Generate").await?;
    says(&visit, "generated", "the psychologist").await?;

    // Another one in its place.
    visit.click("LSTM").await?;
    says(&visit, "trained", "This LSTM was trained before").await?;
    says(&visit, "legend-runs", "LSTM, trained before").await?;
    ensure!(!shown(&visit, "legend-runs").await?.contains("GRU"));

    // The visitor's own learns beside it, in its own colour and name.
    visit.click("Train").await?;
    visit.wait_for_status("finished", Duration::from_secs(120)).await?;
    let runs = runs(&visit).await?;
    ensure!(runs == "LSTM, trained before; Run 3", "{runs}");
    ensure!(shown(&visit, "trained").await?.is_empty());
    ensure!(!shown(&visit, "generated").await?.contains("psychologist"), "what another network said is gone");
    visit.screenshot("opening-beside", 1440, 1000, false).await?;

    // A network that came with the page is not stored as a run of the visitor's.
    visit.open("#trained=gru").await?;
    says(&visit, "trained", "This GRU was trained before").await?;
    let stored = shown(&visit, "checkpoints").await?;
    ensure!(stored.contains("40") && !stored.contains("300"), "{stored}");
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_network_shows_what_will_stand_there() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#trained=none", SOON).await?;
    let preview = shown(&visit, "preview").await?;
    for words in ["first run writes", "time travellere the the", "you can show black is white"] {
        ensure!(preview.contains(words), "{preview}");
    }
    ensure!(shown(&visit, "trained").await?.contains("GRU"));

    // How long the settings take here, and those that take a minute.
    visit.open_idle("#trained=none&engine=cpu", SOON).await?;
    says(&visit, "status", "Ready: about").await?;
    says(&visit, "takes", "These settings take about").await?;
    visit.script("document.querySelector('[data-testid=minute]').click()", vec![]).await?;
    let takes = shown(&visit, "takes").await?;
    ensure!(takes.contains(" s ") || takes.contains("1 min"), "{takes}");
    visit.screenshot("opening-none", 1440, 1000, false).await?;
    visit.check_clean().await
}
