//! The page's main-thread tasks and the processor time that each takes, from Chromium's trace. A browser's own “long
//! tasks” are measured by a clock on the wall, and on a busy machine any task is long now and then.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Visit;

/// What is traced: the page's marks, and the tasks of every thread.
pub const CATEGORIES: &str = "blink.user_timing,disabled-by-default-devtools.timeline";

/// The page's mark at the beginning of the measurement.
pub const MARK: &str = "watch frames";

/// The driver hands out so many entries of a log at once.
const BATCH: usize = 100_000;

/// A task of the page's main thread.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Milliseconds of the processor's time.
    pub processor: f64,
    /// Milliseconds from beginning to end.
    pub wall: f64,
}

impl Visit {
    /// Main-thread tasks since [`Visit::watch_frames`], the one with the most processor time first. Can be called once,
    /// in a visit with [`crate::Options::trace`]: the driver ends the trace.
    pub async fn tasks(&self) -> Result<Vec<Task>> {
        let mut entries = self.log("performance").await?;
        while entries.len() % BATCH == 0 {
            let more = self.log("performance").await?;
            if more.is_empty() {
                break;
            }
            entries.extend(more);
        }
        let events = entries.iter().filter_map(|entry| {
            let entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            Some(entry["message"]["params"].clone())
        });
        let events: Vec<Value> = events.collect();
        let mark =
            events.iter().find(|event| event["name"] == MARK).context("the trace has no mark: was it started?")?;
        let thread = |event: &Value| (event["pid"].as_u64(), event["tid"].as_u64());
        let is_task = |event: &&Value| {
            event["name"] == "RunTask" && thread(event) == thread(mark) && event["ts"].as_f64() > mark["ts"].as_f64()
        };
        let milliseconds = |time: &Value| time.as_f64().unwrap_or_default() / 1e3;
        let task = |event: &Value| Task { processor: milliseconds(&event["tdur"]), wall: milliseconds(&event["dur"]) };
        let mut tasks: Vec<Task> = events.iter().filter(is_task).map(task).collect();
        tasks.sort_by(|a, b| b.processor.total_cmp(&a.processor));
        Ok(tasks)
    }
}
