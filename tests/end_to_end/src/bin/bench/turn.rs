//! One turn of one contestant.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use end_to_end::{Options, Visit};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time_traveller::engine::Devices;
use time_traveller::kernels::network_of;
use time_traveller::model::Config;
use time_traveller::model::config::{AutoOr, EngineChoice};
use time_traveller::train::Session;
use tokio::process::Command;

use crate::case::Case;
use crate::contestants::{Contestant, How, On, Outcome};

/// Seconds of the timed part of a turn, if there are enough minibatches. At least one is timed.
pub const SECONDS: f64 = 6.0;
/// Timeout of a whole turn, on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(900);

/// Paths.
pub struct Places {
    /// The repository's root.
    pub root: PathBuf,
    /// A Python, with or without torch.
    pub python: PathBuf,
}

impl Places {
    /// The folder of the cases: one for each run of the book that is measured.
    pub fn cases(&self) -> PathBuf {
        self.root.join("target/bench")
    }

    pub fn peers(&self) -> PathBuf {
        self.root.join("benches/peers")
    }
}

/// The result of a turn.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Told {
    Outcome(Outcome),
    /// What is missing.
    Absent {
        absent: String,
    },
}

/// Runs a contestant.
///
/// # Errors
/// If it failed.
pub async fn take(contestant: &Contestant, case: &Case, places: &Places) -> Result<Told> {
    match contestant.how {
        How::Page { package: Some(package), .. } if !places.peers().join("node_modules").join(package).exists() => {
            let absent = format!("{package} is not in benches/peers/node_modules: install Node.js, which has npm");
            Ok(Told::Absent { absent })
        }
        How::Page { module, options, .. } => {
            let options: Value = serde_json::from_str(options)?;
            in_browser("bench", vec![json!(contestant.run), json!(module), options, json!(SECONDS)], places).await
        }
        How::Engine(choice, on) => engine(choice, on, case).await.map(Told::Outcome),
        How::PyTorch { network, on } => pytorch(network, on, &places.cases().join(contestant.run), places).await,
    }
}

/// Calls a function of `benches/peers/page.js` in a new browser, so that contestants don't affect each other; returns
/// its result.
///
/// # Errors
/// The function's error.
pub async fn in_browser<T: DeserializeOwned>(function: &str, arguments: Vec<Value>, places: &Places) -> Result<T> {
    let visit = visit(places).await?;
    visit.allow_scripts(TIMEOUT).await?;
    let told = visit.script(&format!("return {function}(...arguments)"), arguments).await.map_err(|error| {
        // chromedriver appends its stack trace.
        let text = format!("{error:#}");
        anyhow!("{}", text.lines().next().unwrap_or_default().to_owned())
    })?;
    Ok(serde_json::from_value(told)?)
}

async fn visit(places: &Places) -> Result<Visit> {
    let also = vec![("dist", places.root.join("dist")), ("cases", places.cases())];
    let visit =
        Visit::start_with(Options { folder: places.peers(), also, isolated: true, ..Options::default() }).await?;
    visit.open("").await?;
    Ok(visit)
}

/// Name and version of the browser.
pub async fn browser(places: &Places) -> Result<String> {
    let version = visit(places).await?.devtools("Browser.getVersion", json!({})).await?;
    Ok(version["product"].as_str().context("the browser does not tell its version")?.replace('/', " "))
}

/// Trains whole epochs, without samples; the first one warms up.
async fn engine(choice: EngineChoice, on: On, case: &Case) -> Result<Outcome> {
    let corpus = Rc::new(case.corpus.clone());
    let config = Config { epochs: case.epochs() as u32, ..case.config };
    let device = Devices::open()
        .await
        .choose(choice, AutoOr(Some(on.threads().max(1) as u32)), network_of(&config, corpus.vocabulary.size()))
        .await?
        .winner;
    let mut session = Session::new(&device, &corpus, config).await?;
    let (mut losses, mut start) = (Vec::new(), Instant::now());
    loop {
        let Some(epoch) = session.advance().await? else { continue };
        losses.push(epoch.loss);
        let seconds = start.elapsed().as_secs_f64();
        if losses.len() == 1 {
            start = Instant::now();
        } else if session.is_finished() || seconds >= SECONDS {
            let tokens = case.tokens_of_epochs(1..losses.len());
            return Ok(Outcome::of_epochs(device.name(), tokens as u64, seconds, losses));
        }
    }
}

async fn pytorch(network: &str, on: On, case: &Path, places: &Places) -> Result<Told> {
    let python = places.python.display();
    let mut script = Command::new(&places.python);
    script.arg(places.peers().join("pytorch.py")).arg(case);
    script.args(["--network", network, "--threads", &on.threads().to_string(), "--seconds", &SECONDS.to_string()]);
    let output = match tokio::time::timeout(TIMEOUT, script.kill_on_drop(true).output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Ok(Told::Absent { absent: how_to_get(&format!("{python}: {error}")) }),
        Err(_) => bail!("it took longer than {TIMEOUT:?}"),
    };
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{python} says “{}”", complaint.trim().lines().next_back().unwrap_or_default());
    }
    Ok(match serde_json::from_slice(&output.stdout).context("pytorch.py does not answer in JSON")? {
        Told::Absent { absent } if !matches!(on, On::Gpu) || absent.contains("installed") => {
            Told::Absent { absent: how_to_get(&absent) }
        }
        told => told,
    })
}

fn how_to_get(what: &str) -> String {
    format!("{what}: `pip install torch`, and name that Python with --python PATH")
}

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/end_to_end lies in the repository")
}
