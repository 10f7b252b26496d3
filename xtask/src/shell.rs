//! Running other programs from the repository's root, and saying what is going on.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository")
}

/// Tells the person what happens next.
pub fn say(what: impl AsRef<str>) {
    eprintln!("» {}", what.as_ref());
}

/// Where programs that must not replace a person's own are installed.
pub fn own_tools() -> PathBuf {
    root().join("target").join("tools")
}

/// The PATH that programs are looked up on and run with: our own tools, the person's, then those that `cargo install`
/// leaves (a fresh shell may not have that folder on its PATH yet).
pub fn path() -> OsString {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(own_tools().join("bin"))
        .chain(env::split_paths(&inherited))
        .chain(cargo_home.map(|home| home.join("bin")));
    env::join_paths(folders).unwrap_or(inherited)
}

/// Where a program lies on our [`path`].
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    which::which_in(program, Some(path()), root()).ok()
}

/// A program to be run in the repository's root.
///
/// It does not see what `cargo run` told us about our own package: there are build scripts (`ring`'s) that run again
/// when that changes, and every cargo that we start would compile them anew, and us with them.
pub fn command(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let program = program.as_ref();
    let mut command = Command::new(find(program).unwrap_or_else(|| program.into()));
    command.args(args).current_dir(root()).env("PATH", path());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Cargo, in the toolchain that runs us.
pub fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    command("cargo", args)
}

/// Runs a program to its end; its output goes where ours goes.
pub fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    let status = command.status().with_context(|| format!("{shown} could not be started"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// What a program prints, if it runs well.
pub fn output(mut command: Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
