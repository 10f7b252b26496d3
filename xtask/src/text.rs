//! Fetches the text to `public/timemachine.txt`, which git ignores, and accepts only known editions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, io::Read};

use anyhow::{Context, Result, anyhow, bail, ensure};
use lexopt::{Arg, Parser};
use sha2::{Digest, Sha256};

use crate::apt;
use crate::edition::{self, Edition};
use crate::shell::{command, find, root, say};

/// Public copies of the book's edition.
const BOOK_ADDRESSES: [&str; 2] = [
    "https://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt",
    "https://raw.githubusercontent.com/d2l-ai/d2l-zh/5918a8b9e8dd92e5085c15118e76c919b04f09a7/data/timemachine.txt",
];
/// The longest time for a connection, and for a whole download.
const CONNECT: Duration = Duration::from_secs(4);
const DOWNLOAD: Duration = Duration::from_secs(15);
/// The largest download; no edition is half as long.
const MOST_BYTES: u64 = 1 << 20;

/// A Python package that contains the Project Gutenberg edition, in case the book's copies can't be reached.
const WHEEL: &str = "word-text-counter==0.3.0";
const WHEEL_SHA256: &str = "de718abd150ef974db71a85ead7735c8705d21465b4fc0bda8ca5e85b814ff86";
const WHEEL_MEMBER: &str = "word_text_counter/data/time_machine.txt";

/// Reads the option `[--file PATH]`, or else the environment variable `TIME_MACHINE_TEXT`.
pub fn file_option(mut args: Parser) -> Result<Option<PathBuf>> {
    let mut file = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("file") => file = Some(args.value()?.into()),
            other => bail!(other.unexpected()),
        }
    }
    Ok(file.or_else(file_from_environment))
}

/// The file named by the environment variable `TIME_MACHINE_TEXT`, if it is set.
pub fn file_from_environment() -> Option<PathBuf> {
    env::var_os("TIME_MACHINE_TEXT").filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Puts the text into `public/timemachine.txt`: from `file` if there is one; else from the network, unless a known
/// edition is there already.
pub fn bring(file: Option<&Path>) -> Result<()> {
    let place = root().join("public").join("timemachine.txt");
    let there = fs::read(&place).ok();
    if file.is_none() && there.as_deref().and_then(edition::identify).is_some() {
        return Ok(());
    }
    let (text, edition) = match file {
        Some(file) => from_file(file)?,
        None => from_network()?,
    };
    if there.as_ref() != Some(&text) {
        write_whole(&place, &text).with_context(|| format!("{} could not be written", place.display()))?;
        say(format!("The text is in public/timemachine.txt: {}.", edition.name()));
    }
    Ok(())
}

/// Writes a file atomically, so that other processes never see a part of it.
fn write_whole(place: &Path, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(place.parent().context("no folder")?)?;
    let part = place.with_extension(format!("txt.{}.part", std::process::id()));
    fs::write(&part, bytes)?;
    fs::rename(&part, place)?;
    Ok(())
}

/// Accepts known editions; cuts header and licence off a complete Project Gutenberg file.
fn check(bytes: Vec<u8>) -> Result<(Vec<u8>, Edition)> {
    let digest = edition::sha1_hex(&bytes);
    let text = if digest == edition::GUTENBERG_RAW_SHA1 { edition::cut(&bytes) } else { bytes };
    let edition = edition::identify(&text)
        .ok_or_else(|| anyhow!("it has the SHA-1 {digest}, which is that of no known edition of the text"))?;
    Ok((text, edition))
}

fn from_file(file: &Path) -> Result<(Vec<u8>, Edition)> {
    fs::read(file).map_err(anyhow::Error::from).and_then(check).map_err(|error| {
        anyhow!(
            "{} can't be used ({error:#}): name a copy of the book's timemachine.txt (SHA-1 {}), or name no file and \
             let the text be fetched",
            file.display(),
            edition::BOOK_SHA1
        )
    })
}

fn from_network() -> Result<(Vec<u8>, Edition)> {
    let mut failures = Vec::new();
    for address in BOOK_ADDRESSES {
        say(format!("Fetching the text from {address}"));
        match download(address).and_then(check) {
            Ok(text) => return Ok(text),
            Err(error) => failures.push(format!("{address}: {error:#}")),
        }
    }
    say(format!("Not reachable; fetching the Python package {WHEEL}, which carries the Project Gutenberg edition"));
    match from_wheel().and_then(check) {
        Ok(text) => return Ok(text),
        Err(error) => failures.push(format!("{WHEEL}: {error:#}")),
    }
    let online = if pip().is_some() { "go online" } else { "go online, install Python with pip" };
    bail!(
        "the text could not be fetched ({}): {online} and try again, or get a copy of the book's timemachine.txt \
         (SHA-1 {}) and name it with `cargo xtask text --file PATH`",
        failures.join("; "),
        edition::BOOK_SHA1
    )
}

fn download(address: &str) -> Result<Vec<u8>> {
    let config = ureq::Agent::config_builder()
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(DOWNLOAD));
    let mut response = config.build().new_agent().get(address).call()?;
    Ok(response.body_mut().with_config().limit(MOST_BYTES).read_to_vec()?)
}

/// Downloads the wheel with pip, from the index that pip is configured for, and unpacks the text.
fn from_wheel() -> Result<Vec<u8>> {
    let folder = root().join("target").join("text-wheel");
    // An interrupted download may have left files.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;

    if pip().is_none() {
        apt::install(&["python3-pip"]);
    }
    let mut pip = pip().context("there is no Python with pip here")?;
    pip.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"])
        .args(["--timeout", "10", "--retries", "1", WHEEL, "--dest"])
        .arg(&folder);
    let output = pip.output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pip says “{}”", complaint.trim().lines().next_back().unwrap_or_default());

    let wheel = fs::read_dir(&folder)?.flatten().next().context("pip left no file")?.path();
    let text = unpack(&fs::read(wheel)?)?;
    let _ = fs::remove_dir_all(&folder);
    Ok(text)
}

fn unpack(wheel: &[u8]) -> Result<Vec<u8>> {
    let digest: String = Sha256::digest(wheel).iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(digest == WHEEL_SHA256, "the wheel has the SHA-256 {digest} rather than {WHEEL_SHA256}");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(wheel))?;
    let mut text = Vec::new();
    archive.by_name(WHEEL_MEMBER)?.take(MOST_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

/// The first pip that works.
fn pip() -> Option<Command> {
    let ways: [&[&str]; 4] = [&["python3", "-m", "pip"], &["pip3"], &["pip"], &["python", "-m", "pip"]];
    let words = ways.into_iter().find(|words| {
        find(words[0]).is_some()
            && command(words[0], &words[1..]).arg("--version").output().is_ok_and(|output| output.status.success())
    })?;
    Some(command(words[0], &words[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_is_refused_with_its_digest() {
        let error = check(b"abc".to_vec()).unwrap_err().to_string();
        assert!(error.contains("a9993e364706816aba3e25717850c26c9cd0d89d"), "{error}");
    }

    #[test]
    fn a_missing_or_foreign_file_is_named_with_what_to_do() {
        for file in [root().join("no such file"), root().join("Cargo.toml")] {
            let error = format!("{:#}", from_file(&file).unwrap_err());
            assert!(error.contains(file.to_str().unwrap()) && error.contains(edition::BOOK_SHA1), "{error}");
        }
    }

    #[test]
    fn a_wheel_of_another_digest_is_refused() {
        assert!(unpack(b"PK").unwrap_err().to_string().contains(WHEEL_SHA256));
    }
}
