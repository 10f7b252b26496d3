//! Builds and serves the page: set-up, then trunk.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::shell::{command, root, run, say};
use crate::{networks, size, text, tools};

const DEFAULT_PORT: u16 = 8080;

/// The options of `serve`.
pub struct ServeOptions {
    port: u16,
    open: bool,
    file: Option<PathBuf>,
}

impl ServeOptions {
    pub fn read(mut args: Parser) -> Result<Self> {
        let mut options = Self { port: DEFAULT_PORT, open: true, file: text::file_from_environment() };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("port") => options.port = args.value()?.parse().context("--port takes a port number")?,
                Arg::Long("no-open") => options.open = false,
                Arg::Long("file") => options.file = Some(args.value()?.into()),
                other => bail!(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Sets up, builds for release, serves on this machine only, and opens the page.
pub fn serve(options: &ServeOptions) -> Result<()> {
    let port = options.port;
    // Checked before the minutes of set-up and compilation.
    TcpListener::bind(("127.0.0.1", port)).with_context(|| {
        format!("port {port} of 127.0.0.1 can't be had: end what uses it, or choose another with --port")
    })?;
    set_up(options.file.as_deref())?;
    say(format!("Building, then serving on http://127.0.0.1:{port}/ (about 4 minutes the first time, then seconds)"));
    let mut trunk = trunk(["serve", "--release", "--address", "127.0.0.1"]);
    trunk.args(["--port", &port.to_string()]);
    if options.open {
        trunk.arg("--open");
    }
    become_or_run(trunk)
}

/// Sets up and builds the page in `dist/`; it is an error if it exceeds its size budget.
pub fn build(file: Option<&Path>) -> Result<()> {
    set_up(file)?;
    build_only()?;
    size::check()
}

/// Builds the page in `dist/`, without set-up.
pub fn build_only() -> Result<()> {
    say("Building the page for release (about 4 minutes the first time, then seconds)");
    run(trunk(["build", "--release"]))?;
    say(format!("The page is in {}", root().join("dist").display()));
    Ok(())
}

fn set_up(file: Option<&Path>) -> Result<()> {
    tools::wasm_target()?;
    text::bring(file)?;
    networks::bring()?;
    tools::bundler()
}

fn trunk<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut trunk = command("trunk", args);
    trunk.arg("--skip-version-check");
    // trunk reads NO_COLOR as its own option and rejects the usual value of 1.
    if std::env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

/// On Unix this process is replaced by the other, so that ending it ends the server.
#[cfg(unix)]
fn become_or_run(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("trunk could not be started")
}

#[cfg(not(unix))]
fn become_or_run(command: Command) -> Result<()> {
    run(command)
}
