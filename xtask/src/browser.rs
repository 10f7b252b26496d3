//! What the tests need beside Rust: Chrome or Chromium, its driver, and on Linux a Vulkan driver.
//!
//! On Debian and its kin, as root, what is missing is installed with apt; elsewhere the error says what to install.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};

use crate::shell::{command, find, output, run, say};

/// Chrome and the driver that steers it.
pub struct Browser {
    pub chrome: PathBuf,
    pub driver: PathBuf,
}

const CHROMES: [&str; 5] = [
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Sees to it that a browser and its driver are there.
pub fn browser() -> Result<Browser> {
    if let Some(browser) = find_browser()? {
        return Ok(browser);
    }
    apt_install(&["chromium", "chromium-driver"]);
    match find_browser()? {
        Some(browser) => Ok(browser),
        None => bail!(
            "there is no Chrome with its driver here: install Chrome or Chromium and the chromedriver of the same \
             version (Debian: chromium chromium-driver), and have them on the PATH or named in CHROME and CHROMEDRIVER"
        ),
    }
}

fn find_browser() -> Result<Option<Browser>> {
    let chrome = named("CHROME")?.or_else(|| CHROMES.iter().find_map(|name| find(name)));
    let driver = named("CHROMEDRIVER")?.or_else(|| find("chromedriver"));
    Ok(chrome.zip(driver).map(|(chrome, driver)| Browser { chrome, driver }))
}

/// The file that a variable of the environment names; to name one that is not there is a mistake worth a word.
fn named(variable: &str) -> Result<Option<PathBuf>> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    ensure!(path.is_file(), "{variable} names {}, which is no file: correct or unset it", path.display());
    Ok(Some(path))
}

/// Sees to it that the native tests have a Vulkan driver. macOS and Windows bring their own GPU interfaces.
pub fn gpu_driver() -> Result<()> {
    if !cfg!(target_os = "linux") || has_vulkan() {
        return Ok(());
    }
    apt_install(&["mesa-vulkan-drivers", "libvulkan1"]);
    ensure!(
        has_vulkan(),
        "there is no Vulkan driver here: install one (a software driver will do; Debian: mesa-vulkan-drivers \
         libvulkan1, Fedora: mesa-vulkan-drivers vulkan-loader)"
    );
    Ok(())
}

fn has_vulkan() -> bool {
    let has_driver = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]
        .iter()
        .any(|folder| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()))
        || ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].iter().any(|name| env::var_os(name).is_some());
    // Where there is no ldconfig to ask, the tests will say that the loader is missing.
    has_driver && output(command("/sbin/ldconfig", ["-p"])).is_none_or(|list| list.contains("libvulkan.so.1"))
}

/// Installs packages where that is ours to do. That it is not, or that it fails, is said by the caller, who finds them
/// still missing and knows what to do about it.
fn apt_install(packages: &[&str]) {
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
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    // Pages of package names that nobody reads; what goes wrong is on the other stream.
    apt.stdout(std::process::Stdio::null());
    run(apt)
}
