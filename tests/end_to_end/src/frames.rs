//! Measures how smooth the page is: long tasks of its main thread, and gaps between its frames.

use anyhow::Result;
use serde_json::Value;

use crate::Visit;

/// Starts both measurements in the page.
const WATCH: &str = "
    const seen = window.__frames = { tasks: [], frames: 0, gap: 0 };
    new PerformanceObserver(list => seen.tasks.push(...list.getEntries().map(task => task.duration)))
        .observe({ type: 'longtask' });
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
    Object.assign(seen, { tasks: [], frames: 0, gap: 0 });
    return collected";

/// Measurements since [`Visit::watch_frames`], or since the last [`Visit::frames`].
#[derive(Debug)]
pub struct Frames {
    /// Milliseconds of each main-thread task of 50 ms or more, a “long task” for browsers.
    pub long_tasks: Vec<f64>,
    pub frames: u64,
    /// Milliseconds of the longest gap between two frames; on a busy machine the page is not always the cause.
    pub longest_gap: f64,
}

impl Visit {
    /// Starts to measure.
    pub async fn watch_frames(&self) -> Result<()> {
        self.script(WATCH, vec![]).await.map(|_| ())
    }

    /// The measurements since then, or since the last call.
    pub async fn frames(&self) -> Result<Frames> {
        let seen = self.script(COLLECT, vec![]).await?;
        Ok(Frames {
            long_tasks: seen["tasks"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect(),
            frames: seen["frames"].as_u64().unwrap_or_default(),
            longest_gap: seen["gap"].as_f64().unwrap_or_default(),
        })
    }
}
