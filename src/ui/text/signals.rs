//! The text as the visitor chooses it: its bytes go to the worker as they are; what comes of them, the worker tells.

use std::sync::Arc;

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::File;

use super::own::OwnText;
use crate::error::{Error, Result};
use crate::model::config::{Config, SettingError};
use crate::protocol::{Command, Event, TextChoice};
use crate::text::decode::{LARGEST, too_large};
use crate::ui::browser::message;
use crate::ui::conversation::signals::Conversation;
use crate::ui::runs::signals::Runs;
use crate::ui::runs::state::RunState;
use crate::ui::settings::form::Form;
use crate::ui::settings::signals::Settings;
use crate::ui::worker::handle::Handle;

/// The visitor's text, as the page has it. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Text {
    pub own: RwSignal<OwnText>,
    /// The text that was sent to the worker and is not yet answered,
    sent: StoredValue<Option<Arc<TextChoice>>>,
    /// and the one that the worker holds.
    kept: StoredValue<Option<Arc<TextChoice>>>,
    /// The one that the last run learns,
    of_run: StoredValue<Option<Arc<TextChoice>>>,
    /// and the SHA-1 of the one that lies in the browser's storage for it.
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

    /// A run begins to learn the worker's present text.
    pub fn begin_run(&self) {
        self.of_run.set_value(self.kept.get_value());
    }

    /// The text that the last run learns, if it is the visitor's own.
    pub fn of_run(&self) -> Option<Arc<TextChoice>> {
        self.of_run.get_value()
    }

    /// The text of the visitor's own that was chosen last, if the worker has it or is about to.
    pub fn chosen(&self) -> Option<Arc<TextChoice>> {
        self.sent.get_value().or_else(|| self.kept.get_value())
    }

    /// Whether a text is on its way.
    pub fn is_reading(&self) -> bool {
        self.own.with(|own| own.reading.is_some())
    }

    /// Whether a link waits for the visitor's word.
    pub fn is_offered(&self) -> bool {
        self.own.with(|own| own.is_offered)
    }

    /// Takes in what the worker says of texts.
    pub fn hear(&self, event: &Event) {
        match event {
            Event::Text { facts } => {
                let sent = self.sent.try_update_value(Option::take).flatten();
                if facts.own {
                    self.kept.update_value(|kept| *kept = sent.or(kept.take()));
                } else if sent.is_some() {
                    // Not yet the one that is asked for.
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

    /// Trains on this file from the next run on.
    pub fn choose(&self, file: File) {
        self.take(file.name(), async move {
            if file.size() > LARGEST as f64 {
                return Err(too_large());
            }
            let name = file.name();
            let unreadable = |error| Error::FileUnreadable { name, why: message(&error) };
            JsFuture::from(file.array_buffer()).await.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(unreadable)
        });
    }

    /// Trains on these words from the next run on, under this name.
    pub fn paste(&self, name: &str, text: String) {
        self.take(name.to_owned(), async move { Ok(text.into_bytes()) });
    }

    /// Has the text fetched that the link names.
    pub fn fetch(&self) {
        let Some(link) = self.own.with_untracked(|own| own.link.clone()) else { return };
        self.own.update(|own| _ = own.begin(link.clone(), true));
        self.send(Arc::new(TextChoice::Address(link)));
    }

    /// Goes back to the book's text, or stays there.
    pub fn book(&self) {
        self.sent.set_value(None);
        self.own.update(|own| {
            (own.reading, own.refusal, own.link, own.is_offered) = (None, None, None, false);
        });
        if self.state.with_untracked(|s| s.worker.text.as_ref().is_some_and(|text| text.own)) {
            self.send_choice(TextChoice::Book);
        }
    }

    /// Waits for a text's bytes and sends them, unless the visitor has chosen another meanwhile.
    fn take(&self, name: String, bytes: impl Future<Output = Result<Vec<u8>>> + 'static) {
        let text = *self;
        let turn = self.own.try_update(|own| own.begin(name.clone(), false));
        self.sent.set_value(None);
        spawn_local(async move {
            let bytes = bytes.await;
            let still = text.own.try_with_untracked(|own| own.reading.is_some() && Some(own.turn) == turn);
            match bytes {
                _ if still != Some(true) => {}
                Ok(bytes) => text.send(Arc::new(TextChoice::Own { name, bytes })),
                Err(error) => text.own.update(|own| own.refuse(error)),
            }
        });
    }

    /// Has the worker hold the text that a saved run learns: this one of the visitor's own, or the book's. What the
    /// settings say of a text, the run brings along.
    pub fn bring(&self, text: Option<Arc<TextChoice>>) {
        self.of_run.set_value(text.clone());
        match text {
            Some(text) if is_same(self.chosen().as_ref(), Some(&text)) => {}
            Some(text) => self.send(text),
            None => self.book(),
        }
    }

    /// Starts another worker in place of the present one. It has the book's text; gives the one that was chosen.
    pub fn restart_worker(&self) -> Option<Arc<TextChoice>> {
        let chosen = self.chosen();
        self.sent.set_value(None);
        self.kept.set_value(None);
        self.worker.restart();
        chosen
    }

    /// Goes back to the text that was chosen before another worker got that of the run, for the next run.
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

    /// Has the worker read the text that it holds by the form's settings.
    pub fn read_anew(&self) {
        self.send_choice(TextChoice::Present);
    }

    fn send_choice(&self, choice: TextChoice) {
        let Config { cleaning, kinds, .. } = self.config.get_untracked().unwrap_or_default();
        self.worker.send(Command::Text { choice, cleaning, kinds });
    }
}

/// Whether both are the very same text of the visitor's own, or the book's.
fn is_same(one: Option<&Arc<TextChoice>>, other: Option<&Arc<TextChoice>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}
