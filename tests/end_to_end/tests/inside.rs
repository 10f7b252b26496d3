//! The views into a network: what it remembers, a unit, the gradient through time, slow motion.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::Visit;
use serde_json::json;

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);

/// The text of an element of a view, once it is there.
async fn said(visit: &Visit, testid: &str) -> Result<String> {
    let is_there = async || Ok(visit.text(testid).await.is_ok_and(|text| !text.trim().is_empty()));
    visit.wait_until(testid, READY, is_there).await?;
    visit.text(testid).await
}

/// Presses a key in the first element that matches.
async fn key(visit: &Visit, selector: &str, key: &str) -> Result<()> {
    let press = "document.querySelector(arguments[0])
        .dispatchEvent(new KeyboardEvent('keydown', { key: arguments[1], bubbles: true, cancelable: true }))";
    visit.script(press, vec![json!(selector), json!(key)]).await.map(drop)
}

async fn scroll(visit: &Visit, testid: &str) -> Result<()> {
    let to = format!("document.querySelector('[data-testid={testid}]').scrollIntoView({{ block: 'start' }})");
    visit.script(&to, vec![]).await.map(drop)
}

const VIEWS: [&str; 4] =
    ["What it remembers", "One unit over a text", "Gradient through time", "A time step in slow motion"];

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_looked_into_before_while_and_after_it_trains() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=64&epochs=400&engine=cpu&cell=gru", READY).await?;
    visit.toggle(VIEWS[0]).await?;
    // The untrained network depends on the last character.
    said(&visit, "memory-said").await?;
    ensure!(visit.text("inside-epoch").await? == "The untrained network");
    visit.click("Train").await?;
    let follows = async || Ok(visit.text("inside-epoch").await?.starts_with("The network after epoch"));
    visit.wait_until("the trained network", RUN, follows).await?;
    for view in &VIEWS[1..] {
        visit.toggle(view).await?;
    }
    visit.wait_for_status("finished", RUN).await?;
    let end = async || Ok(visit.text("inside-epoch").await? == "The network after epoch 400");
    visit.wait_until("the network of the end", READY, end).await?;

    let before = said(&visit, "memory-said").await?;
    key(&visit, "#inside-memory .shaded", "Home").await?;
    let changes = async || Ok(visit.text("memory-said").await? != before);
    visit.wait_until("another character", READY, changes).await?;
    key(&visit, "#inside-memory .shaded", "End").await?;

    said(&visit, "ranking").await?;
    ensure!(said(&visit, "unit-numbers").await?.contains("Z "), "a GRU has gates");
    ensure!(visit.text("unit").await? == "1");
    key(&visit, "#inside-unit .picking", "PageDown").await?;
    ensure!(visit.text("unit").await? == "2");
    visit.script("document.querySelector('[data-testid=ranking] li button:last-child').click()", vec![]).await?;
    said(&visit, "places").await?;

    ensure!(said(&visit, "time-said").await?.contains("steps back"));
    let stage = said(&visit, "slow-stage").await?;
    key(&visit, ".slow", "ArrowDown").await?;
    ensure!(visit.text("slow-stage").await? != stage);
    for _ in 0..9 {
        key(&visit, ".slow", "ArrowDown").await?;
    }
    // What is saved is a picture and a table.
    visit.script("document.querySelectorAll('#inside-memory .tools button')[1].click()", vec![]).await?;
    let svg = String::from_utf8(visit.saved("memory.svg", READY).await?)?;
    ensure!(svg.starts_with("<svg") && svg.matches("<rect").count() > 20, "{svg}");
    visit.script("document.querySelectorAll('#inside-memory .tools button')[2].click()", vec![]).await?;
    ensure!(visit.saved("memory.csv", READY).await?.starts_with(b"position,character,magnitude"));
    visit.script("document.querySelectorAll('#inside-time .tools button')[2].click()", vec![]).await?;
    ensure!(visit.saved("gradient-through-time.png", READY).await?.starts_with(b"\x89PNG"));

    for (view, testid) in ["memory", "unit", "time", "slow"].map(|view| (view, format!("inside-{view}"))) {
        scroll(&visit, &testid).await?;
        visit.screenshot(&format!("inside-{view}"), 1440, 1000, false).await?;
        scroll(&visit, &testid).await?;
        visit.screenshot(&format!("inside-{view}-dark-phone"), 390, 900, true).await?;
    }
    visit.check_accessibility("with all views open").await?;
    visit.resize(390, 900).await?;
    let beyond = visit.look("document.documentElement.scrollWidth - innerWidth").await?;
    ensure!(beyond.as_f64() <= Some(0.0), "the page is {beyond} pixels wider than a phone");
    visit.check_accessibility("with all views open on a phone").await?;
    // In the other language everything stays open, and is said anew.
    visit.click("中文").await?;
    said(&visit, "memory-said").await?;
    for view in ["memory", "time"] {
        scroll(&visit, &format!("inside-{view}")).await?;
        visit.screenshot(&format!("inside-{view}-chinese"), 1280, 900, false).await?;
    }
    visit.check_accessibility("with all views open in Chinese").await?;
    visit.check_clean().await
}

/// A branch stands on the chart from its epoch; a program can be read and saved.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_from_an_earlier_epoch_with_other_settings() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=64&epochs=300&engine=cpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    let before = visit.number("perplexity").await?;
    let slide = "const slider = document.querySelector('.scrub');
        slider.value = 100;
        slider.dispatchEvent(new Event('input', { bubbles: true }));";
    visit.script(slide, vec![]).await?;
    ensure!(visit.text("moment-title").await?.starts_with("Epoch 100:"));
    visit.type_into("Learning rate", "2").await?;
    visit.click("Go on from here").await?;
    visit.wait_for_status("finished", RUN).await?;
    ensure!(visit.number("perplexity").await? != before && visit.number("epoch").await? == 300.0);
    let names = visit.text("legend-runs").await?;
    ensure!(names.contains("from epoch 100") && names.contains("learning rate 2"), "{names}");
    // Nothing changed: the same run, to the last digit that is shown.
    visit.script(slide, vec![]).await?;
    visit.click("Go on from here").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.click("Save CSV").await?;
    let table = String::from_utf8(visit.saved("perplexity.csv", READY).await?)?;
    let columns: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
    ensure!(columns.len() == 300 && columns.iter().all(|row| row[2] == row[3]), "{table}");
    ensure!(columns[99][1] == columns[99][2] && columns[150][1] != columns[150][2], "{table}");
    visit.script("document.querySelector('.panel.curve').scrollIntoView()", vec![]).await?;
    visit.screenshot("branches", 1440, 1000, false).await?;

    visit.toggle("As a PyTorch program").await?;
    let program = "document.querySelector('[data-testid=as-code] pre')?.textContent ?? ''";
    let is_there =
        async || Ok(visit.look(program).await?.as_str().is_some_and(|text| text.contains("num_hiddens = 64")));
    visit.wait_until("the program", READY, is_there).await?;
    visit.check_accessibility("with a branch and the program").await?;
    visit.check_clean().await
}
