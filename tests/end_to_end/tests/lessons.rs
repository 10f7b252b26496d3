//! The lessons and the teacher's view.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::Visit;
use serde_json::json;

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);

/// Presses the link of a lesson with this number.
async fn follow(visit: &Visit, number: usize) -> Result<()> {
    let press = "document.querySelectorAll('[data-testid=lesson] .step')[arguments[0] - 1].click()";
    visit.script(press, vec![json!(number)]).await.map(drop)
}

async fn key(visit: &Visit, key: &str) -> Result<()> {
    let press = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))";
    visit.script(press, vec![json!(key)]).await.map(drop)
}

async fn hash(visit: &Visit) -> Result<String> {
    Ok(visit.look("location.hash").await?.as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_is_a_link_whose_links_drive_the_page() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#lesson=perplexity&engine=cpu", READY).await?;
    let is_there = async || Ok(visit.text("lesson").await.is_ok_and(|text| text.contains("What perplexity says")));
    visit.wait_until("the lesson", READY, is_there).await?;
    // It sets the page, and trains.
    follow(&visit, 1).await?;
    ensure!(hash(&visit).await?.contains("epochs=1") && hash(&visit).await?.contains("lesson=perplexity"));
    follow(&visit, 2).await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!((visit.number("perplexity").await? - 28.0).abs() < 0.1, "of an untrained network");
    follow(&visit, 3).await?;
    follow(&visit, 4).await?;
    let trained = async || Ok(visit.number("epoch").await? == 50.0 && visit.status().await? == "finished");
    visit.wait_until("the second run", RUN, trained).await?;
    follow(&visit, 5).await?;
    ensure!(visit.text("moment-title").await?.starts_with("Epoch 5:"), "{}", visit.text("moment-title").await?);
    visit.screenshot("lesson", 1440, 1000, false).await?;
    visit.screenshot("lesson-dark-phone", 390, 900, true).await?;
    visit.check_accessibility("with a lesson open").await?;
    // Whoever leaves keeps what is there.
    visit.click("Close the lesson").await?;
    ensure!(!hash(&visit).await?.contains("lesson") && visit.number("epoch").await? == 50.0);
    visit.check_clean().await
}

/// Every link of every lesson does something without an error.
#[tokio::test(flavor = "multi_thread")]
async fn every_lesson_can_be_followed_to_its_end() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#engine=cpu", READY).await?;
    visit.toggle("Lessons").await?;
    visit
        .wait_until("the list", READY, async || {
            Ok(visit.look("document.querySelectorAll('.lesson-list a').length").await? == 8)
        })
        .await?;
    for lesson in 0..8 {
        visit.script("document.querySelectorAll('.lesson-list a')[arguments[0]].click()", vec![json!(lesson)]).await?;
        let count = "document.querySelectorAll('[data-testid=lesson] .step').length";
        let links = visit.look(count).await?.as_u64().unwrap_or_default() as usize;
        ensure!(links >= 4, "lesson {lesson} has {links} links");
        for number in 1..=links {
            follow(&visit, number).await?;
            // Runs end, so that the next link finds what it speaks of.
            let rests = async || Ok(!["loading", "training"].contains(&visit.status().await?.as_str()));
            visit.wait_until("a run that rests", RUN, rests).await?;
        }
        ensure!(visit.status().await? != "failed", "lesson {lesson}: {}", visit.text("error").await?);
        let title = visit.look("document.querySelector('[data-testid=lesson] h3').textContent").await?;
        visit.screenshot(&format!("lesson-{lesson}"), 1440, 1000, false).await?;
        println!("{title}: {links} links");
    }
    visit.check_clean().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_has_a_key_for_everything() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=64&epochs=200&engine=cpu&view=stage", READY).await?;
    let sees = async |selector: &str| -> Result<bool> {
        let look = format!("Boolean(document.querySelector('{selector}')?.checkVisibility())");
        Ok(visit.look(&look).await? == true)
    };
    ensure!(sees(".panel.curve").await? && !sees(".panel.settings").await? && !sees(".panel.inside").await?);
    key(&visit, "e").await?;
    visit.wait_for_status("paused", RUN).await?;
    key(&visit, " ").await?;
    visit.wait_for_status("finished", RUN).await?;
    key(&visit, "ArrowLeft").await?;
    ensure!(visit.text("moment-title").await?.starts_with("Epoch 198:"), "{}", visit.text("moment-title").await?);
    key(&visit, "3").await?;
    ensure!(sees("#inside-time").await? && !sees("#inside-memory").await?);
    let said = async || Ok(visit.text("time-said").await.is_ok_and(|text| text.contains("steps back")));
    visit.wait_until("the figure", READY, said).await?;
    visit.screenshot("stage", 1920, 1080, false).await?;
    visit.screenshot("stage-dark", 1280, 800, true).await?;
    key(&visit, "1").await?;
    visit
        .wait_until("the other figure", READY, async || {
            Ok(visit.text("memory-said").await.is_ok_and(|t| !t.is_empty()))
        })
        .await?;
    visit.screenshot("stage-memory", 1920, 1080, false).await?;
    visit.check_accessibility("on the stage").await?;
    ensure!(hash(&visit).await?.contains("view=stage"));
    key(&visit, "Escape").await?;
    ensure!(sees(".panel.settings").await? && !hash(&visit).await?.contains("view"));
    visit.check_clean().await
}
