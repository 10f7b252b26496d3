//! Files dragged into the built page with a real mouse, as far as the browser's automation has one: they are taken
//! wherever they fall, and the browser never opens them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::Visit;
use serde_json::{Value, json};
use time_traveller::kernels;
use time_traveller::model::Sizes;
use time_traveller::network::{Parameters, parameters_file};

const READY: Duration = Duration::from_secs(90);

/// Drags `data` (of the DevTools protocol) to the middle of the element and drops it there.
async fn drop_on(visit: &Visit, selector: &str, data: Value) -> Result<()> {
    let place = "const element = document.querySelector(arguments[0]);
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x + Math.min(width / 2, 200), Math.max(y, 0) + Math.min(height / 2, 20)]";
    let place = visit.script(place, vec![json!(selector)]).await.with_context(|| selector.to_owned())?;
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": place[0], "y": place[1], "data": data });
        visit.devtools("Input.dispatchDragEvent", event).await.with_context(|| format!("{kind} on {selector}"))?;
    }
    Ok(())
}

fn files(paths: &[&Path]) -> Value {
    json!({ "items": [], "files": paths, "dragOperationsMask": 1 })
}

async fn told(visit: &Visit, testid: &str) -> Result<String> {
    let told = visit.look(&format!("document.querySelector('[data-testid={testid}]').textContent")).await?;
    Ok(told.as_str().unwrap_or_default().to_owned())
}

async fn wait_to_hear(visit: &Visit, testid: &str, what: &str) -> Result<()> {
    visit
        .wait_until(&format!("{testid} to say {what}"), READY, async || Ok(told(visit, testid).await?.contains(what)))
        .await
}

/// The addresses of the browser's tabs.
async fn tabs(visit: &Visit) -> Result<Vec<String>> {
    let targets = visit.devtools("Target.getTargets", json!({})).await?;
    let targets = targets["targetInfos"].as_array().cloned().unwrap_or_default();
    let pages = targets.iter().filter(|target| target["type"] == "page");
    Ok(pages.map(|page| page["url"].as_str().unwrap_or_default().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_anywhere_is_taken_and_never_opened_by_the_browser() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&batch=4&steps=10&epochs=2&engine=cpu", READY).await?;
    visit.toggle("Text").await?;
    visit.script("window.here = true", vec![]).await?;
    let folder = tempfile::tempdir()?;
    let before = tabs(&visit).await?;
    for (number, selector) in [
        "#prefix",
        "#setting-hidden",
        "input[type=radio]",
        "input[type=range]",
        "select",
        "textarea",
        "button.primary",
        "button[disabled]",
        "canvas",
        "[data-testid=samples]",
        "h1",
        "html",
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(format!("story {number}.txt"));
        fs::write(&file, "The clock ticks, and the traveller waits.\n".repeat(400))?;
        drop_on(&visit, selector, files(&[&file])).await?;
        let name = format!("story {number}.txt; ");
        visit
            .wait_until(&format!("the text dropped on {selector}"), READY, async || {
                let now = tabs(&visit).await?;
                ensure!(now.len() == before.len(), "dropped on {selector}, the browser opened the file: {now:?}");
                Ok(told(&visit, "text-facts").await?.contains(&name))
            })
            .await?;
    }
    ensure!(visit.look("window.here").await? == true, "the page was left");

    drop_on(&visit, "canvas", files(&[folder.path()])).await?;
    wait_to_hear(&visit, "error", "is a folder: drop one of its files instead.").await?;
    let two = [0, 1].map(|number| folder.path().join(format!("story {number}.txt")));
    drop_on(&visit, "#setting-text", files(&[&two[0], &two[1]])).await?;
    wait_to_hear(&visit, "error", "2 files were dropped").await?;

    let words = |kind: &str, words: &str| json!({ "items": [{ "mimeType": kind, "data": words }], "files": [], "dragOperationsMask": 1 });
    drop_on(&visit, "#prefix", words("text/plain", "the machine")).await?;
    let prefix = visit.look("document.querySelector('#prefix').value").await?;
    ensure!(prefix.as_str().is_some_and(|prefix| prefix.contains("the machine")), "{prefix}");
    drop_on(&visit, "canvas", words("text/uri-list", "http://localhost:1/elsewhere")).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(visit.look("window.here").await? == true && tabs(&visit).await?.len() == before.len(), "it follows links");
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_taken_where_it_falls_mended_and_for_the_text_that_it_needs() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&batch=4&steps=10&epochs=2&engine=cpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", READY).await?;
    visit.click("Download checkpoint").await?;
    let bytes = visit.saved("time-traveller-hidden-16-epoch-2.safetensors", READY).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("run.safetensors");

    // The same file, at first only a pointer to it.
    fs::write(&file, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 340912\n")?;
    visit.choose_file("Open a checkpoint", &file).await?;
    wait_to_hear(&visit, "opened", "it is a Git LFS pointer").await?;
    fs::write(&file, &bytes)?;
    visit.choose_file("Open a checkpoint", &file).await?;
    wait_to_hear(&visit, "opened", "epoch 2 of 2").await?;

    // Another text, and the book's again.
    let story = folder.path().join("story.txt");
    fs::write(&story, "时光机器里的旅行者慢慢地说：时间只是空间的一种。\n".repeat(20))?;
    drop_on(&visit, "h1", files(&[&story])).await?;
    wait_to_hear(&visit, "opened", "go back to the book’s text").await?;
    visit.toggle("Text").await?;
    visit.click("Back to the book’s text").await?;
    wait_to_hear(&visit, "opened", "epoch 2 of 2").await?;
    visit.click("Discard").await?;

    drop_on(&visit, "#prefix", files(&[&file])).await?;
    wait_to_hear(&visit, "opened", "epoch 2 of 2").await?;
    let seen = "const { top, bottom } = document.querySelector('#setting-checkpoint').getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight";
    ensure!(visit.script(seen, vec![]).await? == true, "the checkpoint's field is out of sight");
    visit.check_accessibility("with a dropped checkpoint").await?;
    let init = folder.path().join("init.safetensors");
    let sizes = Sizes { batch: 4, steps: 10, hidden: 16, vocabulary: 28 };
    fs::write(&init, parameters_file::write(&Parameters::init(kernels::network(sizes), 5)))?;
    drop_on(&visit, "canvas", files(&[&init])).await?;
    wait_to_hear(&visit, "chosen", "init.safetensors, ").await?;
    visit.check_clean().await
}
