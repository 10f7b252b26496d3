//! The way to the worker, whichever is the present one.

use leptos::prelude::*;

use crate::protocol::Command;

/// Sends a command to the worker.
pub type Sender = Box<dyn Fn(Command)>;

/// Sends commands, and replaces the worker. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Handle {
    ways: StoredValue<Ways, LocalStorage>,
}

struct Ways {
    send: Sender,
    restart: Box<dyn Fn()>,
}

impl Handle {
    pub fn new(send: Sender) -> Self {
        Self { ways: StoredValue::new_local(Ways { send, restart: Box::new(|| ()) }) }
    }

    /// Says how another worker is started when one is lost.
    pub fn on_restart(&self, restart: impl Fn() + 'static) {
        self.ways.update_value(|ways| ways.restart = Box::new(restart));
    }

    /// Starts another worker, which has the book's text.
    pub fn restart(&self) {
        self.ways.with_value(|ways| (ways.restart)());
    }

    pub fn send(&self, command: Command) {
        self.ways.with_value(|ways| (ways.send)(command));
    }
}
