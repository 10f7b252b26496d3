//! Measures the gaps between the page's frames.

use anyhow::Result;
use serde_json::json;

use crate::{Visit, tasks};

/// Starts the measurement in the page, and marks this moment in the trace.
const WATCH: &str = "
    const seen = window.__frames = { frames: 0, gap: 0 };
    performance.mark(arguments[0]);
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
        seen.frames += 1;
        seen.gap = Math.max(seen.gap, now - last);
        last = now;
        requestAnimationFrame(frame);
    });";

/// Returns the measurements, and starts again.
const COLLECT: &str = "
    const seen = window.__frames, collected = { ...seen };
    Object.assign(seen, { frames: 0, gap: 0 });
    return collected";

/// Frames since [`Visit::watch_frames`], or since the last [`Visit::frames`].
#[derive(Debug, Clone, Copy)]
pub struct Frames {
    pub count: u64,
    /// Milliseconds of the longest gap between two frames; on a busy machine the page is not always the cause.
    pub longest_gap: f64,
}

impl Visit {
    /// Starts to measure.
    pub async fn watch_frames(&self) -> Result<()> {
        self.script(WATCH, vec![json!(tasks::MARK)]).await.map(|_| ())
    }

    /// The frames since then, or since the last call.
    pub async fn frames(&self) -> Result<Frames> {
        let seen = self.script(COLLECT, vec![]).await?;
        Ok(Frames {
            count: seen["frames"].as_u64().unwrap_or_default(),
            longest_gap: seen["gap"].as_f64().unwrap_or_default(),
        })
    }
}
