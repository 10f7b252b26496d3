//! The Rust side of set-up: the WebAssembly target, rustfmt and clippy, trunk, wasm-bindgen, cargo-deny, geckodriver.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, command, find, output, own_tools, root, run, say};

pub const WASM: &str = "wasm32-unknown-unknown";

/// The last trunk that compiles with this project's Rust version.
const TRUNK_VERSION: &str = "0.21.14";
const CARGO_DENY_VERSION: &str = "0.20.2";
/// Used where there is no geckodriver; one that is there will do, whatever its version.
const GECKODRIVER_VERSION: &str = "0.37.1";
/// Compiles tools fast rather than for speed: trunk takes 3 minutes instead of 9.
const QUICK_COMPILATION: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
];

/// Adds Rust's WebAssembly target, unless it is there.
pub fn wasm_target() -> Result<()> {
    let sysroot = output(command("rustc", ["--print", "sysroot"])).context("rustc does not answer")?;
    if Path::new(&sysroot).join("lib").join("rustlib").join(WASM).exists() {
        return Ok(());
    }
    say(format!("Adding Rust's {WASM} target (seconds)"));
    rustup(["target", "add", WASM])
}

/// Adds rustfmt and clippy, unless they are there.
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

/// Installs trunk, and the version of wasm-bindgen in the lock file, where [`command`] finds them first.
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

/// Installs cargo-deny where [`command`] finds it first.
pub fn cargo_deny() -> Result<()> {
    let version = CARGO_DENY_VERSION;
    install(&Tool { package: "cargo-deny", program: "cargo-deny", version, minutes: "1 to 2" }).map(|_| ())
}

/// Installs geckodriver where [`command`] finds it.
pub fn geckodriver() -> Result<()> {
    let version = GECKODRIVER_VERSION;
    install(&Tool { package: "geckodriver", program: "geckodriver", version, minutes: "1 to 2" }).map(|_| ())
}

/// Where a tool is installed.
#[derive(PartialEq)]
enum Place {
    /// Among the person's own programs.
    Theirs,
    /// In `target/tools`.
    Ours,
}

/// A program that `cargo install` installs.
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

/// Installs a tool, unless the right version is there: among the person's own programs, where plain `trunk serve` finds
/// it too, or in our own folder if they have another version, which must not be replaced.
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
    // Within the project, because programs in a temporary folder may not be executable.
    install.env("CARGO_TARGET_DIR", root().join("target").join("tools-build"));
    run(install)?;
    let _ = fs::remove_dir_all(root().join("target").join("tools-build"));
    if !tool.is_right() {
        bail!("{program} {version} was installed but does not answer: see what `{program} --version` says");
    }
    Ok(place)
}

/// The version of wasm-bindgen in the lock file; tool and library must have the same version.
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
