//! A short way through the page in `dist/` in browsers of three engines, on the CPU, which all of them train on. Firefox
//! and WebKitGTK are not everywhere: `cargo xtask test --only other-browsers` installs them where it can.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Browser, Options, Visit};
use serde_json::json;

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);
/// Longer than an epoch of these settings.
const A_WHILE: Duration = Duration::from_secs(1);
/// A run that does not end by itself, and a short one.
const ENDLESS: &str = "#engine=cpu&hidden=64&epochs=100000&threads=3";
const SHORT: &str = "#engine=cpu&hidden=32&tokens=2000&epochs=12&threads=3";
/// Firefox and MiniBrowser have no windows as narrow as a telephone.
const NARROW: (u32, u32) = (390, 844);

#[tokio::test(flavor = "multi_thread")]
async fn in_chromium() -> Result<()> {
    walks(Browser::Chromium, "chromium").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Firefox and geckodriver: cargo xtask test --only other-browsers"]
async fn in_firefox() -> Result<()> {
    walks(Browser::Firefox, "firefox").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs WebKitGTK's driver and Xvfb: cargo xtask test --only other-browsers"]
async fn in_webkit() -> Result<()> {
    walks(Browser::WebKit, "webkit").await
}

/// Where the host lets pages share memory, and where it does not.
async fn walks(browser: Browser, name: &str) -> Result<()> {
    walk(browser, name, false).await?;
    walk(browser, &format!("{name}-isolated"), true).await
}

async fn walk(browser: Browser, name: &str, isolated: bool) -> Result<()> {
    // Without WebGPU, as it is on Linux in the other two.
    let visit = &Visit::start_with(Options { browser, isolated, webgpu: false, ..Options::default() }).await?;
    visit.resize(1280, 1000).await?;
    visit.open_idle(ENDLESS, READY).await?;
    println!("{}: {}, trains on {}", name, visit.name(), visit.text("device").await?);
    visit.picture(&format!("{name}-idle")).await?;

    let paused_at = train_and_pause(visit, name).await?;
    // WebKitGTK has no shared memory, isolated or not.
    let can_share = visit.look("typeof SharedArrayBuffer === 'function'").await? == true;
    ensure!(can_share == (isolated && browser != Browser::WebKit), "shared memory: {can_share}");
    ensure!(visit.text("device").await?.ends_with("× 3") == can_share, "on {}", visit.text("device").await?);
    generate(visit).await?;
    download(visit, paused_at).await?;
    resume_after_a_reload(visit, paused_at).await?;
    train_on_an_own_text(visit, name).await?;
    press(visit, "#language").await?;
    ensure!(visit.text("moment-title").await?.contains("困惑度"), "{}", visit.text("moment-title").await?);
    visit.picture(&format!("{name}-finished-chinese")).await?;
    in_a_narrow_window(visit, name).await?;
    visit.check_clean().await?;
    check_that_requests_are_seen(visit).await
}

/// Clicks the first element that matches, visible or not.
async fn press(visit: &Visit, selector: &str) -> Result<()> {
    visit.script("document.querySelector(arguments[0]).click()", vec![json!(selector)]).await.map(drop)
}

async fn wait_for_epoch(visit: &Visit, epoch: f64) -> Result<()> {
    visit.wait_until("more epochs", RUN, async || Ok(visit.number("epoch").await? >= epoch)).await
}

/// Returns the epoch at which the run rests.
async fn train_and_pause(visit: &Visit, name: &str) -> Result<f64> {
    visit.click("Train").await?;
    wait_for_epoch(visit, 3.0).await?;
    visit.picture(&format!("{name}-training")).await?;
    visit.click("Pause").await?;
    visit.wait_for_status("paused", READY).await?;
    let paused_at = visit.number("epoch").await?;
    tokio::time::sleep(A_WHILE).await;
    ensure!(visit.number("epoch").await? == paused_at, "a paused run went on");
    let perplexity = visit.number("perplexity").await?;
    ensure!(perplexity > 1.0 && perplexity < 28.0, "perplexity {perplexity} after {paused_at} epochs");
    Ok(paused_at)
}

async fn generate(visit: &Visit) -> Result<()> {
    visit.type_into("Prefix", "the machine").await?;
    visit.click("Generate").await?;
    // WebDriver trims the text, and an early network may generate only spaces.
    let generated = "document.querySelector('[data-testid=generated]').textContent";
    let is_longer = |text: &str| text.starts_with("the machine") && text.len() > "the machine".len();
    let there = async || Ok(visit.look(generated).await?.as_str().is_some_and(is_longer));
    visit.wait_until("a continuation", READY, there).await
}

async fn download(visit: &Visit, epoch: f64) -> Result<()> {
    visit.click("Download checkpoint").await?;
    let bytes = visit.saved(&format!("time-traveller-hidden-64-epoch-{epoch}.safetensors"), READY).await?;
    ensure!(bytes.get(8) == Some(&b'{'), "that is no safetensors file");
    Ok(())
}

async fn resume_after_a_reload(visit: &Visit, paused_at: f64) -> Result<()> {
    visit.reload().await?;
    visit.wait_for_status("idle", READY).await?;
    let offered = async || Ok(visit.text("offers").await?.contains(&format!("epoch {paused_at} of 100000")));
    visit.wait_until("the offer", READY, offered).await?;
    visit.click("Resume this run").await?;
    wait_for_epoch(visit, paused_at + 3.0).await?;
    ensure!(visit.text("untrained").await.is_err(), "it began anew");
    visit.click("Reset").await?;
    visit.wait_for_status("idle", READY).await
}

async fn train_on_an_own_text(visit: &Visit, name: &str) -> Result<()> {
    visit.open_idle(SHORT, READY).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tides.txt");
    fs::write(&file, "The tide turns; the boats, all twelve of them, turn with it.\n".repeat(300))?;
    visit.choose_text(&file, READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.text("epoch").await? == "12 of 12", "finished at {}", visit.text("epoch").await?);
    // The list is drawn after the figures.
    visit.wait_until("every epoch's sample", READY, async || Ok(visit.samples().await?.len() == 12)).await?;
    ensure!(visit.text("error").await?.is_empty(), "{}", visit.text("error").await?);
    visit.script("scrollTo(0, 0)", vec![]).await?;
    visit.picture(&format!("{name}-finished")).await
}

/// In Chinese at first, as the page was left.
async fn in_a_narrow_window(visit: &Visit, name: &str) -> Result<()> {
    visit.open_in_frame(SHORT, NARROW.0, NARROW.1).await?;
    visit.wait_for_status("idle", READY).await?;
    let fits = "document.documentElement.scrollWidth <= innerWidth && innerWidth";
    ensure!(visit.look(fits).await? == NARROW.0, "in Chinese something is wider than the window");
    visit.picture(&format!("{name}-narrow-chinese")).await?;
    press(visit, "#language").await?;
    // WebKit's driver does not reach a bar at the lower edge of a frame.
    visit.script("document.querySelector('.controls .buttons button').click()", vec![]).await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.look(fits).await? == NARROW.0, "something is wider than the window");
    visit.picture(&format!("{name}-narrow-finished")).await?;
    visit.leave_frame().await
}

/// The browser does ask the proxy, so that a request to another place would have been noticed.
async fn check_that_requests_are_seen(visit: &Visit) -> Result<()> {
    visit.script("new Image().src = 'http://page.invalid/picture.png'", vec![]).await?;
    let seen = async || Ok(visit.foreign_requests() == ["GET http://page.invalid/picture.png"]);
    visit.wait_until("the request", READY, seen).await
}
