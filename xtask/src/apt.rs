//! Packages of the system, on Debian and its kin.

use std::process::Stdio;

use anyhow::Result;

use crate::shell::{command, find, output, run, say};

/// Installs packages where that is ours to do. That it is not, or that it fails, is said by the caller, who finds them
/// still missing and knows what to do about it.
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
    // Pages of package names that nobody reads; what goes wrong is on the other stream.
    apt.stdout(Stdio::null());
    run(apt)
}
