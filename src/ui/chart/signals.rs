//! The signals of the charts.

use leptos::prelude::*;

use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::RunState;

/// Scale and pointer. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Charts {
    /// Whether the perplexity axis is logarithmic.
    pub logarithmic: RwSignal<bool>,
    /// The epoch under the pointer.
    pub hovered: RwSignal<Option<u32>>,
    pinned: RwSignal<Option<u32>>,
    state: RwSignal<RunState>,
}

impl Charts {
    pub fn new(runs: Runs) -> Self {
        Self { logarithmic: RwSignal::new(false), hovered: RwSignal::new(None), pinned: runs.pinned, state: runs.state }
    }

    /// The epoch whose sample and perplexity are shown: under the pointer, or else chosen, or else the latest.
    pub fn epoch(&self) -> u32 {
        let newest = self.state.with(RunState::newest);
        self.hovered.get().or(self.pinned.get()).map_or(newest, |epoch| epoch.min(newest))
    }
}
