//! What the tests need besides Rust: Chrome or Chromium, its driver, and on Linux a Vulkan driver.
//!
//! On Debian and its derivatives, as root, missing packages are installed with apt; otherwise an error names them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::apt;
use crate::shell::{command, find, output, root};

/// Chrome and its driver.
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

/// Finds or installs a browser and its driver.
pub fn browser() -> Result<Browser> {
    if let Some(browser) = find_browser()? {
        return Ok(browser);
    }
    apt::install(&["chromium", "chromium-driver"]);
    match find_browser()? {
        Some(browser) => Ok(browser),
        None => bail!(
            "there is no Chrome with its driver here: install Chrome or Chromium and the chromedriver of the same \
             version (Debian: chromium chromium-driver), and have them on the PATH or named in CHROME and CHROMEDRIVER"
        ),
    }
}

fn find_browser() -> Result<Option<Browser>> {
    let chrome = named("CHROME")?.or_else(|| CHROMES.iter().find_map(find));
    let driver = named("CHROMEDRIVER")?.or_else(|| find("chromedriver"));
    let Some((chrome, driver)) = chrome.zip(driver) else { return Ok(None) };
    let browser = Browser { chrome, driver };
    // On Windows, `chrome --version` opens a window instead of printing.
    if !cfg!(windows) {
        let said = |program: &Path| output(command(program, ["--version"])).unwrap_or_default();
        browser.check_versions(&said(&browser.chrome), &said(&browser.driver))?;
    }
    Ok(Some(browser))
}

impl Browser {
    /// Checks that Chrome and driver have the same major version, as far as they print one.
    fn check_versions(&self, chrome: &str, driver: &str) -> Result<()> {
        let (Some(chrome), Some(driver)) = (version(chrome), version(driver)) else { return Ok(()) };
        ensure!(
            major(chrome) == major(driver),
            "{} is version {chrome} and {} is version {driver}, which do not work together: install the chromedriver \
             of Chrome's version, or name two that fit in CHROME and CHROMEDRIVER",
            self.chrome.display(),
            self.driver.display()
        );
        Ok(())
    }

    /// Writes the WebDriver capabilities for wasm-bindgen's test runner: the repository's, with the path of this
    /// Chrome.
    pub fn write_capabilities(&self) -> Result<PathBuf> {
        let own = fs::read_to_string(root().join("webdriver.json")).context("webdriver.json can't be read")?;
        let chrome = self.chrome.to_str().context("the path of Chrome is no text: name another in CHROME")?;
        let place = root().join("target").join("webdriver.json");
        // The folder is missing if Cargo builds elsewhere.
        fs::create_dir_all(root().join("target"))?;
        fs::write(&place, capabilities(&own, chrome)?)
            .with_context(|| format!("{} could not be written", place.display()))?;
        Ok(place)
    }
}

/// The version in `Chromium 150.0.1.2 built on …`.
fn version(said: &str) -> Option<&str> {
    said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// Adds the browser's path to the capabilities `own`. As text, since a JSON library would take too long to compile for
/// this.
fn capabilities(own: &str, chrome: &str) -> Result<String> {
    const OPTIONS: &str = "\"goog:chromeOptions\": {";
    ensure!(own.contains(OPTIONS), "webdriver.json lacks {OPTIONS}");
    let chrome = chrome.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(own.replacen(OPTIONS, &format!("{OPTIONS} \"binary\": \"{chrome}\","), 1))
}

/// The file named by an environment variable, if it is set; an error if there is no such file.
pub fn named(variable: &str) -> Result<Option<PathBuf>> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    ensure!(path.is_file(), "{variable} names {}, which is no file: correct or unset it", path.display());
    Ok(Some(path))
}

/// Finds or installs a Vulkan driver for the native tests. macOS and Windows have their own GPU interfaces.
pub fn gpu_driver() -> Result<()> {
    if !cfg!(target_os = "linux") || has_vulkan() {
        return Ok(());
    }
    apt::install(&["mesa-vulkan-drivers", "libvulkan1"]);
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
    // Without ldconfig the loader can't be checked here; the tests report it if it is missing.
    has_driver && output(command("/sbin/ldconfig", ["-p"])).is_none_or(|list| list.contains("libvulkan.so.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_browsers_and_drivers_say() {
        assert_eq!(version("Chromium 150.0.1.2 built on Debian GNU/Linux 12"), Some("150.0.1.2"));
        assert_eq!(version("Google Chrome 149.0.1.2"), Some("149.0.1.2"));
        assert_eq!(version("ChromeDriver 150.0.1.2 (a21ce95c-refs/heads/1@{#2})"), Some("150.0.1.2"));
        assert_eq!(version("no number"), None);
    }

    #[test]
    fn versions_are_compared_by_their_first_number() {
        let browser = Browser { chrome: "/the/chrome".into(), driver: "/the/driver".into() };
        assert!(browser.check_versions("Chromium 150.0.1.2", "ChromeDriver 150.9.8.7").is_ok());
        assert!(browser.check_versions("Chromium", "ChromeDriver 150.9.8.7").is_ok());
        let error = browser.check_versions("Chromium 149.0.1.2", "ChromeDriver 150.9.8.7").unwrap_err().to_string();
        for word in ["/the/chrome", "149.0.1.2", "/the/driver", "150.9.8.7", "CHROMEDRIVER"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_test_runner_is_told_of_the_chrome_that_was_found() {
        let own = fs::read_to_string(root().join("webdriver.json")).unwrap();
        let told = capabilities(&own, "C:\\the \"chrome\"").unwrap();
        assert!(told.contains(r#""goog:chromeOptions": { "binary": "C:\\the \"chrome\"","#), "{told}");
        assert!(told.contains("--enable-unsafe-webgpu"), "{told}");
        assert!(capabilities("{}", "/the/chrome").is_err());
    }
}
