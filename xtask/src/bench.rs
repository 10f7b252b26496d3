//! `cargo xtask bench`: sets up, then runs `tests/end_to_end/src/bin/bench`.

use std::ffi::OsString;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser};

use crate::browser::{self, Browser};
use crate::shell::{cargo, root, run, say};
use crate::test::Need;
use crate::{npm, site, test};

/// Checks the options `[--rounds N] [--only ID]… [--python PATH] [--output FOLDER] [--kernels | --growth]` before the
/// set-up, which takes minutes.
pub fn options(mut args: Parser) -> Result<Vec<OsString>> {
    let mut options = Vec::new();
    while let Some(arg) = args.next()? {
        let name = match arg {
            Arg::Long(name @ ("kernels" | "growth")) => {
                options.push(format!("--{name}").into());
                continue;
            }
            Arg::Long(name @ ("rounds" | "only" | "python" | "output")) => format!("--{name}"),
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

/// Measures our engines and their peers in turn, and writes `docs/results/bench.json` and `bench.md`.
pub fn bench(options: &[OsString]) -> Result<()> {
    test::set_up(&[Need::WasmTarget, Need::Text, Need::Browser, Need::GpuDriver, Need::Bundler])?;
    site::build_only()?;
    peers();
    let Browser { chrome, driver } = browser::browser()?;
    say("Building the bench for release (about 2 minutes the first time, then seconds)");
    let mut bench = cargo(["run", "--release", "--quiet", "--package", "end-to-end", "--bin", "bench", "--"]);
    bench.args(options).env("CHROME", chrome).env("CHROMEDRIVER", driver);
    run(bench)
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
}
