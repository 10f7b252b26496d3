//! The signals of the runs, and changes of learning rate and clipping in mid-run.

use leptos::prelude::*;

use super::queue::{Queued, other_mode};
use super::reference::Reference;
use super::run::{Run, hyperparameters_of};
use super::state::{RunState, Status};
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
    /// The runs to train when the current one has finished, one after the other.
    pub queue: RwSignal<Vec<Queued>>,
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
            queue: RwSignal::new(Vec::new()),
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

    /// PyTorch's curve behind the shown run's, or, before there is one of the visitor's, behind that of a run of the
    /// settings in the form, with the number of its epochs.
    pub fn reference(&self) -> Option<(&'static Reference, u32)> {
        let planned = self.config.get().ok().filter(|_| self.form.with(Form::window_offset).is_none());
        self.drawn(|s| match s.own() {
            Some(run) => Some((s.reference()?, run.config.epochs)),
            None => planned.and_then(|config| Some((s.expected(&config)?, config.epochs))),
        })
    }

    /// Looks at an epoch of the shown run: at the latest if it is the newest, or a later one.
    pub fn pin(&self, epoch: u32) {
        let newest = self.state.with_untracked(RunState::newest);
        self.pinned.set(Some(epoch).filter(|epoch| *epoch < newest));
    }

    /// Loads a run's settings into the form.
    pub fn open(&self, run: &Run) {
        self.form.set(address::read(&run.address()));
    }

    /// The epoch from which another run could go on: the chosen one or, of a run that rests, the newest.
    pub fn branches_at(&self) -> Option<u32> {
        let chosen = self.pinned.get();
        self.state.with(|s| {
            let newest = s.live().filter(|run| s.attached() && run.number == s.run)?.curve.last()?.0;
            let rests = matches!(s.status, Status::Paused | Status::Finished) || s.own().is_none();
            chosen.map(|epoch| epoch.min(newest)).or(rests.then_some(newest))
        })
    }

    /// The mode of a second run to compare with the shown or latest one; `None` without a run.
    pub fn mode_to_compare(&self) -> Option<Mode> {
        self.state.with(|s| s.latest().map(|run| other_mode(&run.config)))
    }

    /// The settings in the form that need a new run, while there is a run.
    pub fn needs_new_run(&self) -> Vec<&'static str> {
        let Ok(config) = self.config.get() else { return Vec::new() };
        let offset = self.form.with(Form::window_offset);
        self.state.with(|s| s.needs_new_run(&config, offset))
    }

    /// Whether a run with the settings in the form would be another than the current one.
    pub fn differs_from_form(&self) -> bool {
        let Ok(config) = self.config.get() else { return false };
        !self.needs_new_run().is_empty() || self.differs_from_run(hyperparameters_of(&config))
    }

    /// The number of epochs in the form, if the current run can be taken that far.
    pub fn longer(&self) -> Option<u32> {
        let config = self.config.get().ok()?;
        let offset = self.form.with(Form::window_offset);
        self.state.with(|s| s.longer(&config, offset))
    }

    /// [`Runs::longer`] where the run waits to be resumed: paused or finished.
    pub fn resumes_to(&self) -> Option<u32> {
        let waits = self.state.with(|s| matches!(s.status, Status::Paused | Status::Finished));
        self.longer().filter(|_| waits)
    }

    /// Resumes the run, paused or finished, to this many epochs, with the form's hyperparameters.
    pub fn resume_to(&self, epochs: u32) {
        self.pinned.set(None);
        self.worker.send(Command::Resume { stretch: Stretch::To(epochs) });
        if let Ok(config) = self.config.get_untracked() {
            let form = hyperparameters_of(&config);
            if self.state.with_untracked(|s| s.live().is_some_and(|run| run.hyperparameters() != form)) {
                self.worker.send(Command::SetHyperparameters { hyperparameters: form });
            }
        }
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
        let Some(Ok(config)) = self.config.try_get_untracked() else { return };
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

    /// A run has resumed from a checkpoint: the form shows the hyperparameters that it has come to, unless the visitor
    /// has changed those that it started with.
    pub fn show_hyperparameters(&self) {
        let of_run = |run: &Run| (hyperparameters_of(&run.config), run.hyperparameters());
        let Some((first, now)) = self.state.with_untracked(|s| s.live().map(of_run)) else { return };
        let form = self.config.with_untracked(|config| config.as_ref().ok().map(hyperparameters_of));
        if form == Some(first) && now != first {
            self.set_hyperparameters(now);
        }
    }

    /// Resumes a diverged run with these hyperparameters.
    pub fn continue_with(&self, hyperparameters: Hyperparameters) {
        self.set_hyperparameters(hyperparameters);
        self.worker.send(Command::SetHyperparameters { hyperparameters });
        self.worker.send(Command::Resume { stretch: Stretch::Whole });
    }
}
