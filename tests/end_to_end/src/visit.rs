//! A visit: a browser on the page, with methods for what a visitor does and sees.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, TimeoutConfiguration};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::browser::{Browser, Start};
use crate::command::SessionCommand;
use crate::driver::Driver;
use crate::line::{Speed, Transfer};
use crate::proxy::Proxy;
use crate::site::Site;

/// Interval between checks of a condition; each check takes some time of the page's main thread.
const CHECK_EVERY: Duration = Duration::from_millis(50);
/// Time for the page to load, on a slow machine.
const LOAD: Duration = Duration::from_secs(60);

/// Time for a browser to start on a busy machine; then it is tried once more, since a driver whose browser has crashed
/// may wait for it for ever.
const LAUNCH: Duration = Duration::from_secs(60);

/// What to visit, and with which browser.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with the page.
    pub folder: PathBuf,
    /// Other folders to serve, each under this name in the first.
    pub also: Vec<(&'static str, PathBuf)>,
    /// Whether Chrome's tasks are traced, for [`Visit::tasks`].
    pub trace: bool,
    /// Whether Chrome offers WebGPU; if not, it is disabled explicitly.
    pub webgpu: bool,
    /// Whether the site sends the headers with which pages may share memory.
    pub isolated: bool,
    /// The speed of the line to the site, if it is a slow one.
    pub speed: Option<Speed>,
    pub browser: Browser,
    /// More command-line flags for Chrome, without dashes.
    pub flags: Vec<String>,
    /// The folder of a persistent browser profile; without one, the profile is temporary.
    pub profile: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: root().join("dist"),
            also: Vec::new(),
            trace: false,
            webgpu: true,
            isolated: false,
            speed: None,
            browser: Browser::default(),
            flags: Vec::new(),
            profile: None,
        }
    }
}

/// A browser with the page, and what serves it.
pub struct Visit {
    client: Client,
    site: Site,
    proxy: Proxy,
    /// Before the folder that its browser writes to.
    driver: Driver,
    downloads: tempfile::TempDir,
    start: Start,
}

impl Visit {
    /// Starts a browser on the built page.
    pub async fn start() -> Result<Self> {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Result<Self> {
        let Options { folder, also, trace, webgpu, isolated, speed, browser, mut flags, profile } = options;
        ensure!(folder.join("index.html").exists(), "{} holds no page: run `cargo xtask build`", folder.display());
        // Without this service WebGPU finds no adapter; no other feature flag of Chrome has that effect.
        let flag = if webgpu { "enable-unsafe-webgpu" } else { "disable-features=WebGPUService" };
        flags.push(flag.to_owned());
        flags.extend(profile.map(|profile| format!("user-data-dir={}", profile.display())));
        let start = Start { browser, flags, trace };
        Self::begin(Site::serve(&folder, &also, isolated, speed).await?, Proxy::start().await?, start).await
    }

    async fn begin(site: Site, proxy: Proxy, start: Start) -> Result<Self> {
        let downloads = tempfile::tempdir()?;
        let capabilities = start.capabilities(&proxy.address(), downloads.path());
        let (driver, client) = match launch(start.browser, &capabilities, downloads.path()).await {
            Ok(launched) => launched,
            Err(_) => launch(start.browser, &capabilities, downloads.path()).await?,
        };
        let visit = Self { client, site, proxy, driver, downloads, start };
        if visit.browser() == Browser::Chromium {
            visit.download_to(visit.downloads.path()).await?;
        }
        Ok(visit)
    }

    /// Kills the browser, as a crash or power failure would, and starts another with the same flags and site.
    pub async fn kill_and_return(self) -> Result<Self> {
        self.driver.kill_browser();
        let Self { client, site, proxy, driver, start, .. } = self;
        drop((client, driver));
        Self::begin(site, proxy, start).await
    }

    pub fn browser(&self) -> Browser {
        self.start.browser
    }

    /// The browser's name and version, as it says itself.
    pub fn name(&self) -> String {
        let said = |what| self.client.capabilities().and_then(|all| all[what].as_str()).unwrap_or("?");
        format!("{} {}", said("browserName"), said("browserVersion"))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Waits for the download of this name; returns its content, and forgets it, so that another may have the name.
    pub async fn saved(&self, name: &str, timeout: Duration) -> Result<Vec<u8>> {
        let file = self.downloads.path().join(name);
        // The file is complete when it has this name, which a busy browser reserves by an empty one.
        let is_there = async || Ok(file.metadata().is_ok_and(|file| file.len() > 0));
        self.wait_until(&format!("{name} to be saved"), timeout, is_there).await?;
        let content = fs::read(&file)?;
        fs::remove_file(file)?;
        Ok(content)
    }

    /// The page's address.
    pub fn address(&self) -> String {
        self.site.address()
    }

    /// Loads the page with this fragment (`#hidden=64`, or empty), and waits until it is there. Unless the fragment names
    /// one, no network trained before is opened.
    pub async fn open(&self, hash: &str) -> Result<()> {
        let hash = match hash {
            hash if hash.contains("trained=") => hash.to_owned(),
            "" => "#trained=none".to_owned(),
            hash => format!("{hash}&trained=none"),
        };
        // Without this, a change of the fragment alone would not reload the page.
        self.client.goto("about:blank").await?;
        self.client.goto(&format!("{}{hash}", self.site.address())).await?;
        self.is_there().await
    }

    /// Loads the page with this fragment, and waits until it can train.
    pub async fn open_idle(&self, hash: &str, timeout: Duration) -> Result<()> {
        self.open(hash).await?;
        self.wait_for_status("idle", timeout).await
    }

    /// Loads the page in a frame of this size, as wide as a window that browsers do not make so narrow.
    pub async fn open_in_frame(&self, hash: &str, width: u32, height: u32) -> Result<()> {
        self.client.goto(&self.site.frame()).await?;
        let load = "const frame = document.querySelector('iframe'); [frame.width, frame.height, frame.src] = arguments";
        let address = format!("{}{hash}", self.site.address());
        self.script(load, vec![json!(width), json!(height), json!(address)]).await?;
        self.client.enter_frame(0).await?;
        self.is_there().await
    }

    /// Goes from the frame to the document around it.
    pub async fn leave_frame(&self) -> Result<()> {
        Ok(self.client.enter_parent_frame().await?)
    }

    /// Loads the page again.
    pub async fn reload(&self) -> Result<()> {
        // Not every browser waits until the old document is gone.
        self.script("window.isOld = true", vec![]).await?;
        self.client.refresh().await?;
        let is_new = async || Ok(self.look("!window.isOld").await.is_ok_and(|is_new| is_new == true));
        self.wait_until("the page to be loaded again", LOAD, is_new).await?;
        self.is_there().await
    }

    async fn is_there(&self) -> Result<()> {
        self.wait_until("the page to be there", LOAD, async || Ok(self.find("status").await.is_ok())).await
    }

    /// Stops the server: no request is answered any more.
    pub fn cut_off(&mut self) {
        self.site.stop();
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
        self.press(&self.button(name).await?).await
    }

    async fn press(&self, element: &Element) -> Result<()> {
        // Away from the bar over the page's top and from the window's edges, where not every browser can click.
        let away = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.script(away, vec![serde_json::to_value(element)?]).await?;
        Ok(element.click().await?)
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

    /// Resets a finished run, deletes it from the list, and trains anew.
    pub async fn train_anew(&self, timeout: Duration) -> Result<()> {
        self.click("Reset").await?;
        self.wait_for_status("idle", timeout).await?;
        self.script("[...document.querySelectorAll('.run-list button')].at(-1).click()", vec![]).await?;
        self.click("Train").await?;
        self.wait_for_status("training", timeout).await
    }

    /// Opens the panel “Text”, chooses this file there, and waits until the page tells its facts.
    pub async fn choose_text(&self, path: &Path, timeout: Duration) -> Result<()> {
        self.toggle("Text").await?;
        self.choose_file("Choose a text", path).await?;
        let name = path.file_name().and_then(OsStr::to_str).context("the path has no name in UTF-8")?;
        let is_told = async || Ok(self.text("text-facts").await.is_ok_and(|facts| facts.starts_with(name)));
        self.wait_until("the facts of the text", timeout, is_told).await
    }

    /// Opens or closes the `details` element whose summary contains `text`.
    pub async fn toggle(&self, text: &str) -> Result<()> {
        let summary = format!("//summary[contains(., '{text}')]");
        self.press(&self.client.find(Locator::XPath(&summary)).await?).await
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

    /// What has come over the slow line, if there is one.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.site.transfers()
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

    async fn find(&self, testid: &str) -> Result<Element> {
        let selector = format!("[data-testid={testid}]");
        self.client.find(Locator::Css(&selector)).await.with_context(|| format!("the page has no {testid}"))
    }

    /// The element among `selector` whose accessible name is `label`.
    async fn labelled(&self, selector: &str, label: &str) -> Result<Element> {
        for element in self.client.find_all(Locator::Css(selector)).await? {
            let path = format!("element/{}/computedlabel", &*element.element_id());
            let name = self.command(http::Method::GET, path, None).await?;
            // To the name of a file field Firefox adds what stands on its button.
            if name == label || name.as_str().is_some_and(|name| name.starts_with(&format!("{label} Browse…"))) {
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

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.command(http::Method::POST, path.to_owned(), Some(body)).await
    }

    async fn command(&self, method: http::Method, path: String, body: Option<Value>) -> Result<Value> {
        Ok(self.client.issue_cmd(SessionCommand { method, path, body }).await?)
    }
}

/// Starts driver and browser.
async fn launch(browser: Browser, capabilities: &Capabilities, downloads: &Path) -> Result<(Driver, Client)> {
    let mut driver = Driver::start(browser, downloads)?;
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let (builder, address) = (builder.capabilities(capabilities.clone()), driver.address());
    let connected = tokio::time::timeout(LAUNCH, builder.connect(&address)).await;
    let client = connected.context("the browser did not start in time")?.context("the browser did not start")?;
    driver.holds(client.session_id().await?);
    Ok((driver, client))
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/end_to_end lies in the repository")
}
