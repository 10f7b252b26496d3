//! The page offline, in a newer version, and in a hidden tab.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Options, Visit, copy_folder};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(600);

/// Waits until the page is cached for offline use.
async fn cached(visit: &Visit) -> Result<()> {
    visit.allow_scripts(READY).await?;
    visit.look("navigator.serviceWorker.ready.then(() => true)").await.map(drop)
}

async fn title(visit: &Visit) -> Result<String> {
    let title = visit.look("document.querySelector('meta[name=description]').content").await?;
    Ok(title.as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_first_visit_the_page_starts_and_trains_without_a_network_and_without_webgpu() -> Result<()> {
    let mut visit = Visit::start_with(Options { webgpu: false, ..Options::default() }).await?;
    visit.open_idle("#hidden=32&epochs=2", READY).await?;
    cached(&visit).await?;
    visit.check_clean().await?;
    visit.cut_off();
    visit.open_idle("#hidden=32&epochs=3", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.text("epoch").await? == "3 of 3");
    // The kernels' sources too.
    visit.script("document.querySelectorAll('.explain').forEach(note => note.open = true)", vec![]).await?;
    visit
        .wait_until("the kernels", READY, async || {
            Ok(visit.look("document.querySelectorAll('.kernel').length").await? == 7)
        })
        .await?;
    visit.check_clean().await
}

/// Makes another version of the page, with this description.
fn change(folder: &Path, description: &str) -> Result<()> {
    let page = folder.join("index.html");
    let html = fs::read_to_string(&page)?;
    let (before, rest) = html.split_once("name=\"description\"").context("the page has a description")?;
    let (_, after) = rest.split_once("/>").context("the tag has an end")?;
    fs::write(&page, format!("{before}name=\"description\" content=\"{description}\" />{after}"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let finish = ["run", "--quiet", "--package", "xtask", "--", "finish"];
    let done = Command::new(cargo).args(finish).env("TRUNK_STAGING_DIR", folder).status()?;
    ensure!(done.success(), "xtask could not finish {}", folder.display());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_offered_and_never_mixed_with_the_old() -> Result<()> {
    let folder = tempfile::tempdir()?;
    copy_folder(&Options::default().folder, folder.path())?;
    change(folder.path(), "one")?;
    let visit = Visit::start_with(Options { folder: folder.path().to_owned(), ..Options::default() }).await?;
    let open = async || {
        visit.open_idle("#hidden=32&epochs=2&engine=cpu", READY).await?;
        cached(&visit).await
    };
    open().await?;
    ensure!(visit.text("new-version").await?.is_empty(), "the first visit has no other version");
    change(folder.path(), "two")?;
    open().await?;
    ensure!(title(&visit).await? == "one", "the cached version is shown first");
    let offered = async || Ok(visit.text("new-version").await?.contains("newer version"));
    visit.wait_until("the newer version", READY, offered).await?;
    visit.check_accessibility("with a newer version").await?;
    visit.screenshot("new-version", 1440, 900, false).await?;

    // While another tab has the old version, there is no update.
    let first = visit.open_tab().await?;
    open().await?;
    visit.wait_until("the newer version", READY, offered).await?;
    visit.click("Update now").await?;
    visit
        .wait_until("the word of the other tab", READY, async || {
            Ok(visit.text("new-version").await?.contains("close the other tabs"))
        })
        .await?;
    ensure!(title(&visit).await? == "one");
    visit.close_tab(&first).await?;
    ensure!(title(&visit).await? == "one");
    visit.click("Update now").await?;
    visit
        .wait_until("the newer version itself", READY, async || Ok(title(&visit).await.is_ok_and(|t| t == "two")))
        .await?;
    visit.wait_for_status("idle", READY).await?;
    ensure!(visit.text("new-version").await?.is_empty(), "nothing waits any more");

    // An incomplete version is not offered.
    change(folder.path(), "three")?;
    fs::write(folder.path().join("icon.svg"), "of a version to come")?;
    open().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ensure!(visit.text("new-version").await?.is_empty() && title(&visit).await? == "two");
    visit.check_clean().await
}

/// Measures epochs per second over this duration.
async fn epochs_per_second(visit: &Visit, duration: Duration) -> Result<f64> {
    let (before, start) = (visit.number("epoch").await?, std::time::Instant::now());
    tokio::time::sleep(duration).await;
    Ok((visit.number("epoch").await? - before) / start.elapsed().as_secs_f64())
}

/// Measures a run visible and hidden in turn. Other load on the machine changes the speed, so hidden it counts against
/// the slower of the two spells around, and one of eight turns is enough: a browser that holds back hidden tabs does so
/// in each.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_tab_trains_at_full_speed() -> Result<()> {
    const SPELL: Duration = Duration::from_secs(4);
    for engine in ["cpu", "gpu"] {
        let visit = Visit::start().await?;
        visit.open(&format!("#hidden=64&epochs=100000&engine={engine}&autostart=1")).await?;
        visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= 3.0)).await?;
        let mut before = epochs_per_second(&visit, SPELL).await?;
        let mut speeds = Vec::new();
        let mut full = false;
        while !full && speeds.len() < 8 {
            visit.hide().await?;
            let is_hidden = async || Ok(visit.look("document.hidden").await? == true);
            visit.wait_until("the tab to be hidden", READY, is_hidden).await?;
            let hidden = epochs_per_second(&visit, 2 * SPELL).await?;
            visit.bring_to_front().await?;
            let after = epochs_per_second(&visit, SPELL).await?;
            speeds.push((before, hidden, after));
            full = hidden > 0.85 * before.min(after);
            before = after;
        }
        println!("{engine}: epochs per second, seen, hidden, seen again: {speeds:.2?}");
        ensure!(full, "{engine}: slower when hidden: {speeds:?}");
        visit.check_clean().await?;
    }
    Ok(())
}
