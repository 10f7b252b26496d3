//! The signals of the explanations and of the kernel timings.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::explain::Stage;
use super::profile::{Profiling, REQUEST};
use crate::kernels::note::Part;
use crate::model::config::{Config, SettingError};
use crate::protocol::Command;
use crate::ui::browser;
use crate::ui::settings::signals::Settings;
use crate::ui::worker::handle::Handle;

/// The source of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Loading,
    Missing,
    Text(String),
}

/// The latest measurement, and the kernels that are explained. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Network {
    pub profiling: RwSignal<Profiling>,
    /// The sources of the kernels whose explanation was opened, by name.
    pub sources: RwSignal<Vec<(&'static str, Source)>>,
    /// The part of a formula that is looked at, and the explanation that has it.
    pub shown: RwSignal<Option<(Stage, Part)>>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    worker: Handle,
}

impl Network {
    pub fn new(settings: Settings, worker: Handle) -> Self {
        let (profiling, sources) = (RwSignal::new(Profiling::default()), RwSignal::new(Vec::new()));
        Self { profiling, sources, shown: RwSignal::new(None), config: settings.config, worker }
    }

    /// Opens the explanation that has a part of a formula, and marks the part.
    pub fn show(&self, stage: Stage, part: Part) {
        self.shown.set(Some((stage, part)));
    }

    /// Fetches the source of a kernel, unless it is there.
    pub fn fetch(&self, kernel: &'static str) {
        let sources = self.sources;
        let set = move |source| {
            sources.try_update(|all| {
                all.retain(|(name, _)| *name != kernel);
                all.push((kernel, source));
            });
        };
        let is = |(name, source): &(&str, Source)| *name == kernel && *source != Source::Missing;
        if !sources.with_untracked(|all| all.iter().any(is)) {
            set(Source::Loading);
            spawn_local(async move {
                let fetched = browser::fetched(&format!("./shaders/{kernel}.wgsl")).await;
                set(fetched.map_or(Source::Missing, Source::Text));
            });
        }
    }

    /// Measures each kernel, with the settings in the form.
    pub fn profile(&self) {
        if let Ok(config) = self.config.get_untracked() {
            self.profiling.update(Profiling::ask);
            self.worker.send(Command::Profile { request: REQUEST, config });
        }
    }
}
