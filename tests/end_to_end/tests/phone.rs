//! The page on a telephone, held upright and turned: what is in sight, the settings in a line, samples, sharing.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::Visit;
use serde_json::{Value, json};

const READY: Duration = Duration::from_secs(90);
const RUN: Duration = Duration::from_secs(300);

const UPRIGHT: (u32, u32) = (390, 844);
const TURNED: (u32, u32) = (844, 390);

/// Whether the whole of an element is in the window, above the bar.
const IN_SIGHT: &str = "const { top, bottom } = document.querySelector(arguments[0]).getBoundingClientRect();
    return top >= 0 && bottom > top && bottom <= document.querySelector('.bar').getBoundingClientRect().top + 1";

async fn is_in_sight(visit: &Visit, selector: &str) -> Result<bool> {
    Ok(visit.script(IN_SIGHT, vec![json!(selector)]).await? == true)
}

async fn hold(visit: &Visit, (width, height): (u32, u32)) -> Result<()> {
    visit.emulate_phone(width, height).await
}

/// Fails if something is too small for a finger, would make the browser zoom in, or is wider than the screen.
async fn check_fingers(visit: &Visit) -> Result<()> {
    let wrong = "(() => {
        const seen = what => [...document.querySelectorAll(what)].filter(one => one.checkVisibility());
        const said = one => `${one.tagName} ${one.className} ${one.id} ${one.textContent.slice(0, 20)}`;
        const target = one => (one.matches('[type=checkbox], [type=radio]') && one.closest('label')) || one;
        const low = one => target(one).getBoundingClientRect().height < 43.9;
        const small = one => parseFloat(getComputedStyle(one).fontSize) < 16;
        const typed = 'input:not([type=checkbox], [type=radio], [type=range]), select, textarea';
        return [
            ...seen('button, input, select, textarea, summary, .lesson-list a').filter(low).map(one => 'low: ' + said(one)),
            ...seen(typed).filter(small).map(one => 'small type: ' + said(one)),
            ...(document.documentElement.scrollWidth > innerWidth ? ['something is wider than the screen'] : []),
        ];
    })()";
    let wrong = visit.look(wrong).await?;
    ensure!(wrong == json!([]), "{wrong:#}");
    Ok(())
}

/// The row of the list of samples that is at its upper edge.
async fn first_row(visit: &Visit) -> Result<Value> {
    let row = "(() => {
        const list = document.querySelector('[data-testid=samples]'), { top } = list.getBoundingClientRect();
        return [...list.children].find(row => row.getBoundingClientRect().bottom > top + 1)?.dataset.epoch;
    })()";
    visit.look(row).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_with_a_telephone_trains_reads_and_shares() -> Result<()> {
    let visit = Visit::start().await?;
    hold(&visit, UPRIGHT).await?;
    visit.open_idle("#hidden=64&epochs=300&engine=cpu", READY).await?;
    for first in ["[data-testid=settings-line]", ".curve .frame"] {
        ensure!(is_in_sight(&visit, first).await?, "{first} is not in sight");
    }
    ensure!(
        visit.text("settings-line").await? == "RNN from scratch · 64 units · 300 epochs · learning rate 1 · CPU",
        "{}",
        visit.text("settings-line").await?
    );
    check_fingers(&visit).await?;
    visit.check_accessibility("on a telephone").await?;
    visit.picture("phone-idle").await?;

    train_and_see(&visit).await?;
    change_a_setting(&visit).await?;
    generate(&visit).await?;
    turn(&visit).await?;

    visit.script("document.querySelector('[data-testid=runs] summary').click()", vec![]).await?;
    visit.click("Copy link").await?;
    visit.wait_until("the link", READY, async || Ok(visit.clipboard().await?.starts_with("http"))).await?;
    let link = visit.clipboard().await?;
    visit.check_clean().await?;
    let other = Visit::start().await?;
    hold(&other, UPRIGHT).await?;
    other.open_idle(&link[link.find('#').unwrap_or(link.len())..], READY).await?;
    ensure!(other.text("settings-line").await?.contains("64 units · 300 epochs"), "{link}");
    other.check_clean().await
}

/// Wherever the visitor is: Train shows the chart, and the newest sample.
async fn train_and_see(visit: &Visit) -> Result<()> {
    visit.script("scrollTo(0, document.body.scrollHeight)", vec![]).await?;
    visit.click("Train").await?;
    visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= 2.0)).await?;
    let seen = "['moment', 'chart'].map(id => document.querySelector(`[data-testid=${id}]`))
        .map(one => one.toDataURL?.() ?? one.textContent)";
    let before = visit.look(seen).await?;
    for shown in [".curve .frame", "[data-testid=moment]"] {
        ensure!(is_in_sight(visit, shown).await?, "{shown} is not in sight while the network trains");
    }
    let changes = async || {
        let now = visit.look(seen).await?;
        Ok(now[0] != before[0] && now[1] != before[1])
    };
    visit.wait_until("another sample and another picture", RUN, changes).await?;
    visit.picture("phone-training").await?;
    visit.wait_for_status("finished", RUN).await?;
    check_fingers(visit).await?;
    visit.check_accessibility("on a telephone, after a run").await
}

/// The settings unfold, and nothing in them is lost when they are folded again.
async fn change_a_setting(visit: &Visit) -> Result<()> {
    let field = "document.querySelector('#setting-hidden').checkVisibility()";
    let press = async || visit.script("document.querySelector('.fold').click()", vec![]).await;
    ensure!(visit.look(field).await? == false, "the settings are folded");
    press().await?;
    visit.wait_until("the settings", READY, async || Ok(visit.look(field).await? == true)).await?;
    visit.type_into("Hidden units", "32").await?;
    visit.toggle("Text").await?;
    visit.type_into("Paste a text", "not used yet").await?;
    check_fingers(visit).await?;
    visit.check_accessibility("on a telephone, with the settings open").await?;
    visit.picture("phone-settings").await?;
    press().await?;
    visit.wait_until("the line", READY, async || Ok(visit.look(field).await? == false)).await?;
    ensure!(visit.text("settings-line").await?.contains("32 units"), "{}", visit.text("settings-line").await?);
    press().await?;
    let kept = "['#setting-hidden', '#text-paste'].map(id => document.querySelector(id).value).join()";
    ensure!(visit.look(kept).await? == "32,not used yet", "{}", visit.look(kept).await?);
    press().await.map(drop)
}

async fn generate(visit: &Visit) -> Result<()> {
    visit.type_into("Prefix", "the time").await?;
    visit.click("Generate").await?;
    let is_there = async || Ok(visit.text("generated").await?.starts_with("the time"));
    visit.wait_until("the continuation", READY, is_there).await?;
    ensure!(is_in_sight(visit, "[data-testid=generated]").await?, "the continuation is not in sight");
    visit.picture("phone-generated").await
}

/// Turned, the telephone shows chart and sample, and what was read, opened or typed is still there.
async fn turn(visit: &Visit) -> Result<()> {
    visit.toggle("What it remembers").await?;
    visit.script("document.querySelector('[data-testid=samples]').scrollTop -= 900", vec![]).await?;
    let shown = async || {
        let typed = visit.look("document.querySelector('#prefix').value").await?;
        let open = visit.look("document.querySelector('#inside-memory').open").await?;
        Ok::<_, anyhow::Error>((first_row(visit).await?, typed, open))
    };
    visit.wait_until("an earlier row", READY, async || Ok(first_row(visit).await? != "300")).await?;
    let before = shown().await?;
    hold(visit, TURNED).await?;
    visit.wait_until("the same row", READY, async || Ok(shown().await? == before)).await?;
    let fits = "(() => { const c = document.querySelector('[data-testid=chart]');
        return c.width === Math.round(c.clientWidth * devicePixelRatio) })()";
    visit.wait_until("the chart in its new size", READY, async || Ok(visit.look(fits).await? == true)).await?;
    visit.script("document.querySelector('.panel.curve').scrollIntoView()", vec![]).await?;
    for shown in [".curve .frame", "[data-testid=moment]"] {
        ensure!(is_in_sight(visit, shown).await?, "{shown} is not in sight on a turned telephone");
    }
    let bar = visit.look("document.querySelector('.bar').getBoundingClientRect().height").await?;
    ensure!(bar.as_f64() < Some(64.0), "the bar is {bar} pixels high");
    check_fingers(visit).await?;
    visit.check_accessibility("on a turned telephone").await?;
    visit.picture("phone-turned").await?;
    hold(visit, UPRIGHT).await?;
    visit.wait_until("the same row again", READY, async || Ok(shown().await? == before)).await
}

/// In the background the title goes on telling epoch and perplexity.
#[tokio::test(flavor = "multi_thread")]
async fn the_title_tells_how_far_a_hidden_run_is() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=64&epochs=100000&engine=cpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_until("epochs", RUN, async || Ok(visit.number("epoch").await? >= 2.0)).await?;
    visit.hide().await?;
    ensure!(visit.look("document.hidden").await? == true);
    let epoch = async || {
        let title = visit.look("document.title").await?;
        let told = title.as_str().and_then(|title| title.split_once(" · "));
        ensure!(told.is_some_and(|(_, rest)| rest.ends_with(" – Time Traveller")), "{title}");
        Ok::<u32, anyhow::Error>(told.map_or("", |told| told.0).parse()?)
    };
    let before = epoch().await?;
    visit.wait_until("later epochs in the title", RUN, async || Ok(epoch().await? > before + 20)).await?;
    visit.check_clean().await
}

/// Where colours are few or the contrast is high, nothing is told by a background alone, and the chart can be seen.
#[tokio::test(flavor = "multi_thread")]
async fn other_colours_leave_everything_told() -> Result<()> {
    let visit = Visit::start().await?;
    visit.open_idle("#hidden=16&epochs=20&engine=cpu", READY).await?;
    visit.click("Train").await?;
    visit.wait_for_status("finished", RUN).await?;
    visit.script("document.querySelector('[data-testid=samples] li').click()", vec![]).await?;
    visit.click("Generate").await?;
    visit.wait_until("a continuation", READY, async || Ok(!visit.text("generated").await?.is_empty())).await?;
    // The colours on the chart: as many as are drawn, and not one.
    let colours = "(() => {
        const c = document.querySelector('[data-testid=chart]'), { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        return new Set(new Uint32Array(data.buffer)).size })()";
    for (name, value) in [("forced-colors", "active"), ("prefers-contrast", "more")] {
        visit.emulate_media(name, value).await?;
        let outline = "getComputedStyle(document.querySelector('.rows [aria-current]')).outlineStyle";
        ensure!(visit.look(outline).await? == "solid", "{name}: the chosen row is told by its background alone");
        let line = "getComputedStyle(document.querySelector('.rows .continuation')).textDecorationLine";
        ensure!(visit.look(line).await? == "underline", "{name}: prefix and continuation look alike");
        visit.wait_until("a chart", READY, async || Ok(visit.look(colours).await?.as_u64() > Some(8))).await?;
        visit.check_accessibility(name).await?;
        visit.picture(name).await?;
    }
    visit.check_clean().await
}
