//! One visit: a browser on the page, and the words to say what a person does and sees.

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

/// How often a condition is looked at; each look costs the page's main thread a little.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the page may take from its address to being there, on a slow machine.
const LOAD: Duration = Duration::from_secs(60);

/// What to visit, and in what browser.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the page.
    pub folder: PathBuf,
    /// Other folders, each by the name that it is to have in the first.
    pub also: Vec<(&'static str, PathBuf)>,
    /// Whether headless Chrome is told to offer WebGPU, or else told not to, even where it does so by itself.
    pub webgpu: bool,
    /// More command-line flags of Chrome, without their dashes.
    pub flags: Vec<String>,
    /// Where the browser keeps what it remembers, if that is to outlive it; else it remembers nothing.
    pub profile: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { folder: root().join("dist"), also: Vec::new(), webgpu: true, flags: Vec::new(), profile: None }
    }
}

/// A tab of the browser.
pub struct Tab(WindowHandle);

/// A browser on the page.
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
        // Without its service WebGPU finds no adapter; Chrome's features of other names have no such effect.
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

    /// Kills the browser outright, as a crash or a power cut does, and starts another one with the same flags on the same
    /// site.
    pub async fn kill_and_return(self) -> Result<Self> {
        self.driver.kill_browser();
        let Self { client, site, proxy, driver, flags, .. } = self;
        drop((client, driver));
        Self::begin(site, proxy, flags).await
    }

    /// What the page had the browser save under this name, once it is there.
    pub async fn saved(&self, name: &str, timeout: Duration) -> Result<Vec<u8>> {
        let file = self.downloads.path().join(name);
        // The browser gives the file its name when it is whole.
        self.wait_until(&format!("{name} to be saved"), timeout, async || Ok(file.exists())).await?;
        Ok(fs::read(file)?)
    }

    /// The text on the clipboard.
    pub async fn clipboard(&self) -> Result<String> {
        self.devtools("Browser.grantPermissions", json!({ "permissions": ["clipboardReadWrite"] })).await?;
        let text = self.script("return navigator.clipboard.readText()", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Loads the page anew, with these settings in its address (`#hidden=64`, or nothing), and waits until it is there.
    pub async fn open(&self, hash: &str) -> Result<()> {
        // From one hash to another a browser stays on the page that it has.
        self.client.goto("about:blank").await?;
        self.client.goto(&format!("{}{hash}", self.site.address())).await?;
        self.wait_until("the page to be there", LOAD, async || Ok(self.find("status").await.is_ok())).await
    }

    /// No request is answered any more.
    pub fn cut_off(&mut self) {
        self.site.stop();
    }

    /// Opens another tab in front and goes there; gives the one before.
    pub async fn open_tab(&self) -> Result<Tab> {
        let before = Tab(self.client.window().await?);
        let new = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(new).await?;
        Ok(before)
    }

    /// Puts another tab in front of the present one, which is then hidden, and goes on with the present one.
    pub async fn hide(&self) -> Result<()> {
        let present = self.open_tab().await?;
        let front = self.client.window().await?;
        self.go_to(&present).await?;
        // The driver has brought the tab to the front that it was told to go to.
        self.devtools("Target.activateTarget", json!({ "targetId": String::from(front) })).await.map(drop)
    }

    async fn go_to(&self, tab: &Tab) -> Result<()> {
        Ok(self.client.switch_to_window(tab.0.clone()).await?)
    }

    /// Brings the present tab to the front.
    pub async fn bring_to_front(&self) -> Result<()> {
        self.devtools("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Closes the present tab, goes to another and brings it to the front.
    pub async fn close_tab(&self, to: &Tab) -> Result<()> {
        self.client.close_window().await?;
        self.go_to(to).await?;
        self.bring_to_front().await
    }

    /// The text that the element of this `data-testid` shows.
    pub async fn text(&self, testid: &str) -> Result<String> {
        Ok(self.find(testid).await?.text().await?)
    }

    /// The number that this element's text begins with.
    pub async fn number(&self, testid: &str) -> Result<f64> {
        let text = self.text(testid).await?;
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(text.len());
        text[..end].replace(',', "").parse().with_context(|| format!("{testid} shows “{text}”, which is no number"))
    }

    /// `data-status`.
    pub async fn status(&self) -> Result<String> {
        Ok(self.find("status").await?.attr("data-status").await?.unwrap_or_default())
    }

    /// The samples by epoch.
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

    /// Waits until the page has this status; that it has failed instead ends the wait at once.
    pub async fn wait_for_status(&self, wanted: &str, timeout: Duration) -> Result<()> {
        self.wait_until(&format!("the status “{wanted}”"), timeout, async || {
            let status = self.status().await?;
            ensure!(status != "failed" || wanted == "failed", "the page failed");
            Ok(status == wanted)
        })
        .await
    }

    /// Waits until `is_so`; if that takes too long or goes wrong, the error tells what the page shows instead.
    pub async fn wait_until(&self, what: &str, timeout: Duration, is_so: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        loop {
            let problem = match is_so().await {
                Ok(true) => return Ok(()),
                Ok(false) if start.elapsed() < timeout => {
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
                Ok(false) => format!("waited {timeout:?} for {what}"),
                Err(error) => format!("waiting for {what}: {error:#}"),
            };
            let _ = self.screenshot("failure", 1280, 1000, false).await;
            bail!("{problem}; {} (test-output/failure.png)", self.state().await);
        }
    }

    /// Presses the button that a screen reader calls `name`.
    pub async fn click(&self, name: &str) -> Result<()> {
        Ok(self.button(name).await?.click().await?)
    }

    /// The button of this name, for a click that has to come at once: to look it up takes a while.
    pub async fn button(&self, name: &str) -> Result<Element> {
        self.labelled("button", name).await
    }

    /// Whether the button of this name can be pressed.
    pub async fn can_click(&self, name: &str) -> Result<bool> {
        Ok(self.button(name).await?.is_enabled().await?)
    }

    /// Puts `text` into the field that a screen reader calls `label`, in place of what is there.
    pub async fn type_into(&self, label: &str, text: &str) -> Result<()> {
        let field = self.labelled("input, textarea", label).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses a file in the file field that a screen reader calls `label`.
    pub async fn choose_file(&self, label: &str, path: &Path) -> Result<()> {
        let path = path.to_str().context("the path is not UTF-8")?;
        Ok(self.labelled("input[type=file]", label).await?.send_keys(path).await?)
    }

    /// Unfolds, or folds, what stands under these words.
    pub async fn unfold(&self, words: &str) -> Result<()> {
        Ok(self.client.find(Locator::XPath(&format!("//summary[contains(., '{words}')]"))).await?.click().await?)
    }

    /// Runs a script in the page; what it returns, or its promise resolves to, comes back.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, args).await?)
    }

    /// What an expression comes to in the page.
    pub async fn look(&self, expression: &str) -> Result<Value> {
        self.script(&format!("return {expression}"), vec![]).await
    }

    /// Lets scripts take this long, rather than half a minute.
    pub async fn allow_scripts(&self, time: Duration) -> Result<()> {
        Ok(self.client.update_timeouts(TimeoutConfiguration::new(Some(time), None, None)).await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": method, "params": params })).await
    }

    /// The errors that came to the console since the last call.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        let entries = self.post("se/log", json!({ "type": "browser" })).await?;
        let errors = entries.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// What the browser asked of other places.
    pub fn foreign_requests(&self) -> Vec<String> {
        self.proxy.requests()
    }

    /// Fails if there was an error on the console, a request that found nothing, or one to another place.
    pub async fn check_clean(&self) -> Result<()> {
        let wrong = [
            ("errors on the console", self.console_errors().await?),
            ("requests that failed", self.site.failures()),
            ("requests to other places", self.foreign_requests()),
        ];
        let wrong: Vec<String> =
            wrong.iter().filter(|(_, all)| !all.is_empty()).map(|(what, all)| format!("{what}: {all:#?}")).collect();
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    }

    /// Gives the window this size, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        self.draw().await
    }

    /// Two frames: one in which the page hears of a new size, one in which it has drawn itself.
    async fn draw(&self) -> Result<()> {
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        Ok(self.client.execute_async(frames, vec![]).await.map(drop)?)
    }

    /// Takes a picture of the window at this size, light or dark, as `test-output/NAME.png`.
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

    /// What the page shows, for a message about what it should have shown.
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

/// A command of the session that fantoccini has no name for.
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

/// The folder where pictures go; git ignores it.
pub fn pictures() -> Result<PathBuf> {
    let folder = root().join("test-output");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/end_to_end lies in the repository")
}
