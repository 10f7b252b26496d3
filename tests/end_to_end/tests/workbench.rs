//! Comparing runs, the epoch slider, text generation, hyperparameters in mid-run, explanations, languages, sizes.
//! Screenshots go to `test-output/`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Options, Visit, pictures};
use serde_json::json;

/// Time to open a device, on a software adapter and a busy machine.
const READY: Duration = Duration::from_secs(90);
/// Time for a small run on a software adapter.
const RUN: Duration = Duration::from_secs(600);

/// Long enough for many frames and some epochs.
const SPELL: Duration = Duration::from_secs(20);

/// Sets a field, slider or select, with the events of a visitor's input.
async fn set(visit: &Visit, selector: &str, value: &str) -> Result<()> {
    let script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];
        for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));";
    visit.script(script, vec![json!(selector), json!(value)]).await.map(drop)
}

/// Clicks the first element that matches, visible or not.
async fn press(visit: &Visit, selector: &str) -> Result<()> {
    visit.script("document.querySelector(arguments[0]).click()", vec![json!(selector)]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_compares_runs_looks_back_generates_and_reads() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open("#hidden=64&epochs=15&engine=cpu&autostart=1").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.check_accessibility("in a finished run").await?;

    // The second of two clicks: the other sampling, with the same seed.
    visit.click("Compare with random sampling").await?;
    visit
        .wait_until("the second run", RUN, async || {
            Ok(visit.look("document.querySelectorAll('[data-testid=runs] > li').length").await? == 2
                && visit.status().await? == "finished")
        })
        .await?;
    let names = visit.look("[...document.querySelectorAll('.run-name')].map(name => name.placeholder)").await?;
    ensure!(names == json!(["sequential, state carried", "random"]), "{names}");
    ensure!(visit.look("location.hash").await?.as_str().is_some_and(|hash| hash.contains("seed=1")));
    let legend = visit.text("legend-runs").await?;
    ensure!(legend.contains("random"), "{legend}");

    // An earlier epoch, on the chart and as a sample.
    set(&visit, ".scrub", "3").await?;
    visit.wait_until("epoch 3", READY, async || Ok(visit.text("moment-title").await?.starts_with("Epoch 3:"))).await?;
    ensure!(visit.look("document.querySelector('.rows [aria-current]').dataset.epoch").await? == "3");
    ensure!(
        visit
            .look("document.querySelector('[data-testid=reading]').textContent")
            .await?
            .to_string()
            .contains("Epoch 3")
    );
    let point = "const chart = document.querySelector('[data-testid=chart]'), box = chart.getBoundingClientRect();
        chart.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: box.left + 60, clientY: box.top + 60 }))";
    visit.script(point, vec![]).await?;
    visit
        .wait_until("what is pointed at", READY, async || Ok(visit.text("reading").await?.starts_with("Epoch 0")))
        .await?;
    visit.script("document.querySelector('.frame').dispatchEvent(new PointerEvent('pointerleave'))", vec![]).await?;
    visit.screenshot("runs", 1440, 900, false).await?;
    press(&visit, ".tools .switch input").await?;
    visit.screenshot("logarithmic-dark", 1440, 900, true).await?;

    save_and_share(&visit).await?;
    generate(&visit).await?;
    read(&visit).await?;
    other_looks(&visit).await?;
    visit.check_clean().await
}

/// Saves the chart as PNG, SVG and CSV; renames, shares, loads and deletes a run.
async fn save_and_share(visit: &Visit) -> Result<()> {
    visit.type_into("Name of run 2", "shuffled\u{e007}").await?; // and Enter
    visit.wait_until("the new name", READY, async || Ok(visit.text("legend-runs").await?.contains("shuffled"))).await?;
    visit.click("Save PNG").await?;
    let picture = visit.saved("perplexity.png", READY).await?;
    ensure!(picture.starts_with(b"\x89PNG"), "perplexity.png is no picture");
    let size = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().expect("four bytes"));
    // The chart has 960 × 480 pixels, and the legend a line of 20 for each run; all twice, for sharp screens.
    ensure!([size(16), size(20)] == [2 * 960, 2 * (480 + 2 * 20)], "the picture is {} × {}", size(16), size(20));
    std::fs::write(pictures()?.join("saved-curve.png"), &picture)?;
    visit.click("Save SVG").await?;
    let drawing = String::from_utf8(visit.saved("perplexity.svg", READY).await?)?;
    ensure!(drawing.starts_with("<svg") && drawing.contains(">shuffled<"), "{drawing}");
    visit.click("Save CSV").await?;
    let table = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    let [head, first] = [0, 1].map(|row| table.lines().nth(row).unwrap_or_default());
    ensure!(head == "epoch,\"sequential, state carried\",\"shuffled\"" && first.starts_with("1,"), "{table}");
    ensure!(table.lines().count() == 16, "{table}");

    press(visit, "[data-testid=runs] > li:nth-child(2) summary").await?;
    visit.click("Copy link").await?;
    visit.wait_until("the link", READY, async || Ok(visit.clipboard().await?.starts_with("http"))).await?;
    let link = visit.clipboard().await?;
    ensure!(link.starts_with("http") && link.contains("#hidden=64") && link.contains("sampling=random"), "{link}");
    press(visit, "[data-testid=runs] > li:nth-child(1) summary").await?;
    visit.click("Load its settings").await?;
    visit
        .wait_until("the first run’s settings", READY, async || {
            Ok(visit.look("location.hash").await?.as_str().is_some_and(|hash| hash.contains("sampling=sequential")))
        })
        .await?;
    visit.click("Delete").await?;
    visit
        .wait_until("one run", READY, async || {
            Ok(visit.look("document.querySelectorAll('[data-testid=runs] > li').length").await? == 1)
        })
        .await
}

/// Generates by random sampling; checks the shades and the alternatives.
async fn generate(visit: &Visit) -> Result<()> {
    set(visit, ".conversation .choice select", "sampled").await?;
    visit.type_into("Prefix", "the time").await?;
    visit.click("Generate").await?;
    visit.wait_until("a continuation", READY, async || Ok(!visit.text("generated").await?.is_empty())).await?;
    let first = visit.text("generated").await?;
    visit
        .wait_until("another", READY, async || {
            visit.click("Generate").await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(visit.text("generated").await? != first)
        })
        .await?;
    let bars = visit.look("document.querySelectorAll('[data-testid=guesses] > li').length").await?;
    ensure!(bars == 5, "{bars} guesses");
    let shades =
        visit.look("new Set([...document.querySelectorAll('[data-at]')].map(c => c.style.cssText)).size").await?;
    ensure!(shades.as_u64().is_some_and(|shades| shades > 1), "all characters are shaded alike");
    visit.check_accessibility("with generated text").await
}

/// Opens the explanations with their kernels, and measures the kernels.
async fn read(visit: &Visit) -> Result<()> {
    visit.script("document.querySelectorAll('.explain').forEach(note => note.open = true)", vec![]).await?;
    visit
        .wait_until("the kernels", READY, async || {
            Ok(visit.look("document.querySelectorAll('.kernel').length").await? == 7)
        })
        .await?;
    let marked =
        visit.look("[...document.querySelectorAll('.kernel')].map(k => k.querySelectorAll('mark').length)").await?;
    ensure!(marked.as_array().into_iter().flatten().all(|count| count.as_u64() > Some(0)), "{marked}");
    press(visit, "[data-testid=kernel-times] button").await?;
    visit
        .wait_until("the kernels’ times", READY, async || {
            Ok(visit.look("document.querySelectorAll('.kernel-times tbody tr').length").await? == 10)
        })
        .await?;
    visit.check_accessibility("with the notes open").await?;
    visit.screenshot("notes", 1440, 1800, false).await?;
    visit.script("document.querySelectorAll('.explain').forEach(note => note.open = false)", vec![]).await.map(drop)
}

/// Switches to Chinese, the dark theme, narrow windows and double zoom; nothing may be wider than the window.
async fn other_looks(visit: &Visit) -> Result<()> {
    press(visit, "#language").await?;
    visit.wait_until("Chinese", READY, async || Ok(visit.look("document.documentElement.lang").await? == "zh")).await?;
    ensure!(visit.text("moment-title").await?.contains("困惑度"));
    set(visit, ".theme select", "dark").await?;
    visit.check_accessibility("in Chinese, in the dark").await?;
    visit.screenshot("chinese", 1440, 900, false).await?;
    // At double zoom a window of 1280 pixels is 640 CSS pixels wide.
    for (name, width, height) in [("narrow", 390, 844), ("zoomed", 640, 450), ("middle", 1024, 768)] {
        let fits = "document.documentElement.scrollWidth <= innerWidth";
        visit.resize(width, height).await?;
        ensure!(visit.look(fits).await? == true, "{name}: something is wider than the window");
        visit.check_accessibility(name).await?;
        visit.screenshot(&format!("bench-{name}"), width, height, false).await?;
    }
    set(visit, ".theme select", "").await?;
    press(visit, "#language").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_steered_in_small_steps_and_in_mid_run() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=64&epochs=400&engine=cpu", READY).await?;
    visit.check_accessibility("before the first run").await?;
    visit.click("One epoch").await?;
    visit
        .wait_until("the epoch’s end", RUN, async || {
            Ok(visit.status().await? == "paused" && visit.number("epoch").await? == 1.0)
        })
        .await?;
    visit.click("One minibatch").await?;
    visit.wait_for_status("paused", READY).await?;
    ensure!(visit.number("epoch").await? == 1.0 && visit.samples().await?.len() == 1);
    ensure!(visit.look("document.title").await?.as_str().is_some_and(|title| title.starts_with("1 · ")));

    press(&visit, ".conversation .switch input").await?;
    visit.click("Resume").await?;
    visit.wait_until("a continuation of its own", RUN, async || Ok(!visit.text("generated").await?.is_empty())).await?;
    visit.click("Pause").await?;
    visit.wait_for_status("paused", READY).await?;
    visit.type_into("Learning rate", "0.5").await?;
    visit.type_into("Hidden units", "32").await?;
    visit.wait_until("the mark", READY, async || Ok(visit.text("runs").await?.contains("learning rate 0.5"))).await?;
    let note = visit.text("settings-note").await?;
    ensure!(note.contains("Changed for the next run: Hidden units"), "{note}");
    let clipped = visit.text("clipped").await?;
    ensure!(clipped.contains("minibatches clipped"), "{clipped}");
    visit.screenshot("steered", 1440, 900, false).await?;
    visit.click("Reset").await?;
    visit.wait_for_status("idle", READY).await?;
    ensure!(visit.text("runs").await?.contains("perplexity"), "the run is not in the list after a reset");
    visit.check_clean().await
}

/// Parses a duration of less than an hour from the page, in seconds.
fn seconds(said: &str) -> Option<f64> {
    let (number, unit) = said.split_once(' ')?;
    Some(number.parse::<f64>().ok()? * if unit == "min" { 60.0 } else { 1.0 })
}

/// The estimate is what the shown speed makes of the epochs left; that the speed is right is held by the clock's own
/// tests (`src/train/clock.rs`), which need none on the wall.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_left_fits_the_epochs_left_and_the_speed() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=256&epochs=150&engine=cpu", READY).await?;
    visit.click("Train").await?;
    for epoch in [5.0, 20.0] {
        visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= epoch)).await?;
        // All in one moment.
        let figures = "['epoch', 'tokens-per-second', 'time-left'].map(id =>
            document.querySelector(`[data-testid=${id}]`).textContent)";
        let figures: Vec<String> = serde_json::from_value(visit.look(figures).await?)?;
        let epoch: f64 = figures[0].split(' ').next().unwrap_or_default().parse()?;
        let speed: f64 = figures[1].replace(',', "").parse()?;
        let said = seconds(&figures[2]).with_context(|| format!("{} is no time", figures[2]))?;
        // Eight minibatches of 32 rows and 35 time steps an epoch; an epoch may be begun, and minutes are rounded.
        let left = (150.0 - epoch) * 8.0 * 32.0 * 35.0 / speed;
        println!("{figures:?}: {left:.1} s by the speed");
        let rounding = if figures[2].ends_with("min") { 30.0 } else { 0.5 };
        ensure!((said - left).abs() <= left / 100.0 + rounding, "{figures:?}, and by the speed {left:.1} s are left");
    }
    visit.check_clean().await
}

/// Bytes in use on the page's JavaScript heap after a garbage collection.
async fn heap(visit: &Visit) -> Result<f64> {
    visit.devtools("HeapProfiler.collectGarbage", json!({})).await?;
    let usage = visit.devtools("Runtime.getHeapUsage", json!({})).await?;
    Ok(usage["usedSize"].as_f64().unwrap_or_default())
}

/// The book's network trains with two other runs on the chart and text generation: the page has no task that takes the
/// processor long, whatever else the machine does, and its heap does not grow.
#[tokio::test(flavor = "multi_thread")]
async fn three_runs_and_text_generation_leave_the_page_smooth() -> Result<()> {
    let visit = Visit::start_with(Options { trace: true, ..Options::default() }).await?;
    visit.open_idle("#hidden=16&epochs=5&engine=cpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.click("Compare with random sampling").await?;
    visit.wait_until("the second run", RUN, async || Ok(visit.text("legend-runs").await?.contains("random"))).await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.type_into("Hidden units", "512").await?;
    visit.type_into("Epochs", "100000").await?;
    press(&visit, ".conversation .switch input").await?;
    visit.click("Train").await?;
    visit.wait_until("the first epochs", RUN, async || Ok(visit.number("epoch").await? >= 3.0)).await?;
    visit.wait_until("a continuation", RUN, async || Ok(!visit.text("generated").await?.is_empty())).await?;
    let (from, before) = (visit.number("epoch").await?, heap(&visit).await?);
    visit.watch_frames().await?;
    tokio::time::sleep(SPELL).await;
    let frames = visit.frames().await?;
    let tasks = visit.tasks().await?;
    println!("{frames:?}; {} tasks of the main thread, the longest {:?}", tasks.len(), tasks.first());
    ensure!(frames.count > 0, "the page drew nothing for {SPELL:?}");
    ensure!(tasks.first().is_some_and(|task| task.processor < 50.0), "long tasks: {:#?}", &tasks[..tasks.len().min(5)]);
    visit.wait_until("200 epochs", RUN, async || Ok(visit.number("epoch").await? >= from + 200.0)).await?;
    let after = heap(&visit).await?;
    println!("the heap went from {before} to {after} bytes in 200 epochs");
    ensure!(after - before < 1.5e6, "the heap went from {before} to {after} bytes in 200 epochs");
    visit.screenshot("three-runs", 1440, 900, false).await?;
    visit.check_clean().await
}
