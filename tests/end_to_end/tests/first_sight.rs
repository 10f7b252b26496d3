//! The page is seen before its program is there, which then takes its place without a jump; and Train is obeyed before
//! the worker is ready.

use std::time::Duration;

use anyhow::Result;
use end_to_end::{Options, Speed, Visit};
use serde::Deserialize;
use serde_json::json;

const READY: Duration = Duration::from_secs(90);

/// Slow enough for the page to be seen as it stands; its program has 1.4 MB.
const SPEED: Speed = Speed { bytes_per_second: 1e6, latency: Duration::from_millis(20) };

/// Notes place and words of what is seen: `standing`, before the program is there; `ready`, when the worker is; and how
/// much has jumped by then.
const WATCH: &str = r#"
    if (location.protocol === "http:") [localStorage.language, localStorage.theme] = CHOSEN;
    window.noted = { jumps: 0 };
    new PerformanceObserver(list => list.getEntries().forEach(shift => noted.jumps += shift.value))
        .observe({ type: "layout-shift", buffered: true });
    const note = () => {
        const seen = selector => [...document.querySelectorAll(selector)].find(found => found.getClientRects().length);
        const entry = selector => {
            const found = seen(selector), { x, y } = found.getBoundingClientRect();
            return [selector, Math.round(x), Math.round(y), found.innerText.trim()];
        };
        const { lang } = document.documentElement, scheme = getComputedStyle(document.documentElement).colorScheme;
        return { lang, scheme, train: !seen(".buttons button").disabled, entries: SELECTORS.map(entry) };
    };
    requestAnimationFrame(function look() {
        if (document.querySelector(".curve h2")) {
            if (document.querySelector(".standing")) noted.standing = note();
            else if (document.querySelector("[data-status=idle]")) noted.ready ??= note();
        }
        if (!noted.ready) requestAnimationFrame(look);
    });"#;

/// What stays where it is and says what it said, in a wide window; and in a narrow one.
const WIDE: &[&str] = &[
    ".masthead h1",
    ".masthead p",
    ".switches button",
    ".buttons",
    ".lessons h2",
    ".settings h2",
    ".modes",
    ".network h2",
    ".curve h2",
    ".curve .tools",
    ".curve .hint",
    ".runs h2",
    ".gradients h2",
    ".samples h2",
    ".conversation h2",
    ".conversation .hint",
];
const NARROW: &[&str] = &[
    ".masthead h1",
    ".masthead p",
    ".theme",
    ".buttons",
    ".lessons h2",
    ".settings h2",
    ".curve h2",
    ".curve .hint",
    ".conversation h2",
];

#[derive(Deserialize, Debug, PartialEq)]
struct Seen {
    lang: String,
    scheme: String,
    train: bool,
    entries: Vec<(String, i32, i32, String)>,
}

#[derive(Deserialize)]
struct Noted {
    jumps: f64,
    standing: Seen,
    ready: Seen,
}

async fn noted(visit: &Visit, width: u32, selectors: &[&str], language: &str, theme: &str) -> Result<Noted> {
    visit.emulate_size(width, 900).await?;
    let source = WATCH
        .replace("CHOSEN", &json!([language, theme]).to_string())
        .replace("SELECTORS", &json!(selectors).to_string());
    let added = visit.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
    visit.open_idle("#trained=gru", READY).await?;
    visit.devtools("Page.removeScriptToEvaluateOnNewDocument", added).await?;
    // The network that came with the page, and how long the settings take.
    for place in ["generated", "takes"] {
        let is_there = format!("noted.ready && document.querySelector('[data-testid={place}]').textContent !== ''");
        visit.wait_until(place, READY, async || Ok(visit.look(&is_there).await? == true)).await?;
    }
    // What jumps then does so in the next frames.
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(serde_json::from_value(visit.look("noted").await?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_stands_before_its_program_and_nothing_jumps() -> Result<()> {
    for (width, selectors) in [(1440, WIDE), (390, NARROW)] {
        for (language, theme) in [("en", "light"), ("zh", "dark")] {
            let visit = Visit::start_with(Options { speed: Some(SPEED), ..Options::default() }).await?;
            let Noted { jumps, standing, ready } = noted(&visit, width, selectors, language, theme).await?;
            assert_eq!((&standing.lang[..], &standing.scheme[..]), (language, theme));
            assert!(!standing.train && ready.train, "what stands there is no working control");
            assert_eq!(standing.entries, ready.entries, "{width}, {language}");
            assert!(jumps < 0.05, "{jumps} at {width}, {language}");
            visit.check_clean().await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_chosen_one_or_else_the_browsers() -> Result<()> {
    // Storage begins empty, or with what was chosen.
    for (languages, chosen, found) in [
        ("de,zh-CN,en", "", "zh"),
        ("de,fr", "", "en"),
        ("en-GB,zh", "", "en"),
        ("zh-TW", "en", "en"),
        ("en", "nonsense", "en"),
    ] {
        let flags = vec![format!("accept-lang={languages}")];
        let visit = Visit::start_with(Options { flags, ..Options::default() }).await?;
        let source = format!("if (location.protocol === 'http:' && '{chosen}') localStorage.language = '{chosen}'");
        visit.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
        visit.open("").await?;
        let said = visit.look("document.documentElement.lang + navigator.languages").await?;
        assert_eq!(said, json!(format!("{found}{languages}")));
        let train = if found == "zh" { "训练" } else { "Train" };
        assert!(visit.button(train).await.is_ok(), "{languages}, {chosen}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn train_is_obeyed_before_the_worker_is_ready() -> Result<()> {
    let visit = Visit::start_with(Options { speed: Some(SPEED), ..Options::default() }).await?;
    visit.open("#hidden=16&epochs=3&tokens=2000").await?;
    visit.click("Train").await?;
    assert_eq!((&*visit.status().await?, &*visit.text("status").await?), ("loading", "Loading to train…"));
    assert!(!visit.can_click("Train").await?);
    visit.wait_for_status("finished", READY).await?;
    visit.check_clean().await
}
