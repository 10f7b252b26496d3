//! `--inside`: what the views into a network cost while it trains: its speed with all of them open and with none, by
//! turns, and the page's longest tasks.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use end_to_end::{Options, Visit, print};

use crate::about::About;

const READY: Duration = Duration::from_secs(90);

/// How long a turn is measured, and how long it runs before that.
const TURN: Duration = Duration::from_secs(12);
const WARM_UP: Duration = Duration::from_secs(3);

/// Turns of each kind.
const ROUNDS: usize = 3;

/// The networks: what they are called, and the page's address.
const NETWORKS: [(&str, &str); 4] = [
    ("RNN, 512 hidden units, CPU", "engine=cpu&threads=1&hidden=512"),
    ("GRU, 512 hidden units, CPU", "engine=cpu&threads=1&hidden=512&cell=gru"),
    ("LSTM, 512 hidden units, CPU", "engine=cpu&threads=1&hidden=512&cell=lstm"),
    ("RNN, 512 hidden units, WebGPU", "engine=gpu&hidden=512"),
];

/// Opens or closes all views.
const TOGGLE: &str = "document.querySelectorAll('.viewed > summary').forEach(summary => summary.click())";

/// How far the run is, from 0 to 1.
async fn progress(visit: &Visit) -> Result<f64> {
    visit.look("document.querySelector('progress').value").await?.as_f64().context("the page shows no progress")
}

/// Progress a second in a turn.
async fn turn(visit: &Visit) -> Result<f64> {
    tokio::time::sleep(WARM_UP).await;
    let (start, before) = (Instant::now(), progress(visit).await?);
    tokio::time::sleep(TURN).await;
    Ok((progress(visit).await? - before) / start.elapsed().as_secs_f64())
}

/// The ratio of the speeds in each round, and the longest tasks with the views open, in milliseconds of the processor.
async fn measure_one(address: &str) -> Result<(Vec<f64>, Vec<f64>)> {
    let visit = Visit::start_with(Options { trace: true, ..Options::default() }).await?;
    visit.open_idle(&format!("#{address}&epochs=100000"), READY).await?;
    visit.click("Train").await?;
    visit.wait_until("an epoch", READY, async || Ok(visit.number("epoch").await? >= 1.0)).await?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let closed = turn(&visit).await?;
        visit.script(TOGGLE, vec![]).await?;
        visit
            .wait_until("the views", READY, async || Ok(visit.text("memory-said").await.is_ok_and(|t| !t.is_empty())))
            .await?;
        if ratios.is_empty() {
            visit.watch_frames().await?;
        }
        ratios.push(turn(&visit).await? / closed);
        if ratios.len() < ROUNDS {
            visit.script(TOGGLE, vec![]).await?;
        }
    }
    visit.click("Pause").await?;
    let tasks = visit.tasks().await?.into_iter().take(3).map(|task| task.processor).collect();
    Ok((ratios, tasks))
}

/// Measures each network, and writes `inside.md`.
///
/// # Errors
/// If something can't be measured or written.
pub async fn measure(about: &About, output: &Path) -> Result<()> {
    let mut table = String::from(
        "| network | speed with all views open, of that with none | longest tasks of the page, ms |\n| --- | --- | --- |\n",
    );
    for (name, address) in NETWORKS {
        eprintln!("» {name}");
        let (ratios, tasks) = measure_one(address).await?;
        let said = |numbers: &[f64], digits: usize| {
            numbers.iter().map(|x| format!("{x:.digits$}")).collect::<Vec<_>>().join(", ")
        };
        writeln!(table, "| {name} | {} | {} |", said(&ratios, 2), said(&tasks, 0))?;
    }
    let text = format!(
        "# What the views into a network cost\n\nAll four views are open while the network trains: a question to the \
         worker when the last answer is 60 times as old as it took. Each number of the second column is \
         of a round of its own; tasks are measured in milliseconds of the processor.\n\n{table}\n{}\n",
        about.markdown()
    );
    fs::create_dir_all(output)?;
    fs::write(output.join("inside.md"), &text)?;
    print(format_args!("{text}"));
    Ok(())
}
