//! The conversation as the visitor leads it.

use leptos::prelude::*;

use super::talk::Talk;
use crate::error::Error;
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, SAMPLE_LENGTH, check_prefix};
use crate::ui::browser::focus;
use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::RunState;
use crate::ui::settings::signals::{Settings, field_id};
use crate::ui::worker::handle::Handle;

/// The prefix that the page opens with, which is the book's.
const FIRST_PREFIX: &str = "time traveller";

/// The id of the prefix's field.
pub const PREFIX_ID: &str = "prefix";

/// What is asked, how, and what came of it. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Conversation {
    pub prefix: RwSignal<String>,
    /// Whether the continuation follows the weights.
    pub refresh: RwSignal<bool>,
    pub talk: RwSignal<Talk>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    state: RwSignal<RunState>,
    worker: Handle,
}

impl Conversation {
    pub fn new(settings: Settings, runs: Runs, worker: Handle) -> Self {
        Self {
            prefix: RwSignal::new(FIRST_PREFIX.to_owned()),
            refresh: RwSignal::new(false),
            talk: RwSignal::new(Talk::default()),
            config: settings.config,
            state: runs.state,
            worker,
        }
    }

    /// What is wrong with the prefix, if anything.
    pub fn prefix_error(&self) -> Option<Error> {
        self.prefix.with(|prefix| check_prefix(prefix).err())
    }

    /// Sets the prefix, for the samples to come too.
    pub fn set_prefix(&self, prefix: String) {
        if check_prefix(&prefix).is_ok() && self.state.with_untracked(RunState::attached) {
            self.worker.send(Command::SamplePrefix { prefix: prefix.clone() });
        }
        self.prefix.set(prefix);
    }

    /// Continues the prefix with the newest weights, or with those that the settings in the form begin with.
    pub fn generate(&self) {
        let held = self.state.with_untracked(|state| state.config);
        let config = match held.map_or_else(|| self.config.get_untracked(), Ok) {
            Ok(config) => config,
            Err(errors) => return focus(&field_id(errors[0].key())),
        };
        if untrack(|| self.prefix_error()).is_some() {
            return focus(PREFIX_ID);
        }
        self.state.update(|state| state.refusal = None);
        let (request, pick) = self.talk.try_update(|talk| (talk.ask(), talk.choice.pick())).unwrap_or_default();
        let prefix = self.prefix.get_untracked();
        self.worker.send(Command::Generate { request, prefix, length: SAMPLE_LENGTH, pick, config });
    }
}
