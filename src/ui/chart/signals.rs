//! How the visitor looks at the charts.

use leptos::prelude::*;

use crate::ui::runs::signals::Runs;

/// Axis and pointer. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Charts {
    /// Whether perplexities stand on a logarithmic axis.
    pub logarithmic: RwSignal<bool>,
    /// The epoch under the pointer.
    pub hovered: RwSignal<Option<u32>>,
    runs: Runs,
}

impl Charts {
    pub fn new(runs: Runs) -> Self {
        Self { logarithmic: RwSignal::new(false), hovered: RwSignal::new(None), runs }
    }

    /// The epoch whose sample and perplexity are read out: under the pointer, chosen, or the newest.
    pub fn epoch(&self) -> u32 {
        let newest = self.runs.state.with(|s| s.live().and_then(|run| run.curve.last()).map_or(0, |p| p.0));
        self.hovered.get().or(self.runs.pinned.get()).map_or(newest, |epoch| epoch.min(newest))
    }
}
