//! The signals of text generation, and its requests to the worker.

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

/// The initial prefix, which is the book's.
const FIRST_PREFIX: &str = "time traveller";

/// The id of the prefix field.
pub const PREFIX_ID: &str = "prefix";

/// The prefix, how to continue it, and the continuation. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Conversation {
    pub prefix: RwSignal<String>,
    /// Whether to update the continuation during training.
    pub refresh: RwSignal<bool>,
    pub talk: RwSignal<Talk>,
    /// The index of the character whose alternatives are shown.
    pub looked: RwSignal<Option<usize>>,
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
            looked: RwSignal::new(None),
            config: settings.config,
            state: runs.state,
            worker,
        }
    }

    /// What is wrong with the prefix, if anything.
    pub fn prefix_error(&self) -> Option<Error> {
        self.prefix.with(|prefix| check_prefix(prefix).err())
    }

    /// Sets the prefix, also for the run's future samples.
    pub fn set_prefix(&self, prefix: String) {
        if check_prefix(&prefix).is_ok() && self.state.with_untracked(RunState::attached) {
            self.worker.send(Command::SamplePrefix { prefix: prefix.clone() });
        }
        self.prefix.set(prefix);
    }

    /// Continues the prefix with the current weights; without a run, with the initial weights of the form's settings.
    pub fn generate(&self) {
        let current = self.state.with_untracked(|state| state.config);
        let config = match current.map_or_else(|| self.config.get_untracked(), Ok) {
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
