//! Sends commands to the current worker.

use leptos::prelude::*;

use crate::protocol::Command;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// Sends commands to the worker, and replaces it. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Handle {
    actions: StoredValue<Actions, LocalStorage>,
}

struct Actions {
    send: Sender,
    restart: Box<dyn Fn()>,
}

impl Handle {
    pub fn new(send: Sender) -> Self {
        Self { actions: StoredValue::new_local(Actions { send, restart: Box::new(|| ()) }) }
    }

    /// Sets the function that replaces the worker.
    pub fn on_restart(&self, restart: impl Fn() + 'static) {
        self.actions.update_value(|actions| actions.restart = Box::new(restart));
    }

    /// Replaces the worker; the new one has the book's text.
    pub fn restart(&self) {
        self.actions.with_value(|actions| (actions.restart)());
    }

    pub fn send(&self, command: Command) {
        self.actions.with_value(|actions| (actions.send)(command));
    }
}
