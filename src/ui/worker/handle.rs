//! The way to the worker, whichever is the present one.

use leptos::prelude::*;

use crate::protocol::Command;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// Sends commands, and replaces the worker. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Handle {
    send: StoredValue<Sender, LocalStorage>,
    restart: StoredValue<Box<dyn Fn()>, LocalStorage>,
}

impl Handle {
    pub fn new(send: Sender) -> Self {
        Self { send: StoredValue::new_local(send), restart: StoredValue::new_local(Box::new(|| ())) }
    }

    /// Says how another worker is started when one is lost.
    pub fn on_restart(&self, restart: impl Fn() + 'static) {
        self.restart.set_value(Box::new(restart));
    }

    /// Starts another worker, which has the book's text.
    pub fn restart(&self) {
        self.restart.with_value(|restart| restart());
    }

    pub fn send(&self, command: Command) {
        self.send.with_value(|send| send(command));
    }
}
