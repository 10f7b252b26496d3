//! The signals of the runs, and changes of learning rate and clipping in mid-run.

use leptos::prelude::*;

use super::run::{Run, hyperparameters_of};
use super::state::RunState;
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Hyperparameters, Stretch};
use crate::ui::settings::address;
use crate::ui::settings::form::{Form, Mode};
use crate::ui::settings::signals::{Settings, TYPING};
use crate::ui::worker::handle::Handle;

/// The runs, and the epoch that the visitor looks at. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Runs {
    pub state: RwSignal<RunState>,
    /// [`RunState::drawn`], to be tracked by the charts.
    drawn: Memo<u32>,
    /// The epoch that the visitor looks at; `None` for the latest.
    pub pinned: RwSignal<Option<u32>>,
    /// The run whose menu is open.
    pub menu: RwSignal<Option<u32>>,
    /// Whether to train the form's settings when the current run has finished.
    pub next: RwSignal<bool>,
    form: RwSignal<Form>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    worker: Handle,
}

impl Runs {
    pub fn new(settings: Settings, worker: Handle) -> Self {
        let state = RwSignal::new(RunState::default());
        Self {
            state,
            drawn: Memo::new(move |_| state.with(|s| s.drawn)),
            pinned: RwSignal::new(None),
            menu: RwSignal::new(None),
            next: RwSignal::new(false),
            form: settings.form,
            config: settings.config,
            worker,
        }
    }

    /// Reads the state; tracks only changes of what the charts show, not every event of the worker.
    pub fn drawn<T>(&self, look: impl FnOnce(&RunState) -> T) -> T {
        self.drawn.get();
        self.state.with_untracked(look)
    }

    /// Loads a run's settings into the form.
    pub fn open(&self, run: &Run) {
        self.form.set(address::read(&run.address()));
    }

    /// The mode of a second run to compare with the shown or latest one; `None` without a run.
    pub fn mode_to_compare(&self) -> Option<Mode> {
        let config = self.state.with(|s| s.live().or(s.runs.last()).map(|run| run.config))?;
        Some(if Mode::of(&config) == Some(Mode::Random) { Mode::First } else { Mode::Random })
    }

    /// Sets the field of `key` to `text`. A learning rate or clipping threshold also changes the current run.
    pub fn edit(&self, key: &str, text: &str) {
        self.form.update(|form| form.choose(key, text));
        if ["lr", "clip"].contains(&key) {
            let (runs, text, key) = (*self, text.to_owned(), key.to_owned());
            // Wait until the number is typed completely.
            set_timeout(move || runs.send_hyperparameters(&key, &text), TYPING);
        }
    }

    /// Sends the form's learning rate and clipping threshold to the current run, unless the field has changed since.
    fn send_hyperparameters(&self, key: &str, text: &str) {
        let is_final = self.form.try_with_untracked(|form| form.get(key) == text).unwrap_or(false);
        let Ok(config) = self.config.get_untracked() else { return };
        if is_final && self.differs_from_run(hyperparameters_of(&config)) {
            self.worker.send(Command::SetHyperparameters { hyperparameters: hyperparameters_of(&config) });
        }
    }

    /// Whether there is a current run with other hyperparameters.
    fn differs_from_run(&self, hyperparameters: Hyperparameters) -> bool {
        self.state.with_untracked(|s| s.hyperparameters().is_some_and(|now| now != hyperparameters))
    }

    /// Sets hyperparameters in the form and in the current run.
    pub fn try_hyperparameters(&self, hyperparameters: Hyperparameters) {
        self.set_hyperparameters(hyperparameters);
        if self.differs_from_run(hyperparameters) {
            self.worker.send(Command::SetHyperparameters { hyperparameters });
        }
    }

    fn set_hyperparameters(&self, hyperparameters: Hyperparameters) {
        self.form.update(|form| {
            form.set("lr", &hyperparameters.learning_rate.to_string());
            form.set("clip", &hyperparameters.clip.to_string());
        });
    }

    /// Resumes a diverged run with these hyperparameters.
    pub fn continue_with(&self, hyperparameters: Hyperparameters) {
        self.set_hyperparameters(hyperparameters);
        self.worker.send(Command::SetHyperparameters { hyperparameters });
        self.worker.send(Command::Resume { stretch: Stretch::Whole });
    }
}
