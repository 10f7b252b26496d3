//! System packages, on Debian and its derivatives.

use std::process::Stdio;

use anyhow::Result;

use crate::shell::{command, find, output, run, say};

/// Tries to install packages, if this is a Debian system and we are root. Failures are only printed: the caller checks
/// whether the programs are there, and says what to do if not.
pub fn install(packages: &[&str]) {
    let root = output(command("id", ["-u"])).is_some_and(|id| id == "0");
    if !root || find("apt-get").is_none() {
        return;
    }
    say(format!("Installing {} with apt-get (about half a minute)", packages.join(" ")));
    let install = [&["install", "--quiet", "--yes", "--no-install-recommends"], packages].concat();
    if let Err(error) = apt(&["update", "--quiet"]).and_then(|()| apt(&install)) {
        say(format!("{error:#}"));
    }
}

fn apt(args: &[&str]) -> Result<()> {
    let mut apt = command("apt-get", args);
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    // Stdout is a long list of packages; errors are on stderr.
    apt.stdout(Stdio::null());
    run(apt)
}
