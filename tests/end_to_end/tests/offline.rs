//! The page without a network, the page in a newer version, and the page in a tab that nobody looks at.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Options, Visit};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(600);

/// Waits until the page is kept.
async fn kept(visit: &Visit) -> Result<()> {
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
    visit.open("#hidden=32&epochs=2").await?;
    visit.wait_for_status("idle", READY).await?;
    kept(&visit).await?;
    visit.check_clean().await?;
    visit.cut_off();
    visit.open("#hidden=32&epochs=3").await?;
    visit.wait_for_status("idle", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.text("epoch").await? == "3 of 3");
    // The kernels of the notes too.
    visit.script("document.querySelectorAll('.explain').forEach(note => note.open = true)", vec![]).await?;
    visit
        .wait_until("the kernels", READY, async || {
            Ok(visit.look("document.querySelectorAll('.kernel').length").await? == 7)
        })
        .await?;
    visit.check_clean().await
}

/// A copy of the built page that can be changed.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, to) = (entry?.path(), to.to_owned());
        let to = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() { copy(&path, &to)? } else { _ = fs::copy(&path, &to)? }
    }
    Ok(())
}

/// Another version of the page: of these words in its description.
fn change(folder: &Path, words: &str) -> Result<()> {
    let page = folder.join("index.html");
    let html = fs::read_to_string(&page)?;
    let (before, rest) = html.split_once("name=\"description\"").context("the page has a description")?;
    let (_, after) = rest.split_once("/>").context("the tag has an end")?;
    fs::write(&page, format!("{before}name=\"description\" content=\"{words}\" />{after}"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let finish = ["run", "--quiet", "--package", "xtask", "--", "finish"];
    let done = Command::new(cargo).args(finish).env("TRUNK_STAGING_DIR", folder).status()?;
    ensure!(done.success(), "xtask could not finish {}", folder.display());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_offered_and_never_mixed_with_the_old() -> Result<()> {
    let folder = tempfile::tempdir()?;
    copy(&Options::default().folder, folder.path())?;
    change(folder.path(), "one")?;
    let visit = Visit::start_with(Options { folder: folder.path().to_owned(), ..Options::default() }).await?;
    let open = async || {
        visit.open("#hidden=32&epochs=2&engine=cpu").await?;
        visit.wait_for_status("idle", READY).await?;
        kept(&visit).await
    };
    open().await?;
    ensure!(visit.text("new-version").await?.is_empty(), "the first visit has no other version");
    change(folder.path(), "two")?;
    open().await?;
    ensure!(title(&visit).await? == "one", "what was kept is shown first");
    let offered = async || Ok(visit.text("new-version").await?.contains("newer version"));
    visit.wait_until("the newer version", READY, offered).await?;
    visit.check_accessibility("with a newer version").await?;
    visit.screenshot("new-version", 1440, 900, false).await?;

    // Another tab has the old version; until it is closed there is no change.
    let first = visit.open_tab().await?;
    open().await?;
    visit.wait_until("the newer version", READY, offered).await?;
    visit.click("Change over to it").await?;
    visit
        .wait_until("the word of the other tab", READY, async || {
            Ok(visit.text("new-version").await?.contains("close the other tabs"))
        })
        .await?;
    ensure!(title(&visit).await? == "one");
    visit.close_tab(&first).await?;
    ensure!(title(&visit).await? == "one");
    visit.click("Change over to it").await?;
    visit
        .wait_until("the newer version itself", READY, async || Ok(title(&visit).await.is_ok_and(|t| t == "two")))
        .await?;
    visit.wait_for_status("idle", READY).await?;
    ensure!(visit.text("new-version").await?.is_empty(), "nothing waits any more");

    // A version that is not whole is none.
    change(folder.path(), "three")?;
    fs::write(folder.path().join("icon.svg"), "of a version to come")?;
    open().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ensure!(visit.text("new-version").await?.is_empty() && title(&visit).await? == "two");
    visit.check_clean().await
}

/// The pace of training in tokens per second, by the epochs of a while.
async fn pace(visit: &Visit, while_: Duration) -> Result<f64> {
    let (before, start) = (visit.number("epoch").await?, std::time::Instant::now());
    tokio::time::sleep(while_).await;
    Ok((visit.number("epoch").await? - before) / start.elapsed().as_secs_f64())
}

/// In one run, in turn: seen, hidden, seen. A busy machine changes its pace, so one turn of three will do.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_tab_trains_at_full_speed() -> Result<()> {
    for engine in ["cpu", "gpu"] {
        let visit = Visit::start().await?;
        visit.open(&format!("#hidden=64&epochs=100000&engine={engine}&autostart=1")).await?;
        visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= 3.0)).await?;
        let mut speeds = Vec::new();
        for _ in 0..3 {
            let seen = pace(&visit, Duration::from_secs(4)).await?;
            visit.hide().await?;
            let is_hidden = async || Ok(visit.look("document.hidden").await? == true);
            visit.wait_until("the tab to be hidden", READY, is_hidden).await?;
            let hidden = pace(&visit, Duration::from_secs(8)).await?;
            visit.bring_to_front().await?;
            speeds.push((seen, hidden));
            if hidden > 0.85 * seen {
                break;
            }
        }
        println!("{engine}: epochs per second, seen and hidden: {speeds:.2?}");
        ensure!(speeds.iter().any(|(seen, hidden)| *hidden > 0.85 * seen), "{engine}: slower when hidden: {speeds:?}");
        visit.check_clean().await?;
    }
    Ok(())
}
