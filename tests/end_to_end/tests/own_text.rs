//! The visitor's own text in the built page: from a link, and from the disk.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::Visit;

/// Time for a small run on a software adapter, or for reading a text.
const RUN: Duration = Duration::from_secs(300);

/// Longer than an automatic run would take to start.
const A_WHILE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_links_text_is_fetched_and_trained_on_with_the_visitors_consent() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open("").await?;
    // A text from the page's own server, the only one that the browser can reach.
    let address = visit.look("new URL('shaders/block_product.wgsl', location).href").await?;
    let address = address.as_str().unwrap_or_default().to_owned();
    let link = address.replace(':', "%3A").replace('/', "%2F");
    let settings = "hidden=16&batch=4&steps=10&epochs=3&tokens=2000&engine=cpu&cleaning=verbatim&validation=300";
    visit.open_idle(&format!("#{settings}&autostart=1&text={link}"), RUN).await?;
    ensure!(visit.text("offer").await?.contains(&address), "{}", visit.text("offer").await?);
    visit.check_accessibility("with a link's text").await?;
    tokio::time::sleep(A_WHILE).await;
    ensure!(visit.status().await? == "idle", "the run starts without the visitor's consent");
    let loaded = "performance.getEntriesByType('resource').some(entry => entry.name.includes('block_product'))";
    ensure!(visit.look(loaded).await? == false, "the text is loaded without consent");

    visit.click("Fetch this text").await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.text("moment-title").await?.contains("validation"), "{}", visit.text("moment-title").await?);
    ensure!(visit.text("legend").await?.is_empty(), "the book's curve is not that text's");
    let names = visit.look("[...document.querySelectorAll('.run-name')].map(name => name.placeholder).join()").await?;
    ensure!(names.as_str().is_some_and(|names| names.contains("block_product.wgsl")), "{names}");
    ensure!(visit.look("location.hash").await?.as_str().is_some_and(|hash| hash.contains(&link)));
    visit.check_accessibility("after a run of it").await?;
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chinese_file_is_read_and_a_picture_is_not() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&batch=4&steps=10&epochs=2&engine=cpu", RUN).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("时光机器.txt");
    fs::write(&file, "时光机器里的旅行者慢慢地说：时间只是空间的一种。\r\n".repeat(20))?;
    visit.choose_text(&file, RUN).await?;
    let told = "document.querySelector('[data-testid=text-facts]').textContent";
    visit
        .wait_until("the text, verbatim", RUN, async || {
            let told = visit.look(told).await?.to_string();
            Ok(told.contains("时光机器.txt; 500 tokens")
                && visit.look("document.querySelector('#setting-tokens').value").await? == "500")
        })
        .await?;
    let picture = folder.path().join("photo.png");
    fs::write(&picture, b"\x89PNG\r\n\x1a\n")?;
    visit.choose_file("Choose a text", &picture).await?;
    visit
        .wait_until("the refusal", RUN, async || Ok(visit.text("error").await?.contains("neither UTF-8 nor UTF-16")))
        .await?;
    ensure!(visit.look(told).await?.to_string().contains("时光机器.txt; 500 tokens"), "the previous text stays");
    visit.check_accessibility("with a text refused").await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    let samples = visit.samples().await?;
    ensure!(samples.last().is_some_and(|(_, sample)| sample.starts_with("时光机器里的旅行者慢慢地说")), "{samples:?}");
    visit.check_clean().await
}
