//! `--load`: a first visit over a slow line with a slow processor: when something is seen, when Train can be pressed, when
//! the worker is ready, what is downloaded until then, and how much the page jumps.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use end_to_end::{Options, Speed, Transfer, Visit, copy_folder, print};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::about::About;

/// What is usually called slow 4G: 1.6 Mbit/s, 150 ms.
const SPEED: Speed = Speed { bytes_per_second: 200e3, latency: Duration::from_millis(150) };

/// How many times slower the page's main thread is than this machine's.
const SLOWDOWN: u32 = 4;

const READY: Duration = Duration::from_secs(90);

/// The line is quiet when nothing has come for so long: longer than the page waits before it is kept for use without a
/// network.
const QUIET: Duration = Duration::from_secs(5);

/// Files that hosts send gzipped.
const GZIPPED: [&str; 7] = ["html", "js", "css", "wasm", "svg", "txt", "md"];

/// The windows' widths, with their heights, and the page's languages.
const WINDOWS: [(u32, u32); 2] = [(1440, 900), (390, 844)];
const LANGUAGES: [&str; 2] = ["en", "zh"];

/// Notes in the page when it comes to what.
const WATCH: &str = r#"
    if (location.protocol === "http:") localStorage.setItem("language", "LANGUAGE");
    window.noted = { shift: 0 };
    const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note)).observe({ type, buffered: true });
    watch("layout-shift", entry => { if (!entry.hadRecentInput) noted.shift += entry.value; });
    watch("paint", entry => {
        if (entry.name === "first-contentful-paint") [noted.seen, noted.words] = [entry.startTime, document.body.innerText];
    });
    (function look() {
        const train = document.querySelector(".buttons button");
        if (train && !train.disabled) noted.train ??= performance.now();
        if (document.querySelector("[data-testid=status]")) noted.program ??= performance.now();
        if (document.querySelector("[data-status=idle]")) noted.ready ??= performance.now();
        requestAnimationFrame(look);
    })();"#;

/// What a visit came to: milliseconds since it began, and bytes that had come by then.
#[derive(Serialize, Deserialize)]
struct Round {
    seen: f64,
    program: f64,
    train: f64,
    ready: f64,
    shift: f64,
    bytes_seen: usize,
    bytes_train: usize,
    bytes_ready: usize,
    bytes: usize,
    /// The beginning of what is seen first.
    words: String,
}

/// A file that was asked for before the worker was ready, with the seconds at which it was asked for and had come.
#[derive(Serialize, Deserialize)]
struct File {
    path: String,
    asked: f64,
    done: f64,
    bytes: usize,
}

/// The visits with a window and a language.
#[derive(Serialize, Deserialize)]
struct Case {
    width: u32,
    language: String,
    rounds: Vec<Round>,
}

/// All that was measured at one time, by its label.
#[derive(Serialize, Deserialize)]
struct Sitting {
    label: String,
    about: Value,
    conditions: String,
    cases: Vec<Case>,
    /// Those of the first visit.
    files: Vec<File>,
}

/// Puts a gzipped file beside each that hosts send so.
fn gzip(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if path.is_dir() {
            gzip(&path)?;
        } else if GZIPPED.contains(&kind) {
            let mut encoder = GzEncoder::new(fs::File::create(format!("{}.gz", path.display()))?, Compression::best());
            encoder.write_all(&fs::read(&path)?)?;
            encoder.finish()?;
        }
    }
    Ok(())
}

/// Waits until the worker is ready and nothing comes over the line any more. The page is left alone meanwhile.
async fn wait_for_quiet(visit: &Visit) -> Result<Vec<Transfer>> {
    let start = Instant::now();
    loop {
        let before = visit.transfers().len();
        tokio::time::sleep(QUIET).await;
        if visit.transfers().len() == before && visit.look("noted?.ready > 0").await? == true {
            return Ok(visit.transfers());
        }
        ensure!(start.elapsed() < READY, "the page was not ready after {READY:?}");
    }
}

/// A visit in a new browser, which has kept nothing of the page, and the files in the order in which they were asked for.
async fn visit(folder: &Path, (width, height): (u32, u32), language: &str) -> Result<(Round, Vec<File>)> {
    let options = Options { folder: folder.to_owned(), speed: Some(SPEED), ..Options::default() };
    let visit = Visit::start_with(options).await?;
    visit.emulate_size(width, height).await?;
    visit.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": SLOWDOWN })).await?;
    let script = json!({ "source": WATCH.replace("LANGUAGE", language) });
    visit.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
    visit.devtools("Page.navigate", json!({ "url": visit.address() })).await?;
    let transfers = wait_for_quiet(&visit).await?;
    let noted = visit.look("({ ...noted, origin: performance.timeOrigin })").await?;
    let time = |name: &str| noted[name].as_f64().with_context(|| format!("the page did not note “{name}”"));
    let origin = time("origin")?;
    let bytes = |until: f64| transfers.iter().filter(|file| file.done <= origin + until).map(|file| file.bytes).sum();
    let (seen, train, ready) = (time("seen")?, time("train")?, time("ready")?);
    let words = noted["words"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let file = |file: &Transfer| File {
        path: file.path.rsplit('/').next().unwrap_or_default().to_owned(),
        asked: (file.asked - origin) / 1e3,
        done: (file.done - origin) / 1e3,
        bytes: file.bytes,
    };
    let mut files: Vec<File> = transfers.iter().filter(|file| file.asked < origin + ready).map(file).collect();
    files.sort_by(|one, other| one.asked.total_cmp(&other.asked));
    let round = Round {
        seen,
        program: time("program")?,
        train,
        ready,
        shift: time("shift")?,
        bytes_seen: bytes(seen),
        bytes_train: bytes(train),
        bytes_ready: bytes(ready),
        bytes: bytes(f64::INFINITY),
        words: words.chars().take(160).collect(),
    };
    Ok((round, files))
}

/// Median, smallest and largest.
fn spread(rounds: &[Round], number: impl Fn(&Round) -> f64, digits: usize) -> String {
    let mut sorted: Vec<f64> = rounds.iter().map(number).collect();
    sorted.sort_by(f64::total_cmp);
    let (first, last, middle) = (sorted[0], sorted[sorted.len() - 1], sorted.len() / 2);
    let median = if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
    format!("{median:.digits$} ({first:.digits$} to {last:.digits$})")
}

fn markdown(sittings: &[Sitting]) -> String {
    let mut text = String::from(
        "# A first visit over a slow line\n\nSeconds since the visit began, kilobytes that had come by then: median \
         (smallest to largest). Seen: the first contentful paint. Program: the page’s own has taken the place of what \
         stands in its HTML. Train: the button can be pressed. Ready: the worker has the text and a device. Jumps: the \
         layout shifts, added up.\n",
    );
    for Sitting { label, about, conditions, cases, files } in sittings {
        let said = |name: &str| about[name].as_str().unwrap_or("unknown").to_owned();
        let processor = about["machine"]["processor"].as_str().unwrap_or("unknown");
        text += &format!(
            "\n## {label}\n\n- command: `{}`\n- date and commit: {}, {}\n- machine: {processor}, {} cores; load before \
             the first measurement {}\n- browser: {}\n- {conditions}\n\n",
            said("command"),
            said("date"),
            said("commit"),
            about["machine"]["cores"],
            about["machine"]["load_before"],
            said("browser"),
        );
        text += "| window, language | seen, s | program, s | Train, s | ready, s | KB: seen | Train | ready | in all | \
                 jumps |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for Case { width, language, rounds } in cases {
            let seconds = |time: fn(&Round) -> f64| spread(rounds, |round| time(round) / 1e3, 2);
            let kilobytes = |bytes: fn(&Round) -> usize| spread(rounds, |round| bytes(round) as f64 / 1e3, 0);
            text += &format!(
                "| {width}, {language} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                seconds(|r| r.seen),
                seconds(|r| r.program),
                seconds(|r| r.train),
                seconds(|r| r.ready),
                kilobytes(|r| r.bytes_seen),
                kilobytes(|r| r.bytes_train),
                kilobytes(|r| r.bytes_ready),
                kilobytes(|r| r.bytes),
                spread(rounds, |round| round.shift, 3),
            );
        }
        text += "\nSeen first:\n\n";
        for Case { width, language, rounds } in cases {
            text += &format!("- {width}, {language}: “{}”\n", rounds[0].words);
        }
        text += "\nAsked for before the worker was ready, on the first visit:\n\n| file | asked for, s | there, s | KB |\n\
                 | --- | ---: | ---: | ---: |\n";
        for File { path, asked, done, bytes } in files {
            let path = if path.is_empty() { "(the page)" } else { path };
            text += &format!("| {path} | {asked:.2} | {done:.2} | {:.1} |\n", *bytes as f64 / 1e3);
        }
    }
    text
}

/// Measures, and writes `load.json` and `load.md`, which keep what was measured under other labels.
///
/// # Errors
/// If something can't be measured or written.
pub async fn measure(about: &About, rounds: usize, label: &str, output: &Path) -> Result<()> {
    // Read before the minutes that measuring takes.
    let file = output.join("load.json");
    let mut sittings: Vec<Sitting> = match fs::read(&file) {
        Ok(kept) => serde_json::from_slice(&kept).with_context(|| format!("{} can't be read", file.display()))?,
        Err(_) => Vec::new(),
    };
    let site = tempfile::tempdir()?;
    copy_folder(&Options::default().folder, site.path())?;
    gzip(site.path())?;
    let (mut cases, mut first) = (Vec::new(), None);
    for (window, language) in WINDOWS.iter().flat_map(|window| LANGUAGES.map(|language| (*window, language))) {
        let (width, mut visits) = (window.0, Vec::new());
        for _ in 0..rounds {
            let (round, files) = visit(site.path(), window, language).await?;
            let Round { seen, train, ready, shift, .. } = round;
            eprintln!(
                "{width:>5}, {language}: seen {seen:.0}, Train {train:.0}, ready {ready:.0} ms, jumps {shift:.3}"
            );
            visits.push(round);
            first.get_or_insert(files);
        }
        cases.push(Case { width, language: language.to_owned(), rounds: visits });
    }
    let conditions = format!(
        "{rounds} visits each, in new browsers; the site sends {:.1} Mbit/s, all answers together, gzipped, and begins \
         each after {} ms; the page’s main thread is {SLOWDOWN} times slower than this machine’s, the worker is not",
        SPEED.bytes_per_second * 8.0 / 1e6,
        SPEED.latency.as_millis(),
    );
    sittings.retain(|sitting| sitting.label != label);
    sittings.push(Sitting {
        label: label.to_owned(),
        about: about.json(),
        conditions,
        cases,
        files: first.unwrap_or_default(),
    });
    let text = markdown(&sittings);
    fs::create_dir_all(output)?;
    fs::write(&file, serde_json::to_string_pretty(&sittings)? + "\n")?;
    fs::write(output.join("load.md"), &text)?;
    print(format_args!("{text}"));
    Ok(())
}
