//! What a visitor does on the page in `dist/`: trains, pauses, resumes, generates, resets; also with a mistake in the
//! address, and without WebGPU.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Options, Visit, pictures};
use time_traveller::kernels;
use time_traveller::model::Sizes;
use time_traveller::network::{Parameters, parameters_file};

/// Time to open a device and compile the kernels, on a software adapter and a busy machine.
const READY: Duration = Duration::from_secs(90);
/// Time for a small run on a software adapter.
const RUN: Duration = Duration::from_secs(600);
/// Long enough for several epochs of a small network.
const A_WHILE: Duration = Duration::from_secs(2);
/// Milliseconds that no task may take; browsers call longer ones long.
const SHORT: f64 = 50.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_trains_pauses_resumes_and_generates() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#engine=gpu&hidden=64&epochs=15", READY).await?;
    visit.screenshot("idle", 1440, 900, false).await?;

    // Found beforehand, since a fast device finishes the run quickly.
    let pause = visit.button("Pause").await?;
    visit.click("Train").await?;
    visit.wait_until("the first epoch", RUN, async || Ok(visit.number("epoch").await? >= 1.0)).await?;
    pause.click().await?;
    visit.wait_for_status("paused", READY).await?;
    let paused_at = visit.text("epoch").await?;
    let samples = visit.samples().await?.len();
    let first = visit.number("perplexity").await?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(visit.text("epoch").await?, paused_at, "a paused run went on");
    assert_eq!(visit.samples().await?.len(), samples, "a paused run went on");

    visit.click("Resume").await?;
    visit.wait_for_status("training", READY).await?;
    visit.type_into("Prefix", "the machine").await?;
    visit.click("Generate").await?;
    visit.wait_until("a continuation", READY, async || Ok(!visit.text("generated").await?.is_empty())).await?;
    // WebDriver trims the text, and an early network may generate only spaces.
    let generated = visit.look("document.querySelector('[data-testid=generated]').textContent").await?;
    let generated = generated.as_str().unwrap_or_default();
    assert!(generated.starts_with("the machine") && generated.len() > "the machine".len(), "{generated}");
    visit.screenshot("training", 1440, 900, false).await?;

    visit.wait_for_status("finished", RUN).await?;
    check_finished(&visit, first).await?;
    for (name, width, height, dark) in
        [("finished", 1440, 900, false), ("finished-dark", 1440, 900, true), ("finished-narrow", 390, 844, false)]
    {
        visit.screenshot(name, width, height, dark).await?;
    }
    visit.check_clean().await
}

/// Checks the result of a run of 15 epochs.
async fn check_finished(visit: &Visit, first_perplexity: f64) -> Result<()> {
    let (epoch, perplexity) = (visit.number("epoch").await?, visit.number("perplexity").await?);
    let (speed, device) = (visit.number("tokens-per-second").await?, visit.text("device").await?);
    println!("epoch {epoch}, perplexity {perplexity}, {speed} tokens/s on {device}");
    assert_eq!(epoch, 15.0);
    assert!(perplexity > 1.0 && perplexity < 14.0, "perplexity {perplexity}");
    assert!(perplexity < first_perplexity, "perplexity went from {first_perplexity} to {perplexity}");
    assert!(speed > 0.0 && !device.is_empty());

    let mut samples = visit.samples().await?;
    samples.sort();
    assert_eq!(samples.iter().map(|sample| sample.0).collect::<Vec<_>>(), (1..=15).collect::<Vec<_>>());
    assert!(samples.iter().all(|(_, text)| !text.trim().is_empty()), "{samples:?}");
    assert_eq!(visit.text("error").await?, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_leaves_an_idle_page() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&epochs=5000", READY).await?;
    visit.click("Train").await?;
    visit.wait_until("the first epoch", RUN, async || Ok(visit.number("epoch").await? >= 1.0)).await?;
    visit.click("Reset").await?;
    visit.wait_for_status("idle", READY).await?;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(visit.status().await?, "idle", "the run went on after the reset");
    assert_eq!(visit.number("epoch").await?, 0.0);
    assert_eq!(visit.samples().await?, []);
    visit.check_clean().await
}

/// A file with the initial parameters of the seed must give the same run, and another file another run.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_start_from_a_file() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&epochs=2&seed=5", READY).await?;
    let by_seed = train(&visit).await?;
    visit.toggle("Start from a file").await?;
    for (seed, same) in [(5, true), (6, false)] {
        let sizes = Sizes { batch: 32, steps: 35, hidden: 16, vocabulary: 28 };
        let file = pictures()?.join(format!("seed-{seed}.safetensors"));
        std::fs::write(&file, parameters_file::write(&Parameters::init(kernels::network(sizes), seed)))?;
        visit.choose_file("Initial parameters", &file).await?;
        let shown = format!("seed-{seed}.safetensors, 5.");
        visit.wait_until("the file", READY, async || Ok(visit.text("chosen").await?.starts_with(&shown))).await?;
        let from_file = train(&visit).await?;
        ensure!((from_file == by_seed) == same, "by the seed {by_seed:?}, from the file of seed {seed} {from_file:?}");
    }
    visit.type_into("Hidden units", "17").await?;
    visit.click("Train").await?;
    visit.wait_for_status("failed", READY).await?;
    let error = visit.text("error").await?;
    ensure!(error.contains("w_xh has the shape [28, 16], not [28, 17]"), "{error}");
    visit.check_clean().await
}

/// Trains to the end. Returns the untrained sample, which identifies the initial network best, the last perplexity, and
/// the samples.
async fn train(visit: &Visit) -> Result<(String, String, Vec<(u32, String)>)> {
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    Ok((visit.text("untrained").await?, visit.text("perplexity").await?, visit.samples().await?))
}

/// Opens the page with these settings and trains to the end; returns the device.
async fn train_on(visit: &Visit, settings: &str) -> Result<String> {
    visit.open_idle(settings, READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.text("device").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_address_is_named_and_nothing_trains() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open("#hidden=0").await?;
    visit.wait_until("a sentence", READY, async || Ok(visit.text("error").await?.contains("hidden"))).await?;
    visit.wait_for_status("idle", READY).await?;
    if visit.can_click("Train").await? {
        visit.click("Train").await?;
    }
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(visit.status().await?, "idle", "it trains on a guess");
    assert_eq!(visit.number("epoch").await?, 0.0);
    println!("{}", visit.text("error").await?);
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_webgpu_the_page_trains_on_the_cpu_and_says_what_helps() -> Result<()> {
    let visit = Visit::start_with(Options { webgpu: false, ..Options::default() }).await?;
    let device = train_on(&visit, "#hidden=64&epochs=15").await?;
    assert!(device.contains("CPU") && device.contains("SIMD"), "{device}");
    let perplexity = visit.number("perplexity").await?;
    assert!(perplexity < 15.0, "{perplexity}");
    let notice = visit.text("notice").await?;
    ensure!(notice.contains("trains on the CPU") && notice.contains("To use the GPU"), "{notice}");

    visit.open_idle("#engine=gpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_until("a sentence", READY, async || Ok(!visit.text("error").await?.is_empty())).await?;
    let error = visit.text("error").await?;
    println!("{error}");
    // Chrome may lack the API, or have it and find no adapter: both errors name these.
    for word in ["WebGPU", "Chrome", "enable-unsafe-webgpu"] {
        assert!(error.contains(word), "the page does not speak of {word}: {error}");
    }
    visit.screenshot("no-webgpu", 1440, 900, false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fastest_device_trains() -> Result<()> {
    let visit = Visit::start().await?;
    let device = train_on(&visit, "#hidden=256&epochs=2").await?;
    let race = visit.text("race").await?;
    println!("{device}, by {race}");
    ensure!(race.contains("tokens/s") && race.contains(&device), "{device} is not in the race {race}");
    visit.check_clean().await
}

/// The page must not stutter while its worker trains the book's network.
///
/// On a busy machine any task and any frame takes long now and then. So a task counts by the processor's time, and the
/// frames beside those of an empty page in a browser of its own in the same spell; one good spell of four is enough.
#[tokio::test(flavor = "multi_thread")]
async fn frames_stay_short_while_the_books_network_trains() -> Result<()> {
    check_frames("#engine=gpu&hidden=512&epochs=100000").await
}

/// As many threads as cores: the page's own has to share one.
#[tokio::test(flavor = "multi_thread")]
async fn frames_stay_short_while_all_cores_train() -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    check_frames(&format!("#engine=cpu&hidden=512&epochs=100000&threads={cores}")).await
}

async fn check_frames(settings: &str) -> Result<()> {
    let visit = Visit::start_with(Options { trace: true, isolated: true, ..Options::default() }).await?;
    let empty = empty_page().await?;
    visit.open_idle(settings, READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("training", READY).await?;
    visit.watch_frames().await?;
    empty.watch_frames().await?;
    let mut spells = Vec::new();
    let mut smooth = false;
    while !smooth && spells.len() < 4 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (frames, beside) = (visit.frames().await?, empty.frames().await?);
        let (epoch, speed) = (visit.text("epoch").await?, visit.text("tokens-per-second").await?);
        println!("{frames:?}, of an empty page {beside:?}; epoch {epoch}, {speed} tokens/s");
        ensure!(frames.count > 0, "the page drew nothing for ten seconds");
        smooth = frames.longest_gap < SHORT.max(2.0 * beside.longest_gap);
        spells.push((frames, beside));
    }
    ensure!(smooth, "gaps between frames of {SHORT} ms or more, and twice those of an empty page: {spells:#?}");
    ensure!(visit.status().await? == "training", "it did not train all the while");
    let tasks = visit.tasks().await?;
    println!("{} tasks of the main thread, the longest {:?}", tasks.len(), tasks.first());
    ensure!(
        tasks.first().is_some_and(|task| task.processor < SHORT),
        "long tasks: {:#?}",
        &tasks[..tasks.len().min(5)]
    );
    visit.check_clean().await
}

async fn empty_page() -> Result<Visit> {
    let folder = tempfile::tempdir()?;
    let page = r#"<!doctype html><title>Empty</title><p data-testid="status">Nothing</p>"#;
    std::fs::write(folder.path().join("index.html"), page)?;
    let empty = Visit::start_with(Options { folder: folder.path().to_owned(), ..Options::default() }).await?;
    empty.open("").await?;
    Ok(empty)
}
