//! Trains the networks that the page opens with, by the project's own engine, to `public/trained/`, which git ignores.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::shell::{cargo, root, run, say};
use crate::text;
use crate::trained::{TRAINED, Trained};

/// What a network follows from, beside the code of the engine: the text, and the settings.
const MADE_FROM: [&str; 2] = ["public/timemachine.txt", "src/model/trained.rs"];

/// Trains the networks on the text, unless they are there.
pub fn bring() -> Result<()> {
    text::bring(None)?;
    let stamp = root().join("target").join("networks");
    let wanted = digest()?;
    if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted)
        && TRAINED.iter().all(|t| place(t).exists())
    {
        return Ok(());
    }
    say("Training the networks that the page opens with (a minute, and two for a build the first time)");
    run(cargo(["build", "--quiet", "--example", "train"]))?;
    fs::create_dir_all(root().join("public").join("trained"))?;
    let started = TRAINED.iter().map(start).collect::<Result<Vec<_>>>()?;
    for (trained, training) in TRAINED.iter().zip(started) {
        let end = training.wait_with_output()?;
        ensure!(
            end.status.success(),
            "{} can't be trained: {}",
            trained.key,
            String::from_utf8_lossy(&end.stderr).trim()
        );
    }
    Ok(fs::write(stamp, wanted)?)
}

/// Where the page's build finds a network.
fn place(trained: &Trained) -> PathBuf {
    root().join("public").join(trained.file())
}

fn digest() -> Result<String> {
    let mut all = Sha256::new();
    for file in MADE_FROM {
        all.update(fs::read(root().join(file)).with_context(|| format!("{file} can't be read"))?);
    }
    Ok(all.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Starts to train a network on one thread, so that the others have theirs.
fn start(trained: &Trained) -> Result<Child> {
    let mut train: Command = cargo(["run", "--quiet", "--example", "train", "--", "--json", "--every", "1000"]);
    train.arg("--checkpoint").arg(place(trained));
    for (key, value) in trained.settings {
        train.args([format!("--{key}"), (*value).to_owned()]);
    }
    train.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context("cargo could not be started")
}
