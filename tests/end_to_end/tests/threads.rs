//! The CPU engine on several threads in the browser, where the site lets pages share memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Options, Visit, copy_folder};
use time_traveller::train::Checkpoint;

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);

/// Settings of every cell and style, and the beginning of their files' names; each is trained in a moment.
const NETWORKS: [(&str, &str); 6] = [
    ("cell=rnn", ""),
    ("cell=rnn&style=concise&layers=2", ""),
    ("cell=gru", "gru-"),
    ("cell=gru&style=concise&optimizer=adam&lr=0.01", "gru-"),
    ("cell=lstm&optimizer=momentum&lr=0.1", "lstm-"),
    ("cell=lstm&style=concise&layers=2&validation=300", "lstm-"),
];

async fn isolated() -> Result<Visit> {
    Visit::start_with(Options { isolated: true, webgpu: false, ..Options::default() }).await
}

/// Trains a network of these settings; returns the device's name and the run at its end, without what it was run on.
async fn train(
    visit: &Visit,
    (network, cell): (&str, &str),
    threads: usize,
    epochs: u32,
) -> Result<(String, Checkpoint)> {
    let common = "hidden=50&batch=4&steps=7&tokens=200&engine=cpu";
    visit.open_idle(&format!("#{common}&{network}&epochs={epochs}&threads={threads}"), READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    let device = visit.text("device").await?;
    visit.click("Download checkpoint").await?;
    let name = format!("time-traveller-{cell}hidden-50-epoch-{epochs}.safetensors");
    let mut run = Checkpoint::read(&visit.saved(&name, READY).await?)?;
    run.config.threads = Default::default();
    run.reports.iter_mut().for_each(|report| report.tokens_per_second = 1.0);
    Ok((device, run))
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_threads_gives_the_same_bits() -> Result<()> {
    let visit = isolated().await?;
    for network in NETWORKS {
        let (device, one) = train(&visit, network, 1, 20).await?;
        ensure!(!device.contains('×'), "{device} with one thread");
        for threads in [2, 3, 7] {
            let (device, several) = train(&visit, network, threads, 20).await?;
            ensure!(device.ends_with(&format!("× {threads}")), "{device} with {threads} threads");
            ensure!(several == one, "{network:?} with {threads} threads");
        }
    }
    visit.check_clean().await
}

/// Trains, and returns the name of the device that did it.
async fn device(visit: &Visit, threads: usize) -> Result<String> {
    visit.open_idle(&format!("#engine=cpu&hidden=32&epochs=2&threads={threads}"), READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.text("device").await
}

async fn is_isolated(visit: &Visit) -> Result<bool> {
    Ok(visit.look("crossOriginIsolated").await? == true)
}

/// Whether the page says why there is one thread.
async fn says_why(visit: &Visit) -> Result<bool> {
    Ok(visit.look("Boolean(document.querySelector('[data-testid=one-thread]')?.checkVisibility())").await? == true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_headers_gives_threads_from_the_second_load_on() -> Result<()> {
    let visit = Visit::start_with(Options { webgpu: false, ..Options::default() }).await?;
    ensure!(!device(&visit, 2).await?.contains('×') && !is_isolated(&visit).await?);
    ensure!(says_why(&visit).await?);
    visit.allow_scripts(READY).await?;
    visit.look("navigator.serviceWorker.ready.then(() => true)").await?;
    ensure!(device(&visit, 2).await?.ends_with("× 2") && is_isolated(&visit).await?);
    ensure!(!says_why(&visit).await?);
    // And no further: the page loads once.
    let loads = visit.look("performance.getEntriesByType('navigation').length").await?;
    ensure!(loads == 1, "{loads} navigations");
    ensure!(!device(&visit, 1).await?.contains('×'));
    visit.check_clean().await
}

/// The page with a script of another content, or without it.
async fn with_script(name: &str, content: Option<&str>) -> Result<(tempfile::TempDir, Visit)> {
    let folder = tempfile::tempdir()?;
    let page = Options::default().folder;
    copy_folder(&page, folder.path())?;
    let script = folder.path().join(name);
    match content {
        Some(content) => std::fs::write(script, content)?,
        None => std::fs::remove_file(script)?,
    }
    let options = Options { folder: folder.path().to_owned(), isolated: true, webgpu: false, ..Options::default() };
    Ok((folder, Visit::start_with(options).await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_can_not_be_started_are_done_without() -> Result<()> {
    for script in [None, Some("throw new Error('no thread today')")] {
        let (_folder, visit) = with_script("core.js", script).await?;
        let name = device(&visit, 3).await?;
        ensure!(!name.contains('×'), "{name}");
    }
    Ok(())
}

/// A thread that was ready and then never comes is given up, and the run goes on, with the same bits.
#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_is_lost_changes_nothing_but_the_time() -> Result<()> {
    let through = train(&isolated().await?, NETWORKS[0], 1, 5).await?.1;
    let (_folder, visit) = with_script("core.js", Some("onmessage = () => postMessage('ready')")).await?;
    let (device, run) = train(&visit, NETWORKS[0], 2, 5).await?;
    ensure!(!device.contains('×'), "{device}");
    ensure!(run == through, "other bits");
    Ok(())
}

/// A browser that refuses memory is said in a sentence with the number, and a smaller network trains.
#[tokio::test(flavor = "multi_thread")]
async fn refused_memory_is_said_and_smaller_networks_train() -> Result<()> {
    const REFUSING: &str = "const grow = WebAssembly.Memory.prototype.grow;
        WebAssembly.Memory.prototype.grow = function (pages) {
            if (pages > 160) throw new RangeError('no memory today');
            return grow.call(this, pages);
        };\n";
    let script = std::fs::read_to_string(Options::default().folder.join("worker.js"))?;
    let (_folder, visit) = with_script("worker.js", Some(&(REFUSING.to_owned() + &script))).await?;
    visit.open_idle("#engine=cpu&hidden=1024&epochs=2&threads=2", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("failed", RUN).await?;
    let said = visit.text("error").await?;
    ensure!(said.contains(" MB"), "{said}");
    ensure!(device(&visit, 2).await?.ends_with("× 2"));
    Ok(())
}

/// A paused run keeps its threads while others are asked for beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_goes_on_at_once_after_others_had_threads() -> Result<()> {
    let visit = isolated().await?;
    visit.open_idle("#engine=cpu&hidden=64&epochs=100000&threads=3", READY).await?;
    visit.click("Train").await?;
    visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= 3.0)).await?;
    visit.click("Pause").await?;
    visit.wait_for_status("paused", READY).await?;
    let paused_at = visit.number("epoch").await?;
    visit.type_into("Threads", "2").await?;
    visit.toggle("Kernel timings").await?;
    visit.click("Measure").await?;
    visit.wait_until("timings", READY, async || Ok(visit.can_click("Measure").await.unwrap_or(false))).await?;
    visit.click("Resume").await?;
    // Sooner than a lost thread is given up.
    let soon = Duration::from_secs(5);
    visit.wait_until("epochs", soon, async || Ok(visit.number("epoch").await? >= paused_at + 3.0)).await?;
    ensure!(visit.text("device").await?.ends_with("× 3"), "on {}", visit.text("device").await?);
    visit.check_clean().await
}
