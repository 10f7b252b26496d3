//! `cargo xtask bench`: sets up, then runs `tests/end_to_end/src/bin/bench`, or with `--gpu` and `--networks` a native program among the examples.

use std::env::consts::EXE_EXTENSION;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser};

use crate::browser::{self, Browser};
use crate::shell::{cargo, root, run, say};
use crate::test::Need;
use crate::{npm, site, test};

/// Checks the options `[--rounds N] [--only ID]… [--python PATH] [--output FOLDER] [--gates | --threads | --kernels |
/// --growth | --inside | --load [--label NAME] | --gpu | --networks]` before the set-up, which takes minutes.
pub fn options(mut args: Parser) -> Result<Vec<OsString>> {
    let mut options = Vec::new();
    while let Some(arg) = args.next()? {
        let name = match arg {
            Arg::Long(name @ ("gates" | "threads" | "kernels" | "growth" | "inside" | "load" | "gpu" | "networks")) => {
                options.push(format!("--{name}").into());
                continue;
            }
            Arg::Long(name @ ("rounds" | "only" | "python" | "output" | "label")) => format!("--{name}"),
            other => bail!(other.unexpected()),
        };
        let value = args.value()?;
        if name == "--rounds" && !value.to_str().is_some_and(|text| text.parse::<u32>().is_ok_and(|n| n > 0)) {
            bail!("--rounds takes a number above 0, not {}", value.display());
        }
        options.extend([name.into(), value]);
    }
    Ok(options)
}

/// The benches that are native programs, by their options: they need nothing but a GPU's driver, so they can be carried to
/// another machine.
const NATIVE: [(&str, &str); 2] = [("--gpu", "bench_gpu"), ("--networks", "bench_networks")];

/// Builds a native bench, runs it, and says where it lies.
fn bench_natively(name: &str, options: &[OsString]) -> Result<()> {
    test::set_up(&[Need::GpuDriver])?;
    say("Building the bench for release (about 2 minutes the first time, then seconds)");
    run(cargo(["build", "--release", "--quiet", "--example", name]))?;
    let program = root().join("target/release/examples").join(name).with_extension(EXE_EXTENSION);
    say(format!("{} needs nothing but a GPU's driver: carry it to other machines", program.display()));
    let output = root().join(folder(options));
    check_folder(&output)?;
    let mut bench = Command::new(program);
    bench.arg("--output").arg(output);
    if let Some(pair) = options.windows(2).rfind(|pair| pair[0] == "--python") {
        bench.args(pair);
    }
    run(bench)
}

/// Measures our engines and their peers in turn, and writes `docs/results/bench.json` and `bench.md`.
pub fn bench(options: &[OsString]) -> Result<()> {
    if let Some((_, name)) = NATIVE.iter().find(|(option, _)| options.iter().any(|given| given == option)) {
        return bench_natively(name, options);
    }
    check_folder(&root().join(folder(options)))?;
    test::set_up(&[Need::WasmTarget, Need::Text, Need::Browser, Need::GpuDriver, Need::Bundler])?;
    site::build_only()?;
    peers();
    let Browser { chrome, driver } = browser::browser()?;
    say("Building the bench for release (about 2 minutes the first time, then seconds)");
    let mut bench = cargo(["run", "--release", "--quiet", "--package", "end-to-end", "--bin", "bench", "--"]);
    bench.args(options).env("CHROME", chrome).env("CHROMEDRIVER", driver);
    run(bench)
}

/// The folder for the results, relative to the repository's root.
fn folder(options: &[OsString]) -> &OsStr {
    let given = options.windows(2).rfind(|pair| pair[0] == "--output");
    given.map_or("docs/results".as_ref(), |pair| &pair[1])
}

/// Makes a folder for results and tries whether it can be written, before the minutes or hours that they take.
pub fn check_folder(folder: &Path) -> Result<()> {
    let probe = folder.join(format!("results-{}.part", std::process::id()));
    let tried = fs::create_dir_all(folder).and_then(|()| fs::write(&probe, "")).and_then(|()| fs::remove_file(&probe));
    tried.with_context(|| format!("the results can't be written into {}", folder.display()))
}

/// Installs the peers for the browser; the table lists as absent those that can't be installed.
fn peers() {
    let installed = npm::install(&root().join("benches").join("peers"), "TensorFlow.js and jax-js");
    if let Err(error) = installed.context("the peers of the browser will be absent") {
        say(format!("{error:#}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_handed_on_and_mistakes_are_not() {
        let read = |args: &[&str]| options(Parser::from_args(args));
        let given = ["--rounds", "2", "--only", "tfjs", "--only", "ours", "--kernels", "--python", "/a/python"];
        assert_eq!(read(&given).unwrap(), given.map(OsString::from));
        assert!(read(&[]).unwrap().is_empty());
        for wrong in [&["--rounds", "0"] as &[&str], &["--rounds", "x"], &["--only"], &["--quick"], &["tfjs"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_refused_first() {
        let given = ["--output", "one", "--rounds", "2", "--output", "/two"].map(OsString::from);
        assert_eq!((folder(&given), folder(&given[..0])), ("/two".as_ref(), "docs/results".as_ref()));
        let place = std::env::temp_dir().join(format!("time-traveller-results-{}", std::process::id()));
        check_folder(&place.join("new")).unwrap();
        assert_eq!(fs::read_dir(place.join("new")).unwrap().count(), 0, "nothing is left behind");
        fs::write(place.join("file"), "").unwrap();
        for wrong in ["file", "file/folder"] {
            let error = check_folder(&place.join(wrong)).unwrap_err().to_string();
            assert!(error.starts_with("the results can't be written into ") && error.contains(wrong), "{error}");
        }
        fs::remove_dir_all(place).unwrap();
    }
}
