//! What only Chromium can do, by the Chrome DevTools Protocol and the logs of its driver.

use anyhow::Result;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::{Browser, Visit};

/// A tab of the browser.
pub struct Tab(WindowHandle);

impl Visit {
    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": method, "params": params })).await
    }

    /// The console's errors since the last call; other browsers' drivers do not tell them.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        if self.browser() != Browser::Chromium {
            return Ok(Vec::new());
        }
        let entries = self.log("browser").await?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// The entries of one of the driver's logs since the last call.
    pub(crate) async fn log(&self, name: &str) -> Result<Vec<Value>> {
        Ok(serde_json::from_value(self.post("se/log", json!({ "type": name })).await?)?)
    }

    /// The text on the clipboard.
    pub async fn clipboard(&self) -> Result<String> {
        self.devtools("Browser.grantPermissions", json!({ "permissions": ["clipboardReadWrite"] })).await?;
        let text = self.script("return navigator.clipboard.readText()", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Opens a new tab in front and switches to it; returns the previous one.
    pub async fn open_tab(&self) -> Result<Tab> {
        let before = Tab(self.client().window().await?);
        let new = self.client().new_window(true).await?.handle;
        self.client().switch_to_window(new).await?;
        Ok(before)
    }

    /// Opens a new tab in front, which hides the current one; stays with the current one.
    pub async fn hide(&self) -> Result<()> {
        let current = self.open_tab().await?;
        let front = self.client().window().await?;
        self.go_to(&current).await?;
        // Switching to the tab has brought it to the front.
        self.devtools("Target.activateTarget", json!({ "targetId": String::from(front) })).await.map(drop)
    }

    async fn go_to(&self, tab: &Tab) -> Result<()> {
        Ok(self.client().switch_to_window(tab.0.clone()).await?)
    }

    /// Brings the current tab to the front.
    pub async fn bring_to_front(&self) -> Result<()> {
        self.devtools("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Closes the current tab, and switches to another in front.
    pub async fn close_tab(&self, to: &Tab) -> Result<()> {
        self.client().close_window().await?;
        self.go_to(to).await?;
        self.bring_to_front().await
    }

    /// The files that the page downloads go to this folder.
    pub(crate) async fn download_to(&self, folder: &std::path::Path) -> Result<()> {
        let behavior = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", behavior).await.map(drop)
    }

    /// Sets the size of the viewport, in CSS pixels, whatever the window's.
    pub async fn emulate_size(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await.map(drop)
    }

    /// Makes the browser a telephone's, with a screen of this size in CSS pixels, for fingers.
    pub async fn emulate_phone(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        let touch = json!({ "enabled": true, "maxTouchPoints": 5 });
        self.devtools("Emulation.setTouchEmulationEnabled", touch).await?;
        self.draw().await
    }

    /// Sets a feature that media queries ask for, as `forced-colors`.
    pub async fn emulate_media(&self, name: &str, value: &str) -> Result<()> {
        let features = json!({ "features": [{ "name": name, "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await?;
        self.draw().await
    }

    /// Sets what the system prefers, light or dark; by `None` it is the machine's again, and so is the size.
    pub(crate) async fn emulate_scheme(&self, dark: Option<bool>) -> Result<()> {
        let scheme = |dark| json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        let features: Vec<Value> = dark.map(scheme).into_iter().collect();
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
        if dark.is_none() {
            self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        }
        Ok(())
    }
}
