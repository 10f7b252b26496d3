//! What all components share: the page's signals, and what a visitor can make of them.

use leptos::prelude::*;

use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Event, SAMPLE_LENGTH};
use crate::ui::form::Form;
use crate::ui::state::RunState;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// The prefix that the page opens with, which is the book's.
const FIRST_PREFIX: &str = "time traveller";

/// The page's state and actions. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Page {
    pub state: RwSignal<RunState>,
    pub form: RwSignal<Form>,
    pub prefix: RwSignal<String>,
    /// The settings, or what is wrong with them.
    pub config: Memo<Result<Config, Vec<SettingError>>>,
    send: StoredValue<Sender, LocalStorage>,
    restart: StoredValue<Box<dyn Fn()>, LocalStorage>,
}

impl Page {
    /// A page whose commands go to `send`, with the form set to `form`.
    pub fn new(form: Form, send: Sender) -> Self {
        let form = RwSignal::new(form);
        Self {
            state: RwSignal::new(RunState::default()),
            form,
            prefix: RwSignal::new(FIRST_PREFIX.to_owned()),
            config: Memo::new(move |_| form.with(Form::config)),
            send: StoredValue::new_local(send),
            restart: StoredValue::new_local(Box::new(|| ())),
        }
    }

    /// Says how another worker is started when one is lost.
    pub fn on_restart(&self, restart: impl Fn() + 'static) {
        self.restart.set_value(Box::new(restart));
    }

    /// Takes in what the worker says.
    pub fn hear(&self, event: Event) {
        self.state.update(|state| state.apply(event));
    }

    /// The worker cannot go on.
    pub fn lose_worker(&self, message: String) {
        self.state.update(|state| state.lose_worker(message));
    }

    /// What is wrong with the prefix, if anything.
    pub fn prefix_error(&self) -> Option<&'static str> {
        self.prefix
            .with(String::is_empty)
            .then_some("Prefix is empty, so there is nothing to continue: type at least one character.")
    }

    /// Starts a run, unless something is wrong with the settings or the prefix; the error panel says what.
    pub fn train(&self) {
        let allowed = self.state.with_untracked(RunState::can_train);
        match self.config.get_untracked() {
            Ok(config) if allowed && untrack(|| self.prefix_error()).is_none() => {
                let run = self.state.try_update(|state| state.begin(config)).unwrap_or_default();
                self.send(Command::Train { run, config, prefix: self.prefix.get_untracked() });
            }
            Err(errors) => show_field(errors[0].key()),
            Ok(_) => {}
        }
    }

    pub fn pause(&self) {
        self.send(Command::Pause);
    }

    pub fn resume(&self) {
        self.send(Command::Resume);
    }

    /// Ends the run and forgets it; a lost worker is replaced.
    pub fn reset(&self) {
        let lost = self.state.with_untracked(|state| state.worker_lost);
        self.state.update(RunState::reset);
        if lost {
            self.restart.with_value(|restart| restart());
        } else {
            self.send(Command::Reset);
        }
    }

    /// Continues the prefix with the newest weights.
    pub fn generate(&self) {
        let Some(config) = self.state.with_untracked(|state| state.config).or(self.config.get_untracked().ok()) else {
            return;
        };
        if untrack(|| self.prefix_error()).is_some() {
            return;
        }
        let request = self.state.try_update(RunState::ask).unwrap_or_default();
        let prefix = self.prefix.get_untracked();
        self.send(Command::Generate { request, prefix, length: SAMPLE_LENGTH, config });
    }

    /// Sets the prefix, for the samples to come too.
    pub fn set_prefix(&self, prefix: String) {
        if !prefix.is_empty() && self.state.with_untracked(RunState::active) {
            self.send(Command::SamplePrefix { prefix: prefix.clone() });
        }
        self.prefix.set(prefix);
    }

    fn send(&self, command: Command) {
        self.send.with_value(|send| send(command));
    }
}

/// The id of the field of a setting.
pub fn field_id(key: &str) -> String {
    format!("setting-{key}")
}

/// Brings the field of a setting to the visitor's hands.
fn show_field(key: &str) {
    use wasm_bindgen::JsCast;
    if let Some(field) = document().get_element_by_id(&field_id(key))
        && let Ok(field) = field.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = field.focus();
    }
}
