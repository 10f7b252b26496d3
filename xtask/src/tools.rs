//! The Rust side of set-up: the WebAssembly target, rustfmt and clippy, trunk, wasm-bindgen, cargo-deny.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, command, find, output, own_tools, root, run, say};

pub const WASM: &str = "wasm32-unknown-unknown";

/// The last trunk that builds with the Rust that this project asks for.
const TRUNK_VERSION: &str = "0.21.14";
const CARGO_DENY_VERSION: &str = "0.20.2";
/// A tool's own speed does not matter here, the wait for its compilation does: of trunk's, 3 minutes rather than 9.
const QUICK_COMPILATION: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
];

/// Sees to it that Rust can compile to WebAssembly.
pub fn wasm_target() -> Result<()> {
    let sysroot = output(command("rustc", ["--print", "sysroot"])).context("rustc does not answer")?;
    if Path::new(&sysroot).join("lib").join("rustlib").join(WASM).exists() {
        return Ok(());
    }
    say(format!("Adding Rust's {WASM} target (seconds)"));
    rustup(["target", "add", WASM])
}

/// Sees to it that rustfmt and clippy are there.
pub fn components() -> Result<()> {
    for (component, asked) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if output(cargo([asked, "--version"])).is_none() {
            say(format!("Adding {component} (seconds)"));
            rustup(["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(args: [&str; 3]) -> Result<()> {
    if find("rustup").is_none() {
        bail!("Rust lacks {} and there is no rustup to add it: install Rust by rustup (https://rustup.rs)", args[2]);
    }
    run(command("rustup", args))
}

/// Sees to it that trunk, and the wasm-bindgen that fits the lock file, are what [`command`] finds.
pub fn bundler() -> Result<()> {
    let version = wasm_bindgen_version()?;
    let trunk = Tool { package: "trunk", program: "trunk", version: TRUNK_VERSION, minutes: "3 to 5" };
    let bindgen = Tool { package: "wasm-bindgen-cli", program: "wasm-bindgen", version: &version, minutes: "2 to 4" };
    let mut ours = Vec::new();
    for tool in [trunk, bindgen] {
        if install(&tool)? == Place::Ours {
            ours.push(tool.program);
        }
    }
    if !ours.is_empty() {
        say(format!(
            "Until the next `cargo clean`, {} in target/tools/bin: for trunk without xtask put that folder first on \
             the PATH, as in PATH=\"$PWD/target/tools/bin:$PATH\" trunk serve",
            if ours.len() == 1 { format!("{} is", ours[0]) } else { format!("{} are", ours.join(" and ")) }
        ));
    }
    Ok(())
}

/// Sees to it that cargo-deny is what [`command`] finds.
pub fn cargo_deny() -> Result<()> {
    let version = CARGO_DENY_VERSION;
    install(&Tool { package: "cargo-deny", program: "cargo-deny", version, minutes: "1 to 2" }).map(|_| ())
}

/// Where a tool went, if anywhere.
#[derive(PartialEq)]
enum Place {
    /// It was there, or it is among the person's own programs now.
    Theirs,
    /// `target/tools`.
    Ours,
}

/// A program that `cargo install` brings.
struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    minutes: &'a str,
}

impl Tool<'_> {
    fn is_right(&self) -> bool {
        output(command(self.program, ["--version"]))
            .is_some_and(|text| text.split_whitespace().nth(1) == Some(self.version))
    }
}

/// Installs a tool unless the right version is there: among the person's own programs, where plain `trunk serve`
/// finds it too, or, if another version is among those, in our own folder, so that nothing of theirs is replaced.
fn install(tool: &Tool) -> Result<Place> {
    if tool.is_right() {
        return Ok(Place::Theirs);
    }
    let Tool { package, program, version, minutes } = tool;
    let (mut place, mut options) = (Place::Theirs, Vec::new());
    if let Some(other) = find(program) {
        say(format!("{} is another version; {package} {version} goes to target/tools beside it", other.display()));
        place = Place::Ours;
        options = vec!["--root".into(), own_tools().into_os_string()];
    }
    if find("cargo-binstall").is_some() {
        say(format!("Installing {package} {version} with cargo binstall (seconds)"));
        let mut binstall = cargo(["binstall", "--no-confirm", "--force", &format!("{package}@{version}")]);
        binstall.args(&options);
        if run(binstall).is_ok() && tool.is_right() {
            return Ok(place);
        }
        say("That did not work; compiling it instead");
    }
    say(format!("Compiling {package} {version}: about {minutes} minutes, only this once"));
    let mut install = cargo(["install", "--locked", "--force", package, "--version", version]);
    install.args(&options).envs(QUICK_COMPILATION);
    // Beside the project's own builds, so that nothing here depends on a temporary folder that may not execute.
    install.env("CARGO_TARGET_DIR", root().join("target").join("tools-build"));
    run(install)?;
    let _ = fs::remove_dir_all(root().join("target").join("tools-build"));
    if !tool.is_right() {
        bail!("{program} {version} was installed but does not answer: see what `{program} --version` says");
    }
    Ok(place)
}

/// The version of wasm-bindgen that the lock file holds; tool and library must be of one version.
fn wasm_bindgen_version() -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock can't be read")?;
    locked_version(&lock, "wasm-bindgen").context("Cargo.lock names no version of wasm-bindgen")
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_a_version() {
        let lock =
            "[[package]]\nname = \"a-b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.1\"\n";
        assert_eq!(locked_version(lock, "a").as_deref(), Some("2.0.1"));
        assert_eq!(locked_version(lock, "b"), None);
        assert!(wasm_bindgen_version().is_ok());
    }
}
