//! Runs that survive a killed browser, a lost worker, or a download and upload of their checkpoint. Each is compared
//! bitwise with an undisturbed run.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Options, Visit, pictures};
use serde_json::{Value, json};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);
/// A run of a few seconds, on a fixed engine.
const SETTINGS: &str = "#engine=cpu&hidden=128&epochs=80&seed=3&sampling=random&state=reset";

/// Keeps the page's workers in `workers`.
const KEEP_WORKERS: &str = "
    window.workers = [];
    window.Worker = class extends Worker { constructor(...about) { super(...about); workers.push(this); } };";

/// Calls a read method (`getAll`, `count`) of a store of the page's database.
const ASK_STORE: &str = "
    const [store, question] = arguments;
    return new Promise((resolve, reject) => {
        const open = indexedDB.open('time-traveller');
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
            const answer = open.result.transaction(store).objectStore(store)[question]();
            answer.onsuccess = () => { open.result.close(); resolve(answer.result); };
        };
    });";

async fn open(visit: &Visit) -> Result<()> {
    visit.open_idle(SETTINGS, READY).await
}

async fn wait_for_epoch(visit: &Visit, epoch: f64) -> Result<()> {
    visit.wait_until("more epochs", RUN, async || Ok(visit.number("epoch").await? >= epoch)).await
}

async fn records(visit: &Visit) -> Result<Vec<Value>> {
    let records = visit.script(ASK_STORE, vec![json!("records"), json!("getAll")]).await?;
    Ok(records.as_array().cloned().unwrap_or_default())
}

async fn number_of_texts(visit: &Visit) -> Result<Value> {
    visit.script(ASK_STORE, vec![json!("texts"), json!("count")]).await
}

/// Pauses the run and waits until it is saved; returns the saved epoch.
async fn pause_and_save(visit: &Visit) -> Result<f64> {
    visit.click("Pause").await?;
    visit.wait_for_status("paused", READY).await?;
    let epoch = visit.number("epoch").await?;
    visit
        .wait_until("the run to be saved", READY, async || {
            Ok(records(visit).await?.iter().any(|record| record["summary"]["epoch"] == epoch))
        })
        .await?;
    Ok(epoch)
}

/// Terminates the current worker and waits until the page has noticed.
async fn lose_worker(visit: &Visit) -> Result<()> {
    let lose = "const last = workers.at(-1);
        last.terminate();
        last.dispatchEvent(new ErrorEvent('error', { message: 'a test ended it' }));";
    visit.script(lose, vec![]).await?;
    let told = async || Ok(visit.text("kept").await?.contains("a test ended it"));
    visit.wait_until("the page to say so", READY, told).await
}

/// Checks that the run has resumed from this epoch, not started again, which would give the same curve.
async fn check_goes_on(visit: &Visit, saved: f64) -> Result<()> {
    let goes_on = async || {
        let anew = visit.text("untrained").await.is_ok();
        Ok(!anew && visit.number("epoch").await? >= saved)
    };
    visit.wait_until("the run to go on, and not from an untrained network", READY, goes_on).await
}

/// Trains the same settings again, undisturbed, and compares the last two columns of the CSV.
async fn check_against_an_undisturbed_run(visit: &Visit) -> Result<()> {
    visit.wait_for_status("finished", RUN).await?;
    visit.click("Train").await?;
    visit.wait_for_status("training", READY).await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.script("scrollTo(0, 0)", vec![]).await?;
    visit.click("Save CSV").await?;
    let csv = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    ensure!(rows.len() == 80, "{} epochs", rows.len());
    for row in rows {
        let values: Vec<&str> = row.rsplit(',').collect();
        ensure!(!values[0].is_empty() && values[0] == values[1], "not the same: {row}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_outlives_its_browser() -> Result<()> {
    let profile = tempfile::tempdir()?;
    let options = Options { profile: Some(profile.path().to_owned()), ..Options::default() };
    let visit = Visit::start_with(options).await?;
    open(&visit).await?;
    ensure!(visit.text("offers").await?.is_empty(), "something is offered at the first visit");
    visit.click("Train").await?;
    wait_for_epoch(&visit, 3.0).await?;
    let saved = pause_and_save(&visit).await?;
    visit.click("Resume").await?;
    // Continue past the saved epoch.
    wait_for_epoch(&visit, saved + 2.0).await?;
    let visit = visit.kill_and_return().await?;

    open(&visit).await?;
    let offered = async || Ok(visit.text("offers").await?.contains("A run was interrupted"));
    visit.wait_until("the offer", READY, offered).await?;
    let offer = visit.text("offers").await?;
    println!("{offer}");
    visit.check_accessibility("with a run to be resumed").await?;
    for (name, width, dark) in [("offer", 1440, false), ("offer-dark", 1440, true), ("offer-narrow", 390, false)] {
        visit.screenshot(name, width, 900, dark).await?;
    }
    ensure!(visit.status().await? == "idle", "it began by itself");
    visit.click("Resume this run").await?;
    check_goes_on(&visit, saved).await?;
    ensure!(visit.text("offers").await?.is_empty(), "what is under way is offered still");
    check_against_an_undisturbed_run(&visit).await?;

    // Both runs are finished: listed for download, but not offered to resume.
    let visit = visit.kill_and_return().await?;
    open(&visit).await?;
    let listed = async || Ok(visit.text("finished-runs").await?.matches("epoch 80 of 80").count() == 2);
    visit.wait_until("both runs in the list", READY, listed).await?;
    ensure!(visit.text("offers").await?.is_empty(), "a finished run is offered as interrupted");
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_worker_is_replaced_and_the_run_goes_on() -> Result<()> {
    let visit = Visit::start().await?;
    visit.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": KEEP_WORKERS })).await?;
    open(&visit).await?;
    visit.click("Train").await?;
    wait_for_epoch(&visit, 3.0).await?;
    let saved = pause_and_save(&visit).await?;
    visit.click("Resume").await?;
    wait_for_epoch(&visit, saved + 2.0).await?;
    lose_worker(&visit).await?;
    println!("{}", visit.text("kept").await?);
    check_goes_on(&visit, saved).await?;
    check_against_an_undisturbed_run(&visit).await?;
    ensure!(visit.look("workers.length").await? == 2, "not one worker in place of another");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_goes_to_the_disk_and_comes_back() -> Result<()> {
    let visit = Visit::start().await?;
    open(&visit).await?;
    visit.click("Train").await?;
    wait_for_epoch(&visit, 3.0).await?;
    let epoch = pause_and_save(&visit).await?;
    visit.click("Download checkpoint").await?;
    let name = format!("time-traveller-hidden-128-epoch-{epoch}.safetensors");
    let bytes = visit.saved(&name, READY).await?;
    let file = pictures()?.join("downloaded.safetensors");
    std::fs::write(&file, &bytes)?;
    visit.click("Continue in PyTorch").await?;
    let script = String::from_utf8(visit.saved("continue_in_pytorch.py", READY).await?)?;
    ensure!(script.contains("import torch"), "{script}");

    // After a reset only the file is left.
    visit.click("Reset").await?;
    visit.wait_until("the run to be forgotten", READY, async || Ok(records(&visit).await?.is_empty())).await?;
    std::fs::write(file.with_extension("cut"), &bytes[..bytes.len() - 9])?;
    visit.choose_file("Open a checkpoint", &file.with_extension("cut")).await?;
    let refused = async || Ok(visit.text("opened").await?.contains("The checkpoint can't be used"));
    visit.wait_until("a refusal", READY, refused).await?;
    println!("{}", visit.text("opened").await?);
    visit.choose_file("Open a checkpoint", &file).await?;
    visit.wait_until("the file", READY, async || Ok(visit.text("opened").await?.contains("hidden 128"))).await?;
    println!("{}", visit.text("opened").await?);
    visit.check_accessibility("with a checkpoint file").await?;
    visit.screenshot("opened", 1440, 1400, false).await?;
    visit.click("Resume this run").await?;
    check_goes_on(&visit, epoch).await?;
    check_against_an_undisturbed_run(&visit).await?;
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_visitors_own_text_is_resumed_with_its_text() -> Result<()> {
    let visit = Visit::start().await?;
    visit.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": KEEP_WORKERS })).await?;
    visit.open_idle("#engine=cpu&hidden=64&epochs=100000", READY).await?;
    let file = pictures()?.join("tides.txt");
    std::fs::write(&file, "The tide turns; the boats, all twelve of them, turn with it.\n".repeat(300))?;
    visit.choose_text(&file, READY).await?;
    visit.click("Train").await?;
    wait_for_epoch(&visit, 3.0).await?;
    let saved = pause_and_save(&visit).await?;
    ensure!(number_of_texts(&visit).await? == 1, "the text is not kept");

    // Another visit, with the book's text at first.
    open(&visit).await?;
    visit.wait_until("the offer", READY, async || Ok(visit.text("offers").await?.contains("tides.txt"))).await?;
    visit.click("Resume this run").await?;
    check_goes_on(&visit, saved).await?;
    let facts = visit.look("document.querySelector('[data-testid=text-facts]').textContent").await?;
    ensure!(facts.as_str().is_some_and(|facts| facts.starts_with("tides.txt; ")), "the text is another: {facts}");
    wait_for_epoch(&visit, saved + 2.0).await?;
    let saved = pause_and_save(&visit).await?;
    visit.click("Resume").await?;
    visit.wait_for_status("training", READY).await?;
    lose_worker(&visit).await?;
    check_goes_on(&visit, saved).await?;
    wait_for_epoch(&visit, saved + 2.0).await?;
    ensure!(visit.text("error").await?.is_empty(), "{}", visit.text("error").await?);

    visit.click("Reset").await?;
    let nothing = async || Ok(records(&visit).await?.is_empty() && number_of_texts(&visit).await? == 0);
    visit.wait_until("run and text to be forgotten", READY, nothing).await
}
