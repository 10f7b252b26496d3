//! The visitor's choice of a text. Its bytes are sent to the worker unchanged, which decodes them and reports the
//! facts.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::own::OwnText;
use crate::error::{Error, Result};
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Event, TextChoice};
use crate::text::decode::{LARGEST, too_large};
use crate::ui::browser;
use crate::ui::conversation::signals::Conversation;
use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::RunState;
use crate::ui::settings::form::Form;
use crate::ui::settings::signals::Settings;
use crate::ui::worker::handle::Handle;

/// The text to train on. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Text {
    pub own: RwSignal<OwnText>,
    /// The visitor's own text that was sent to the worker and is not answered yet.
    sent: StoredValue<Option<Arc<TextChoice>>>,
    /// The visitor's own text that the worker has.
    kept: StoredValue<Option<Arc<TextChoice>>>,
    /// The visitor's own text that the latest run trains on.
    of_run: StoredValue<Option<Arc<TextChoice>>>,
    /// The SHA-1 of the latest text that was stored with a run.
    pub stored: StoredValue<String>,
    form: RwSignal<Form>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    prefix: RwSignal<String>,
    state: RwSignal<RunState>,
    worker: Handle,
}

impl Text {
    pub fn new(settings: Settings, runs: Runs, conversation: Conversation, worker: Handle) -> Self {
        let own = RwSignal::new(OwnText::default());
        let none = || StoredValue::new(None);
        Self {
            own,
            sent: none(),
            kept: none(),
            of_run: none(),
            stored: StoredValue::new(String::new()),
            form: settings.form,
            config: settings.config,
            prefix: conversation.prefix,
            state: runs.state,
            worker,
        }
    }

    /// A run starts, on the worker's current text.
    pub fn begin_run(&self) {
        self.of_run.set_value(self.kept.get_value());
    }

    /// The text of the latest run, if it is the visitor's own.
    pub fn of_run(&self) -> Option<Arc<TextChoice>> {
        self.of_run.get_value()
    }

    /// The chosen text, if it is the visitor's own and the worker has it or is about to.
    pub fn chosen(&self) -> Option<Arc<TextChoice>> {
        self.sent.get_value().or_else(|| self.kept.get_value())
    }

    /// Whether a text is being read.
    pub fn is_reading(&self) -> bool {
        self.own.with(|own| own.reading.is_some())
    }

    /// Whether a text offered by a link waits for the visitor's consent.
    pub fn is_offered(&self) -> bool {
        self.own.with(|own| own.is_offered)
    }

    /// Handles the worker's events about texts.
    pub fn on_event(&self, event: &Event) {
        match event {
            Event::Text { facts } => {
                let sent = self.sent.try_update_value(Option::take).flatten();
                if facts.own {
                    self.kept.update_value(|kept| *kept = sent.or(kept.take()));
                } else if sent.is_some() {
                    // Not the requested one yet.
                    return self.sent.set_value(sent);
                } else {
                    self.kept.set_value(None);
                }
                let (form, prefix) = (self.form, self.prefix);
                let (mut new_form, mut new_prefix) = (form.get_untracked(), prefix.get_untracked());
                self.own.update(|own| own.arrive(facts, &mut new_form, &mut new_prefix));
                if form.with_untracked(|now| *now != new_form) {
                    form.set(new_form);
                }
                if prefix.with_untracked(|now| *now != new_prefix) {
                    prefix.set(new_prefix);
                }
            }
            Event::TextRefused { error } => {
                self.sent.set_value(None);
                self.own.update(|own| own.refuse(error.clone()));
            }
            _ => {}
        }
    }

    /// Chooses a file as the text of the next run.
    pub fn choose(&self, file: File) {
        self.take(file.name(), async move {
            if file.size() > LARGEST as f64 {
                return Err(too_large());
            }
            browser::read(&file).await.map_err(|why| Error::FileUnreadable { name: file.name(), why })
        });
    }

    /// Chooses a pasted text, under this name, for the next run.
    pub fn paste(&self, name: &str, text: String) {
        self.take(name.to_owned(), async move { Ok(text.into_bytes()) });
    }

    /// Has the worker fetch the text that the link names.
    pub fn fetch(&self) {
        let Some(link) = self.own.with_untracked(|own| own.link.clone()) else { return };
        self.own.update(|own| _ = own.begin(link.clone(), true));
        self.send(Arc::new(TextChoice::Address(link)));
    }

    /// Switches to the book's text, if it is not the current one.
    pub fn book(&self) {
        self.sent.set_value(None);
        self.own.update(|own| {
            (own.reading, own.refusal, own.link, own.is_offered) = (None, None, None, false);
        });
        if self.state.with_untracked(|s| s.worker.text.as_ref().is_some_and(|text| text.own)) {
            self.send_choice(TextChoice::Book);
        }
    }

    /// Waits for a text's bytes and sends them, unless the visitor has chosen another since.
    fn take(&self, name: String, bytes: impl Future<Output = Result<Vec<u8>>> + 'static) {
        let text = *self;
        let turn = self.own.try_update(|own| own.begin(name.clone(), false));
        self.sent.set_value(None);
        spawn_local(async move {
            let bytes = bytes.await;
            let is_latest = text.own.try_with_untracked(|own| own.reading.is_some() && Some(own.turn) == turn);
            match bytes {
                _ if is_latest != Some(true) => {}
                Ok(bytes) => text.send(Arc::new(TextChoice::Own { name, bytes })),
                Err(error) => text.own.update(|own| own.refuse(error)),
            }
        });
    }

    /// Gives the worker the text of a saved run: this one, or the book's for `None`. The run's settings say how to read
    /// it.
    pub fn load_for_run(&self, text: Option<Arc<TextChoice>>) {
        self.of_run.set_value(text.clone());
        match text {
            Some(text) if is_same(self.chosen().as_ref(), Some(&text)) => {}
            Some(text) => self.send(text),
            None => self.book(),
        }
    }

    /// Replaces the worker; the new one has the book's text. Returns the visitor's own text that was chosen.
    pub fn restart_worker(&self) -> Option<Arc<TextChoice>> {
        let chosen = self.chosen();
        self.sent.set_value(None);
        self.kept.set_value(None);
        self.worker.restart();
        chosen
    }

    /// Chooses, for the next run, the text that was chosen before the worker was replaced, if it isn't the current
    /// run's.
    pub fn choose_again(&self, chosen: Option<Arc<TextChoice>>) {
        if !is_same(chosen.as_ref(), self.of_run().as_ref()) {
            match chosen {
                Some(text) => self.send(text),
                None => self.send_choice(TextChoice::Book),
            }
        }
    }

    pub fn send(&self, text: Arc<TextChoice>) {
        if let TextChoice::Own { name, .. } | TextChoice::Address(name) = &*text {
            self.own.update(|own| own.reading = Some(name.clone()));
        }
        self.sent.set_value(Some(text.clone()));
        self.send_choice(TextChoice::clone(&text));
    }

    /// Has the worker read its text again, with the form's cleaning and vocabulary size.
    pub fn read_again(&self) {
        self.send_choice(TextChoice::Present);
    }

    fn send_choice(&self, choice: TextChoice) {
        let Config { cleaning, vocab, .. } = self.config.get_untracked().unwrap_or_default();
        self.worker.send(Command::Text { choice, cleaning, vocab });
    }
}

/// Whether both are the same choice of the visitor's, or both the book's text.
fn is_same(one: Option<&Arc<TextChoice>>, other: Option<&Arc<TextChoice>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}
