//! The native programs as a person runs them: pipes that close, paths that can't be written, runs that diverge and
//! resume.
//!
//! `cargo test` builds the programs. To run this file alone: `cargo build --examples`, then `cargo test --test native`.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use time_traveller::model::Hyperparameters;
use time_traveller::train::Checkpoint;

/// Longer than any of these runs takes on a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// A folder of a test's own, with a short text.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("time-traveller-native-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("text.txt"), "the time traveller came back again ".repeat(20)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The trainer with a network that takes a millisecond an epoch.
    fn train(&self, options: &[&str]) -> Command {
        let mut train = program("train");
        train.args("--hidden 4 --batch 2 --steps 5 --tokens 200 --engine cpu --prefix t --text".split(' '));
        train.arg(self.path("text.txt")).args(options).current_dir(&self.0);
        train
    }

    /// The trainer that resumes from a file.
    fn resume(&self, options: &[&str]) -> Output {
        let mut train = program("train");
        train.args(["--prefix", "t", "--text", "text.txt", "--resume"]).args(options).current_dir(&self.0);
        train.output().unwrap()
    }

    fn checkpoint(&self, name: &str) -> Checkpoint {
        Checkpoint::read(&fs::read(self.path(name)).unwrap()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An example, which Cargo puts beside the folder of this test.
fn program(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().join("examples");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is missing: run `cargo build --examples`", program.display());
    Command::new(program)
}

/// What a program said on stderr, once it has ended with this status.
fn said(output: &Output, status: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn piped(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads a number of lines from the program's stdout, closes it, and waits for the program.
fn close_after(mut child: Child, lines: usize) -> Output {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..lines {
        assert!(out.read_line(&mut String::new()).unwrap() > 0, "{:?}", child.wait_with_output());
    }
    drop(out);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > LONG {
            child.kill().unwrap();
            panic!("it trains on with nobody reading");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn a_run_whose_output_is_closed_is_saved_and_ends_quietly() {
    let place = Place::new("closed");
    for (file, options) in [("lines", &[][..]), ("json", &["--json"])] {
        let options = [options, &["--epochs", "100000", "--checkpoint", file]].concat();
        let output = close_after(piped(place.train(&options)), 3);
        let said = said(&output, 0);
        assert!(!said.contains("pipe"), "{said}");
        assert!(place.checkpoint(file).epoch() >= 2, "{}", place.checkpoint(file).epoch());
    }
}

#[test]
fn nothing_panics_where_nobody_reads() {
    let place = Place::new("nobody");
    let help = |name| {
        let mut program = program(name);
        program.arg("--help");
        program
    };
    let missing = place.train(&["--epochs", "2", "--resume", "missing"]);
    for mut command in [help("train"), help("steps"), help("curves"), place.train(&["--epochs", "2"]), missing] {
        let closed = || std::io::pipe().unwrap().1;
        let status = command.stdout(closed()).stderr(closed()).status().unwrap();
        assert!(status.code().is_some_and(|code| code < 100), "{command:?}: {status}");
    }
}

/// A full disk is no closed pipe.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_ends_a_run_with_a_sentence() {
    let place = Place::new("full");
    let full = fs::File::create("/dev/full").unwrap();
    let output = place.train(&["--epochs", "100000", "--checkpoint", "run"]).stdout(full).output().unwrap();
    let said = said(&output, 1);
    assert!(said.contains("The output can't be written (No space left on device"), "{said}");
    assert!(place.checkpoint("run").epoch() < 100_000);
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_refused_before_the_run() {
    let place = Place::new("refused");
    fs::create_dir(place.path("folder")).unwrap();
    for (path, why) in [
        ("missing/run", "No such file or directory"),
        ("folder", "it is a folder"),
        ("text.txt/run", "Not a directory"),
    ] {
        let output = place.train(&["--epochs", "1", "--checkpoint", path]).output().unwrap();
        let said = said(&output, 1);
        assert!(said.starts_with(&format!("{path} can't be written ({why}")), "{said}");
        assert_eq!((said.lines().count(), output.stdout.len()), (1, 0), "{said}");
    }
    assert!(!place.path("folder.part").exists());
    // Trying leaves nothing behind, and a file that is there stays until the first save.
    fs::write(place.path("old"), "an older run").unwrap();
    said(&place.train(&["--epochs", "1", "--checkpoint", "old", "--lr", "0"]).output().unwrap(), 1);
    assert_eq!(fs::read_to_string(place.path("old")).unwrap(), "an older run");
    assert!(!place.path("old.part").exists());
    for name in ["steps", "curves"] {
        let mut program = program(name);
        let (input, output) = (place.path("text.txt"), place.path("missing/out"));
        let options: &[&Path] = if name == "steps" { &[&input, &output] } else { &[Path::new("curves"), &input] };
        let said = said(&program.args(options).output().unwrap(), 1);
        let wanted = if name == "steps" { "missing/out can't be written (" } else { "text.txt" };
        assert!(said.contains(wanted) && said.lines().count() == 1, "{name}: {said}");
    }
}

#[test]
fn a_failed_save_ends_no_run_and_is_told_at_the_end() {
    let place = Place::new("unsaved");
    let folder = place.path("folder");
    // More lines than a pipe holds, so the run is in its midst while nobody reads on.
    let options = ["--epochs", "3000", "--json", "--every", "1", "--checkpoint", "folder/run"];
    for comes_back in [true, false] {
        fs::create_dir_all(&folder).unwrap();
        let mut child = piped(place.train(&options));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        fs::rename(&folder, place.path(if comes_back { "gone" } else { "gone too" })).unwrap();
        let mut lines = out.by_ref().lines().map_while(Result::ok);
        if comes_back {
            assert!(lines.nth(2000).is_some());
            fs::create_dir_all(&folder).unwrap();
        }
        let last = lines.last().unwrap();
        assert!(last.starts_with("{\"device\"") && last.contains("\"final\":true"), "{last}");
        let output = child.wait_with_output().unwrap();
        let said = said(&output, if comes_back { 0 } else { 1 });
        let warning = "folder/run can't be written (No such file or directory (os error 2)): training goes on";
        assert_eq!(said.matches(warning).count(), 1, "once, not every epoch: {said}");
        if comes_back {
            assert_eq!(place.checkpoint("folder/run").epoch(), 3000);
        } else {
            let last = said.lines().last().unwrap();
            assert!(last.starts_with("The run was not saved: folder/run can't be written (No such"), "{said}");
        }
    }
}

#[test]
fn a_run_that_diverged_goes_on_as_it_is_told() {
    let place = Place::new("diverged");
    let wild = ["--lr", "1000", "--clip", "1e9"];
    let output = place.train(&[&wild[..], &["--epochs", "50"]].concat()).output().unwrap();
    let told = said(&output, 1);
    assert!(told.contains("stopped being a finite number") && told.contains("--lr 1000 --clip 1"), "{told}");
    assert!(told.contains("--checkpoint"), "it is lost, and the next one need not be: {told}");
    // Good epochs first.
    said(&place.train(&["--epochs", "3", "--checkpoint", "run"]).output().unwrap(), 0);
    let more = [&["run", "--epochs", "50", "--checkpoint", "run"], &wild[..]].concat();
    let told = said(&place.resume(&more), 1);
    assert!(told.contains("--resume run --lr 1000 --clip 1"), "{told}");
    let saved = place.checkpoint("run");
    let broke_off = saved.epoch();
    assert!((3..50).contains(&broke_off), "saved at its last good epoch: {broke_off}");
    assert_eq!(saved.hyperparameters[1], ((3, 0), Hyperparameters { learning_rate: 1000.0, clip: 1e9 }));
    let told = said(&place.resume(&["run", "--lr", "0.5", "--clip", "1", "--epochs", "50", "--checkpoint", "run"]), 0);
    let saved = place.checkpoint("run");
    assert_eq!((saved.epoch(), saved.config.lr), (50, 1.0), "{told}");
    let tamed = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
    assert_eq!(saved.hyperparameters.last(), Some(&((broke_off, 0), tamed)));
}

#[test]
fn a_run_that_diverges_at_once_is_saved_too() {
    let place = Place::new("at-once");
    let options = ["--lr", "1000", "--clip", "1e9", "--epochs", "9", "--checkpoint", "run"];
    let told = said(&place.train(&options).output().unwrap(), 1);
    assert!(told.contains("--resume run --lr 1000 --clip 1"), "{told}");
    let epoch = place.checkpoint("run").epoch();
    said(&place.resume(&["run", "--lr", "0.5", "--clip", "1", "--checkpoint", "run"]), 0);
    assert!(epoch < 9 && place.checkpoint("run").epoch() == 9);
}

#[test]
fn what_a_resumed_run_keeps_is_refused_with_what_to_do() {
    let place = Place::new("kept");
    said(&place.train(&["--epochs", "2", "--checkpoint", "run"]).output().unwrap(), 0);
    for (option, value) in
        [("--hidden", "8"), ("--seed", "2"), ("--state", "reset"), ("--init", "text.txt"), ("--window-offset", "1")]
    {
        let told = said(&place.resume(&["run", option, value]), 1);
        assert!(told.contains(&format!("leave out {option}, or start a new run without --resume")), "{told}");
        assert_eq!(told.trim_end().lines().count(), 1, "{told}");
    }
    // What the run has anyway is no change.
    said(&place.resume(&["run", "--hidden", "4", "--seed", "1", "--lr", "1", "--checkpoint", "same"]), 0);
    assert_eq!(place.checkpoint("same").hyperparameters.len(), 1);
    let told = said(&place.resume(&["run", "--lr", "0"]), 1);
    assert!(told.contains("Learning rate (lr)"), "{told}");
    let told = said(&place.resume(&["run"]), 0);
    assert!(told.contains("has finished its 2 epochs: name more with --epochs to go on"), "{told}");
}
