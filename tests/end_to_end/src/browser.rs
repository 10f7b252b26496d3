//! The three browsers: driver programs, and the capabilities with which a session begins.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use serde_json::{Map, Value, json};

/// A browser, of each engine one. What Chromium alone can do is in `devtools.rs`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Browser {
    #[default]
    Chromium,
    Firefox,
    /// WebKitGTK's MiniBrowser.
    WebKit,
}

impl Browser {
    /// The driver named by an environment variable, or the one on the PATH.
    pub fn driver(self) -> OsString {
        let (variable, program) = match self {
            Self::Chromium => ("CHROMEDRIVER", "chromedriver"),
            Self::Firefox => ("GECKODRIVER", "geckodriver"),
            Self::WebKit => ("WEBKITDRIVER", "WebKitWebDriver"),
        };
        env::var_os(variable).unwrap_or_else(|| program.into())
    }

    /// Whether it needs an X server, for want of a headless mode.
    pub fn needs_display(self) -> bool {
        self == Self::WebKit
    }
}

/// What a browser is started with.
pub struct Start {
    pub browser: Browser,
    /// More command-line flags for Chromium, without dashes.
    pub flags: Vec<String>,
    /// Whether Chromium's tasks are traced.
    pub trace: bool,
}

impl Start {
    /// The capabilities, with a proxy for all but this machine, and the folder for downloads.
    pub fn capabilities(&self, proxy: &str, downloads: &Path) -> Map<String, Value> {
        let mut all = match self.browser {
            Browser::Chromium => chromium(&self.flags, self.trace),
            Browser::Firefox => firefox(downloads),
            Browser::WebKit => return webkit(proxy),
        };
        let proxy = json!({ "proxyType": "manual", "httpProxy": proxy, "sslProxy": proxy, "noProxy": ["127.0.0.1"] });
        all.insert("proxy".into(), proxy);
        all
    }
}

fn chromium(flags: &[String], trace: bool) -> Map<String, Value> {
    // The last one: the browser would crash where shared memory is small, as in containers.
    let mut args: Vec<&str> = vec!["headless=new", "no-first-run", "window-size=1280,1000", "disable-dev-shm-usage"];
    if is_root() {
        args.push("no-sandbox");
    }
    args.extend(flags.iter().map(String::as_str));
    let mut options = json!({ "args": args });
    let mut logs = json!({ "browser": "ALL" });
    if trace {
        let categories = crate::tasks::CATEGORIES;
        options["perfLoggingPrefs"] =
            json!({ "enableNetwork": false, "enablePage": false, "traceCategories": categories });
        logs["performance"] = "ALL".into();
    }
    name_binary(&mut options, "CHROME");
    Map::from_iter([
        ("browserName".into(), "chrome".into()),
        ("goog:chromeOptions".into(), options),
        ("goog:loggingPrefs".into(), logs),
    ])
}

fn firefox(downloads: &Path) -> Map<String, Value> {
    // 2: downloads go to the named folder.
    let preferences = json!({ "browser.download.folderList": 2, "browser.download.dir": downloads });
    let mut options = json!({ "args": ["-headless"], "prefs": preferences });
    name_binary(&mut options, "FIREFOX");
    Map::from_iter([("browserName".into(), "firefox".into()), ("moz:firefoxOptions".into(), options)])
}

/// With the proxy by arguments: its driver takes the list of hosts without one, and MiniBrowser crashes on it now and then.
/// Downloads go to the home folder, see `Driver::start`.
fn webkit(proxy: &str) -> Map<String, Value> {
    let args = ["--automation".to_owned(), format!("--proxy=http://{proxy}"), "--ignore-host=127.0.0.1".to_owned()];
    Map::from_iter([("webkitgtk:browserOptions".into(), json!({ "args": args }))])
}

fn name_binary(options: &mut Value, variable: &str) {
    if let Ok(binary) = env::var(variable) {
        options["binary"] = binary.into();
    }
}

/// Chrome's sandbox does not start for root.
#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
