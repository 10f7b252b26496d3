//! Sizes and screenshots.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::visit::root;
use crate::{Browser, Visit};

impl Visit {
    /// Sets the size of Chromium's viewport, or of another browser's window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        match self.browser() {
            Browser::Chromium => self.emulate_size(width, height).await?,
            Browser::Firefox | Browser::WebKit => self.client().set_window_size(width, height).await?,
        }
        self.draw().await
    }

    /// Waits two frames: in the first the page handles a resize, in the second it has drawn.
    pub(crate) async fn draw(&self) -> Result<()> {
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        Ok(self.client().execute_async(frames, vec![]).await.map(drop)?)
    }

    /// Saves a screenshot of this size, in Chromium light or dark, as `test-output/NAME.png`.
    pub async fn screenshot(&self, name: &str, width: u32, height: u32, dark: bool) -> Result<()> {
        if self.browser() != Browser::Chromium {
            self.resize(width, height).await?;
            return self.picture(name).await;
        }
        self.emulate_scheme(Some(dark)).await?;
        self.resize(width, height).await?;
        self.picture(name).await?;
        self.emulate_scheme(None).await
    }

    /// Saves a screenshot of the window as it is, as `test-output/NAME.png`.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let picture = self.client().screenshot().await?;
        Ok(fs::write(pictures()?.join(name).with_extension("png"), picture)?)
    }
}

/// The folder for screenshots, which git ignores. Creates it.
pub fn pictures() -> Result<PathBuf> {
    let folder = root().join("test-output");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
