//! A visit: a browser on the page, with methods for what a visitor does and sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::driver::{self, Driver};
use crate::proxy::Proxy;
use crate::site::Site;

/// Interval between checks of a condition; each check takes some time of the page's main thread.
const CHECK_EVERY: Duration = Duration::from_millis(50);
/// Time for the page to load, on a slow machine.
const LOAD: Duration = Duration::from_secs(60);

/// What to visit, and with which browser.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the page.
    pub folder: PathBuf,
    /// Other folders to serve, each under this name in the first.
    pub also: Vec<(&'static str, PathBuf)>,
    /// Whether Chrome offers WebGPU; if not, it is disabled explicitly.
    pub webgpu: bool,
    /// More command-line flags for Chrome, without dashes.
    pub flags: Vec<String>,
    /// The folder of a persistent browser profile; without one, the profile is temporary.
    pub profile: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { folder: root().join("dist"), also: Vec::new(), webgpu: true, flags: Vec::new(), profile: None }
    }
}

/// A tab of the browser.
pub struct Tab(WindowHandle);

/// A browser with the page, and what serves it.
pub struct Visit {
    client: Client,
    site: Site,
    proxy: Proxy,
    downloads: tempfile::TempDir,
    driver: Driver,
    flags: Vec<String>,
}

impl Visit {
    /// Starts a browser on the built page.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Result<Self> {
        let Options { folder, also, webgpu, mut flags, profile } = options;
        ensure!(folder.join("index.html").exists(), "{} holds no page: run `cargo xtask build`", folder.display());
        // Without this service WebGPU finds no adapter; no other feature flag of Chrome has that effect.
        let flag = if webgpu { "enable-unsafe-webgpu" } else { "disable-features=WebGPUService" };
        flags.push(flag.to_owned());
        flags.extend(profile.map(|profile| format!("user-data-dir={}", profile.display())));
        let (site, proxy) = (Site::serve(&folder, &also).await?, Proxy::start().await?);
        flags.push(proxy.flag());
        Self::begin(site, proxy, flags).await
    }

    async fn begin(site: Site, proxy: Proxy, flags: Vec<String>) -> Result<Self> {
        let driver = Driver::start()?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver::capabilities(&flags))
            .connect(&driver.address())
            .await
            .context("the browser did not start")?;
        let visit = Self { client, site, proxy, downloads: tempfile::tempdir()?, driver, flags };
        let folder = visit.downloads.path();
        visit.devtools("Browser.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": folder })).await?;
        Ok(visit)
    }

    /// Kills the browser, as a crash or power failure would, and starts another with the same flags and site.
    pub async fn kill_and_return(self) -> Result<Self> {
        self.driver.kill_browser();
        let Self { client, site, proxy, driver, flags, .. } = self;
        drop((client, driver));
        Self::begin(site, proxy, flags).await
    }

    /// Waits for the download of this name; returns its content.
    pub async fn saved(&self, name: &str, timeout: Duration) -> Result<Vec<u8>> {
        let file = self.downloads.path().join(name);
        // The file has this name only once it is complete.
        self.wait_until(&format!("{name} to be saved"), timeout, async || Ok(file.exists())).await?;
        Ok(fs::read(file)?)
    }

    /// The text on the clipboard.
    pub async fn clipboard(&self) -> Result<String> {
        self.devtools("Browser.grantPermissions", json!({ "permissions": ["clipboardReadWrite"] })).await?;
        let text = self.script("return navigator.clipboard.readText()", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Loads the page with this fragment (`#hidden=64`, or empty), and waits until it is there.
    pub async fn open(&self, hash: &str) -> Result<()> {
        // Without this, a change of the fragment alone would not reload the page.
        self.client.goto("about:blank").await?;
        self.client.goto(&format!("{}{hash}", self.site.address())).await?;
        self.wait_until("the page to be there", LOAD, async || Ok(self.find("status").await.is_ok())).await
    }

    /// Stops the server: no request is answered any more.
    pub fn cut_off(&mut self) {
        self.site.stop();
    }

    /// Opens a new tab in front and switches to it; returns the previous one.
    pub async fn open_tab(&self) -> Result<Tab> {
        let before = Tab(self.client.window().await?);
        let new = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(new).await?;
        Ok(before)
    }

    /// Opens a new tab in front, which hides the current one; stays with the current one.
    pub async fn hide(&self) -> Result<()> {
        let current = self.open_tab().await?;
        let front = self.client.window().await?;
        self.go_to(&current).await?;
        // Switching to the tab has brought it to the front.
        self.devtools("Target.activateTarget", json!({ "targetId": String::from(front) })).await.map(drop)
    }

    async fn go_to(&self, tab: &Tab) -> Result<()> {
        Ok(self.client.switch_to_window(tab.0.clone()).await?)
    }

    /// Brings the current tab to the front.
    pub async fn bring_to_front(&self) -> Result<()> {
        self.devtools("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Closes the current tab, and switches to another in front.
    pub async fn close_tab(&self, to: &Tab) -> Result<()> {
        self.client.close_window().await?;
        self.go_to(to).await?;
        self.bring_to_front().await
    }

    /// The visible text of the element with this `data-testid`.
    pub async fn text(&self, testid: &str) -> Result<String> {
        Ok(self.find(testid).await?.text().await?)
    }

    /// The number at the start of this element's text.
    pub async fn number(&self, testid: &str) -> Result<f64> {
        let text = self.text(testid).await?;
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
        text[..end].replace(',', "").parse().with_context(|| format!("{testid} shows “{text}”, which is no number"))
    }

    /// The page's `data-status`.
    pub async fn status(&self) -> Result<String> {
        Ok(self.find("status").await?.attr("data-status").await?.unwrap_or_default())
    }

    /// The listed samples, with their epochs.
    pub async fn samples(&self) -> Result<Vec<(u32, String)>> {
        let samples = self
            .script(
                "return [...document.querySelectorAll('[data-testid=samples] > [data-epoch]')]
                    .map(child => [Number(child.dataset.epoch), child.textContent])",
                vec![],
            )
            .await?;
        Ok(serde_json::from_value(samples)?)
    }

    /// Waits until the page has this status; fails at once if the status is `failed`.
    pub async fn wait_for_status(&self, wanted: &str, timeout: Duration) -> Result<()> {
        self.wait_until(&format!("the status “{wanted}”"), timeout, async || {
            let status = self.status().await?;
            ensure!(status != "failed" || wanted == "failed", "the page failed");
            Ok(status == wanted)
        })
        .await
    }

    /// Waits until `is_so` returns true. If it fails or the time is over, the error says what the page shows instead.
    pub async fn wait_until(&self, what: &str, timeout: Duration, is_so: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        loop {
            let problem = match is_so().await {
                Ok(true) => return Ok(()),
                Ok(false) if start.elapsed() < timeout => {
                    tokio::time::sleep(CHECK_EVERY).await;
                    continue;
                }
                Ok(false) => format!("waited {timeout:?} for {what}"),
                Err(error) => format!("waiting for {what}: {error:#}"),
            };
            let _ = self.screenshot("failure", 1280, 1000, false).await;
            bail!("{problem}; {} (test-output/failure.png)", self.state().await);
        }
    }

    /// Presses the button with this accessible name.
    pub async fn click(&self, name: &str) -> Result<()> {
        Ok(self.button(name).await?.click().await?)
    }

    /// The button with this name, for a click without delay: finding it takes a while.
    pub async fn button(&self, name: &str) -> Result<Element> {
        self.labelled("button", name).await
    }

    /// Whether the button with this name is enabled.
    pub async fn can_click(&self, name: &str) -> Result<bool> {
        Ok(self.button(name).await?.is_enabled().await?)
    }

    /// Replaces the content of the field with the accessible name `label`.
    pub async fn type_into(&self, label: &str, text: &str) -> Result<()> {
        let field = self.labelled("input, textarea", label).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses a file in the file field with the accessible name `label`.
    pub async fn choose_file(&self, label: &str, path: &Path) -> Result<()> {
        let path = path.to_str().context("the path is not UTF-8")?;
        Ok(self.labelled("input[type=file]", label).await?.send_keys(path).await?)
    }

    /// Opens or closes the `details` element whose summary contains `text`.
    pub async fn toggle(&self, text: &str) -> Result<()> {
        Ok(self.client.find(Locator::XPath(&format!("//summary[contains(., '{text}')]"))).await?.click().await?)
    }

    /// Runs a script in the page; returns what it returns, or what its promise resolves to.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, args).await?)
    }

    /// Evaluates a JavaScript expression in the page.
    pub async fn look(&self, expression: &str) -> Result<Value> {
        self.script(&format!("return {expression}"), vec![]).await
    }

    /// Sets the timeout of scripts, which is half a minute otherwise.
    pub async fn allow_scripts(&self, time: Duration) -> Result<()> {
        Ok(self.client.update_timeouts(TimeoutConfiguration::new(Some(time), None, None)).await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": method, "params": params })).await
    }

    /// The console's errors since the last call.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let entries = self.post("se/log", json!({ "type": "browser" })).await?;
        let errors = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// The browser's requests to other hosts.
    pub fn foreign_requests(&self) -> Vec<String> {
        self.proxy.requests()
    }

    /// Fails if there was an error on the console, a failed request, or a request to another host.
    pub async fn check_clean(&self) -> Result<()> {
        let wrong = [
            ("errors on the console", self.console_errors().await?),
            ("requests that failed", self.site.failures()),
            ("requests to other hosts", self.foreign_requests()),
        ];
        let wrong: Vec<String> =
            wrong.iter().filter(|(_, all)| !all.is_empty()).map(|(what, all)| format!("{what}: {all:#?}")).collect();
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    }

    /// Sets the size of the viewport, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        self.draw().await
    }

    /// Waits two frames: in the first the page handles a resize, in the second it has drawn.
    async fn draw(&self) -> Result<()> {
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        Ok(self.client.execute_async(frames, vec![]).await.map(drop)?)
    }

    /// Saves a screenshot of this size, light or dark, as `test-output/NAME.png`.
    pub async fn screenshot(&self, name: &str, width: u32, height: u32, dark: bool) -> Result<()> {
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [scheme] })).await?;
        self.resize(width, height).await?;
        let picture = self.client.screenshot().await?;
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [] })).await?;
        Ok(fs::write(pictures()?.join(name).with_extension("png"), picture)?)
    }

    async fn find(&self, testid: &str) -> Result<Element> {
        let selector = format!("[data-testid={testid}]");
        self.client.find(Locator::Css(&selector)).await.with_context(|| format!("the page has no {testid}"))
    }

    /// The element among `selector` whose accessible name is `label`.
    async fn labelled(&self, selector: &str, label: &str) -> Result<Element> {
        for element in self.client.find_all(Locator::Css(selector)).await? {
            let path = format!("element/{}/computedlabel", &*element.element_id());
            if self.command(http::Method::GET, path, None).await? == label {
                return Ok(element);
            }
        }
        bail!("the page has no {selector} called “{label}”")
    }

    /// What the page shows, for error messages.
    async fn state(&self) -> String {
        let shown = async |testid| self.text(testid).await.unwrap_or_else(|_| "—".to_owned());
        format!(
            "the page shows status “{}”, epoch “{}”, error “{}”; on the console: {:?}; requests that failed: {:?}",
            self.status().await.unwrap_or_else(|_| "—".to_owned()),
            shown("epoch").await,
            shown("error").await,
            self.console_errors().await.unwrap_or_default(),
            self.site.failures(),
        )
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.command(http::Method::POST, path.to_owned(), Some(body)).await
    }

    async fn command(&self, method: http::Method, path: String, body: Option<Value>) -> Result<Value> {
        Ok(self.client.issue_cmd(SessionCommand { method, path, body }).await?)
    }
}

/// A WebDriver command that fantoccini does not provide.
#[derive(Debug)]
struct SessionCommand {
    method: http::Method,
    path: String,
    body: Option<Value>,
}

impl WebDriverCompatibleCommand for SessionCommand {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (self.method.clone(), self.body.as_ref().map(Value::to_string))
    }
}

/// The folder for screenshots, which git ignores. Creates it.
pub fn pictures() -> Result<PathBuf> {
    let folder = root().join("test-output");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/end_to_end lies in the repository")
}
