//! Runs other programs in the repository's root, and prints what happens.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository")
}

/// Prints what happens next.
pub fn say(what: impl AsRef<str>) {
    tell(format_args!("» {}", what.as_ref()));
}

/// Prints a line on stderr, if anybody reads it.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints a line on stdout, if anybody reads it: `println!` would panic where the reader has gone, as in
/// `cargo xtask --help | head`.
pub fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The folder for tools that must not replace the person's own.
pub fn own_tools() -> PathBuf {
    root().join("target").join("tools")
}

/// The PATH to find and run programs: our own tools, the inherited PATH, then the folder of `cargo install`, which a
/// fresh shell may not have on its PATH yet.
pub fn path() -> OsString {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(own_tools().join("bin"))
        .chain(env::split_paths(&inherited))
        .chain(cargo_home.map(|home| home.join("bin")));
    env::join_paths(folders).unwrap_or(inherited)
}

/// Finds a program on our [`path`].
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    which::which_in(program, Some(path()), root()).ok()
}

/// A command that runs in the repository's root.
///
/// It does not inherit the variables that `cargo run` set for our own package: some build scripts (`ring`'s) run again
/// when these change, so every cargo that we start would compile them, and us, again.
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

/// A cargo command, with the toolchain that runs us.
pub fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    command("cargo", args)
}

/// Runs a command with our stdout and stderr; fails if it fails.
pub fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    let status = command.status().with_context(|| format!("{shown} could not be started"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// A command's stdout, if it succeeds.
pub fn output(mut command: Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
