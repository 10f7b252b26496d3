//! Where the page can't start, it says why, and what to do, instead of loading for ever.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use end_to_end::{Options, Visit};
use serde_json::json;

const SOON: Duration = Duration::from_secs(30);

/// A page on the same host, from which the page proper is opened.
const DOOR: &str = "<!doctype html><title>Door</title><p data-testid=\"status\">Here</p>";

/// Waits until the body shows these words, and not that it is loading.
async fn wait_for(visit: &Visit, words: &[&str]) -> Result<()> {
    visit
        .wait_until(&format!("{words:?}"), SOON, async || {
            let shown = visit.look("document.body?.innerText ?? ''").await?;
            let shown = shown.as_str().unwrap_or_default();
            Ok(words.iter().all(|word| shown.contains(word)) && !shown.contains("Loading"))
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_start_says_why() -> Result<()> {
    let page = Options::default().folder;
    let (door, broken) = (tempfile::tempdir()?, tempfile::tempdir()?);
    fs::write(door.path().join("index.html"), DOOR)?;
    copy_without_programs(&page, broken.path())?;
    let also = vec![("page", page.clone()), ("broken", broken.path().to_owned())];
    let visit = Visit::start_with(Options { folder: door.path().to_owned(), also, ..Options::default() }).await?;
    visit.open("").await?;
    let here = visit.address();
    let go = async |address: String| visit.devtools("Page.navigate", json!({ "url": address })).await;

    // The program is missing, as when the connection breaks off.
    go(format!("{here}broken/")).await?;
    wait_for(&visit, &["could not be started: check the connection", "请检查网络连接"]).await?;

    go(format!("file://{}", page.join("index.html").display())).await?;
    wait_for(&visit, &["opened as a file", "cargo xtask serve", "作为文件打开"]).await?;

    let script = json!({ "source": "delete window.WebAssembly" });
    let added = visit.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
    go(format!("{here}page/")).await?;
    wait_for(&visit, &["This browser has no WebAssembly", "没有 WebAssembly"]).await?;
    visit.devtools("Page.removeScriptToEvaluateOnNewDocument", added).await?;

    visit.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await?;
    go(format!("{here}page/")).await?;
    wait_for(&visit, &["JavaScript is switched off: switch it on", "请为本页打开 JavaScript"]).await?;
    visit.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": false })).await?;

    // Else it starts, and says none of that.
    go(format!("{here}page/")).await?;
    visit.wait_for_status("idle", SOON).await?;
    let said = visit.look("document.querySelectorAll('[data-why]').length").await?;
    assert_eq!(said, json!(0));
    Ok(())
}

/// Copies the page's files, but no WebAssembly.
fn copy_without_programs(from: &Path, to: &Path) -> Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?.path();
        if file.is_file() && file.extension().is_none_or(|kind| kind != "wasm") {
            fs::copy(&file, to.join(file.file_name().expect("files have names")))?;
        }
    }
    Ok(())
}
