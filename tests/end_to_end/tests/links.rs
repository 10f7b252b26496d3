//! What a link asks for: a run that starts by itself, a text, and keys that nobody knows.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Options, Visit};

/// Time for a small run on a software adapter, or for reading a text.
const RUN: Duration = Duration::from_secs(300);

/// Longer than an automatic run would take to start.
const A_WHILE: Duration = Duration::from_secs(2);

/// Settings of a small run.
const SMALL: &str = "hidden=16&batch=4&steps=10&epochs=2&tokens=2000&engine=cpu";

/// A visit to a server that has these files, too.
async fn start_with(files: &[(&str, Vec<u8>)]) -> Result<(Visit, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes)?;
    }
    let also = vec![("texts", folder.path().to_owned())];
    Ok((Visit::start_with(Options { also, ..Options::default() }).await?, folder))
}

/// The part of a link that names this text of the server's.
async fn text(visit: &Visit, name: &str) -> Result<String> {
    let script = "return encodeURIComponent(new URL(arguments[0], location.href.split('#')[0]).href)";
    let address = visit.script(script, vec![format!("texts/{name}").into()]).await?;
    Ok(format!("text={}", address.as_str().unwrap_or_default()))
}

/// Fails if a run starts within a while.
async fn check_that_nothing_starts(visit: &Visit) -> Result<()> {
    tokio::time::sleep(A_WHILE).await;
    let (status, epoch) = (visit.status().await?, visit.text("epoch").await?);
    ensure!(status == "idle" && epoch.starts_with("0 of"), "a run has started: {status}, {epoch}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_text_cannot_be_had_starts_nothing() -> Result<()> {
    let (visit, _folder) = start_with(&[("gbk.txt", b"\xca\xb1\xb9\xe2\xbb\xfa\xc6\xf7".repeat(900))]).await?;
    visit.open("").await?;
    for (name, said) in [("missing.txt", "returned status 404"), ("gbk.txt", "neither UTF-8 nor UTF-16")] {
        visit.open_idle(&format!("#{SMALL}&autostart=1&{}", text(&visit, name).await?), RUN).await?;
        visit.click("Fetch this text").await?;
        visit.wait_until("the refusal", RUN, async || Ok(visit.text("error").await?.contains(said))).await?;
        check_that_nothing_starts(&visit).await?;
        ensure!(visit.can_click("Train").await?, "the visitor may train on the book's text");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_text_is_declined_starts_nothing() -> Result<()> {
    let (visit, folder) =
        start_with(&[("words.txt", b"words ".repeat(900)), ("other.txt", b"others ".repeat(900))]).await?;
    visit.open("").await?;
    let link = format!("#{SMALL}&autostart=1&{}", text(&visit, "words.txt").await?);
    visit.open_idle(&link, RUN).await?;
    visit.click("Keep the book’s text").await?;
    check_that_nothing_starts(&visit).await?;
    visit.open_idle(&link, RUN).await?;
    visit.choose_text(&folder.path().join("other.txt"), RUN).await?;
    check_that_nothing_starts(&visit).await?;
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_starts_by_itself_waits_for_a_text_that_is_read_twice() -> Result<()> {
    let chinese = "时光机器里的旅行者慢慢地说：时间只是空间的一种。\n".repeat(180);
    let (visit, _folder) = start_with(&[("chinese.txt", chinese.into_bytes())]).await?;
    visit.open("").await?;
    visit
        .open_idle(&format!("#hidden=16&epochs=2&engine=cpu&autostart=1&{}", text(&visit, "chinese.txt").await?), RUN)
        .await?;
    visit.click("Fetch this text").await?;
    visit.wait_for_status("finished", RUN).await?;
    let samples = visit.samples().await?;
    ensure!(samples.iter().all(|(_, sample)| sample.starts_with("时光机器里的旅行者")), "{samples:?}");
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_pasted_into_the_open_tab_starts_and_interrupts_nothing() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("", RUN).await?;
    visit.script("location.hash = arguments[0]", vec![format!("#{SMALL}&autostart=1").into()]).await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.script("location.hash = arguments[0]", vec![format!("#{SMALL}&epochs=90000&autostart=1").into()]).await?;
    visit.wait_for_status("training", RUN).await?;
    visit.script("location.hash = arguments[0]", vec![format!("#{SMALL}&seed=7&autostart=1").into()]).await?;
    let said = "asks to train at once, but a run is under way";
    visit.wait_until("the reason", RUN, async || Ok(visit.text("error").await?.contains(said))).await?;
    tokio::time::sleep(A_WHILE).await;
    ensure!(visit.status().await? == "training" && visit.text("epoch").await?.ends_with("of 90000"));
    visit.click("Reset").await?;
    visit.wait_until("the reason to go", RUN, async || Ok(visit.text("error").await?.is_empty())).await?;
    check_that_nothing_starts(&visit).await?;
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_of_a_link_is_named_and_starts_nothing() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#Hidden=16&amp;batch=4&hiden=8&amp;epochs=2&engine=cpu&kinds=20&autostart=1", RUN).await?;
    let said = visit.text("error").await?;
    ensure!(said.matches('.').count() == 1 && said.contains("“hiden=8”"), "{said}");
    check_that_nothing_starts(&visit).await?;
    let fields =
        "['hidden', 'batch', 'epochs', 'vocab'].map(key => document.querySelector(`#setting-${key}`).value).join()";
    ensure!(visit.look(fields).await? == "16,4,2,20", "{}", visit.look(fields).await?);
    visit.script("location.hash = arguments[0]", vec![format!("#{SMALL}&autostart=1").into()]).await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.text("error").await?.is_empty());
    visit.check_clean().await
}
