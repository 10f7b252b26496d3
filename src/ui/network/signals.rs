//! The signals of the kernel timings.

use leptos::prelude::*;

use super::profile::{Profiling, REQUEST};
use crate::model::config::{Config, SettingError};
use crate::protocol::Command;
use crate::ui::settings::signals::Settings;
use crate::ui::worker::handle::Handle;

/// The latest measurement. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Network {
    pub profiling: RwSignal<Profiling>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    worker: Handle,
}

impl Network {
    pub fn new(settings: Settings, worker: Handle) -> Self {
        Self { profiling: RwSignal::new(Profiling::default()), config: settings.config, worker }
    }

    /// Measures each kernel, with the settings in the form.
    pub fn profile(&self) {
        if let Ok(config) = self.config.get_untracked() {
            self.profiling.update(Profiling::ask);
            self.worker.send(Command::Profile { request: REQUEST, config });
        }
    }
}
