//! What all components share: the page's signals, and what a visitor can make of them.

use leptos::prelude::*;

use crate::error::Error;
use crate::model::config::check_prefix;
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Event, SAMPLE_LENGTH};
use crate::ui::form::Form;
use crate::ui::state::RunState;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// The prefix that the page opens with, which is the book's.
const FIRST_PREFIX: &str = "time traveller";

/// The id of the prefix's field.
pub const PREFIX_ID: &str = "prefix";

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
    pub fn prefix_error(&self) -> Option<Error> {
        self.prefix.with(|prefix| check_prefix(prefix).err())
    }

    /// Starts a run, unless something is wrong with the settings or the prefix; the error panel says what.
    pub fn train(&self) {
        match self.config.get_untracked() {
            Err(errors) => focus(&field_id(errors[0].key())),
            Ok(_) if untrack(|| self.prefix_error()).is_some() => focus(PREFIX_ID),
            Ok(config) if self.state.with_untracked(RunState::can_train) => {
                let run = self.state.try_update(|state| state.begin(config)).unwrap_or_default();
                self.send(Command::Train { run, config, prefix: self.prefix.get_untracked() });
            }
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
        let request = self.state.try_update(RunState::ask).unwrap_or_default();
        let prefix = self.prefix.get_untracked();
        self.send(Command::Generate { request, prefix, length: SAMPLE_LENGTH, config });
    }

    /// Sets the prefix, for the samples to come too.
    pub fn set_prefix(&self, prefix: String) {
        if check_prefix(&prefix).is_ok() && self.state.with_untracked(RunState::attached) {
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

/// Brings the field with this id to the visitor's hands.
fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(field) = document().get_element_by_id(id)
        && let Ok(field) = field.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = field.focus();
    }
}
