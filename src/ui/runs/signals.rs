//! The runs as the page shows them, and the rates of the one under way.

use leptos::prelude::*;

use super::run::{Run, rates_of};
use super::state::RunState;
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Hyperparameters, Stretch};
use crate::ui::settings::address;
use crate::ui::settings::form::{Form, Mode};
use crate::ui::settings::signals::{Settings, TYPING};
use crate::ui::worker::handle::Handle;

/// The runs, and which epoch of them is looked at. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Runs {
    pub state: RwSignal<RunState>,
    /// What [`RunState::drawn`] counts.
    drawn: Memo<u32>,
    /// The epoch that the visitor looks at, if not the newest.
    pub pinned: RwSignal<Option<u32>>,
    /// Whether the form's settings are to be trained when the run under way is done.
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
            next: RwSignal::new(false),
            form: settings.form,
            config: settings.config,
            worker,
        }
    }

    /// What `look` sees, anew when what the charts show has changed, and not with every word of the worker.
    pub fn drawn<T>(&self, look: impl FnOnce(&RunState) -> T) -> T {
        self.drawn.get();
        self.state.with_untracked(look)
    }

    /// Puts a run's settings into the form.
    pub fn open(&self, run: &Run) {
        self.form.set(address::read(&run.address()));
    }

    /// The order that the other run is to have which is to stand beside the one on show, or the latest.
    pub fn compared(&self) -> Option<Mode> {
        let config = self.state.with(|s| s.live().or(s.runs.last()).map(|run| run.config))?;
        Some(if Mode::of(&config) == Some(Mode::Random) { Mode::First } else { Mode::Random })
    }

    /// Puts `text` into the field of `key`; the run under way takes up rates.
    pub fn edit(&self, key: &str, text: &str) {
        self.form.update(|form| form.choose(key, text));
        if ["lr", "clip"].contains(&key) {
            let (runs, text, key) = (*self, text.to_owned(), key.to_owned());
            // Not every figure on the way to a number is meant.
            set_timeout(move || runs.send_rates(&key, &text), TYPING);
        }
    }

    /// Sends the form's rates to the run under way, unless the visitor has gone on typing.
    fn send_rates(&self, key: &str, text: &str) {
        let still = self.form.try_with_untracked(|form| form.get(key) == text).unwrap_or(false);
        let Ok(config) = self.config.get_untracked() else { return };
        if still && self.goes_by_others(rates_of(&config)) {
            self.worker.send(Command::SetHyperparameters { hyperparameters: rates_of(&config) });
        }
    }

    /// Whether a run is under way and goes by other rates than these.
    fn goes_by_others(&self, hyperparameters: Hyperparameters) -> bool {
        self.state.with_untracked(|s| s.hyperparameters().is_some_and(|now| now != hyperparameters))
    }

    /// Puts rates into the form; a run under way takes them up.
    pub fn try_hyperparameters(&self, hyperparameters: Hyperparameters) {
        self.set_hyperparameters(hyperparameters);
        if self.goes_by_others(hyperparameters) {
            self.worker.send(Command::SetHyperparameters { hyperparameters });
        }
    }

    fn set_hyperparameters(&self, hyperparameters: Hyperparameters) {
        self.form.update(|form| {
            form.set("lr", &hyperparameters.learning_rate.to_string());
            form.set("clip", &hyperparameters.clip.to_string());
        });
    }

    /// Goes on with a run that left the finite numbers, by the rates that are proposed for it.
    pub fn go_on(&self, hyperparameters: Hyperparameters) {
        self.set_hyperparameters(hyperparameters);
        self.worker.send(Command::SetHyperparameters { hyperparameters });
        self.worker.send(Command::Resume { stretch: Stretch::Whole });
    }
}
