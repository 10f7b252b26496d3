//! The visitor's choice of a text. Its bytes are sent to the worker unchanged, which decodes them and reports the
//! facts.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::own::OwnText;
use crate::error::{Error, Result};
use crate::model::config::Cleaning;
use crate::protocol::{Command, Event, TextChoice, TextFacts};
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
    /// Whether a text stands in the field for pasting.
    pub is_pasted: RwSignal<bool>,
    /// Whether the vocabulary is open.
    pub shows_vocabulary: RwSignal<bool>,
    /// The text that was sent to the worker and is not answered yet.
    sent: StoredValue<Option<Arc<TextChoice>>>,
    /// The visitor's own text that is sent after the answer.
    next: StoredValue<Option<Arc<TextChoice>>>,
    /// A pasted text that is too long to be shown in the field.
    pub pasted: RwSignal<Option<String>>,
    /// The visitor's own text that the worker has.
    kept: StoredValue<Option<Arc<TextChoice>>>,
    /// The visitor's own text that the latest run trains on.
    of_run: StoredValue<Option<Arc<TextChoice>>>,
    /// The SHA-1 of the latest text that was stored with a run.
    pub stored: StoredValue<String>,
    form: RwSignal<Form>,
    /// How the form says to read a text.
    pub wanted: Memo<(Cleaning, u32)>,
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
            is_pasted: RwSignal::new(false),
            shows_vocabulary: RwSignal::new(false),
            sent: none(),
            next: none(),
            pasted: RwSignal::new(None),
            kept: none(),
            of_run: none(),
            stored: StoredValue::new(String::new()),
            form: settings.form,
            wanted: Memo::new(move |_| settings.form.with(Form::reading)),
            prefix: conversation.prefix,
            state: runs.state,
            worker,
        }
    }

    /// A run starts, on the worker's current text.
    pub fn begin_run(&self) {
        self.of_run.set_value(self.kept.get_value());
    }

    /// A run starts on this text (the book's for `None`), whatever is chosen for the run after it.
    pub fn begin_run_on(&self, text: Option<Arc<TextChoice>>, start: impl FnOnce()) {
        let chosen = self.chosen();
        let is_chosen = is_same(chosen.as_ref(), text.as_ref());
        if !is_chosen {
            self.send_choice(text.as_deref().cloned().unwrap_or(TextChoice::Book));
        }
        self.of_run.set_value(text);
        start();
        if !is_chosen {
            self.choose_again(chosen);
        }
    }

    /// The text of the latest run, if it is the visitor's own.
    pub fn of_run(&self) -> Option<Arc<TextChoice>> {
        self.of_run.get_value()
    }

    /// The chosen text, if it is the visitor's own and the worker has it or is about to.
    pub fn chosen(&self) -> Option<Arc<TextChoice>> {
        let latest = self.next.get_value().or_else(|| self.sent.get_value());
        latest.or_else(|| self.kept.get_value()).filter(|text| **text != TextChoice::Book)
    }

    /// Whether the text is not settled: it is being read, or has to be read again as the form now says.
    pub fn is_reading(&self) -> bool {
        let told = self.state.with(|s| s.worker.text.as_ref().map(|text| (text.cleaning, text.vocab)));
        self.own.with(|own| own.reading.is_some()) || told.is_some_and(|told| told != self.wanted.get())
    }

    /// Whether a text offered by a link waits for the visitor's consent.
    pub fn is_offered(&self) -> bool {
        self.own.with(|own| own.is_offered)
    }

    /// Whether the current text is the one that a link names, or the book's if it names none.
    pub fn is_of_link(&self, link: Option<&str>) -> bool {
        self.state.with_untracked(|s| s.worker.text.as_ref().filter(|text| text.own).map(|text| &text.name[..]) == link)
    }

    /// Handles the worker's events about texts.
    pub fn on_event(&self, event: &Event) {
        match event {
            Event::Text { facts } => {
                let answered = self.sent.try_update_value(|sent| sent.take_if(|sent| is_answer(sent, facts))).flatten();
                let is_answer = answered.is_some();
                if !facts.own {
                    self.kept.set_value(None);
                } else if is_answer {
                    self.kept.set_value(answered);
                }
                let next = self.next.try_update_value(|next| next.take_if(|_| is_answer)).flatten();
                let is_latest = is_answer && next.is_none();
                let is_awaited = self.own.with_untracked(|own| own.reading.is_none() || is_latest && !own.is_loading);
                if let Some(next) = next {
                    self.send(next);
                }
                if is_awaited {
                    self.arrive(facts);
                }
            }
            Event::TextRefused { error } => {
                let sent = self.sent.try_update_value(Option::take).flatten();
                if sent.as_deref() == Some(&TextChoice::Book) && *error != Error::NoBook {
                    self.sent.set_value(sent); // the refused one has been given up
                } else if let Some(next) = self.next.try_update_value(Option::take).flatten() {
                    self.send(next);
                } else if !self.own.with_untracked(|own| own.is_loading) {
                    self.own.update(|own| own.refuse(error.clone(), None));
                }
            }
            _ => {}
        }
    }

    /// The text that the visitor waits for has come.
    fn arrive(&self, facts: &TextFacts) {
        let form = self.form;
        let mut new_form = form.get_untracked();
        self.own.update(|own| own.arrive(facts, &mut new_form));
        if form.with_untracked(|now| *now != new_form) {
            form.set(new_form);
        }
        // The network of a run keeps its prefix, which may have characters that this text lacks.
        if !self.state.with_untracked(RunState::attached) {
            self.fit_to(facts);
        }
    }

    /// Fits the prefix to the current text, when no network of an earlier one continues it any more.
    pub fn fit_prefix(&self) {
        let facts = self.state.with_untracked(|s| s.worker.text.clone());
        if let Some(facts) = facts.filter(|_| !untrack(|| self.is_reading())) {
            self.fit_to(&facts);
        }
    }

    fn fit_to(&self, facts: &TextFacts) {
        let mut prefix = self.prefix.get_untracked();
        self.own.update(|own| own.fit_prefix(facts, &mut prefix));
        if self.prefix.with_untracked(|now| *now != prefix) {
            self.prefix.set(prefix);
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
        self.take(name.to_owned(), async move {
            if text.len() > LARGEST { Err(too_large()) } else { Ok(text.into_bytes()) }
        });
    }

    /// Has the worker fetch the text that the link names.
    pub fn fetch(&self) {
        let Some(link) = self.own.with_untracked(|own| own.link.clone()) else { return };
        self.own.update(|own| _ = own.begin(link.clone(), true));
        self.send(Arc::new(TextChoice::Address(link)));
    }

    /// Switches to the book's text, if it is not the current one.
    pub fn book(&self) {
        let is_own = self.chosen().is_some()
            || self.state.with_untracked(|s| s.worker.text.as_ref().is_some_and(|text| text.own));
        self.own.update(OwnText::go_back);
        if is_own {
            self.send(Arc::new(TextChoice::Book));
        }
    }

    /// Waits for a text's bytes and sends them, unless the visitor has chosen another since.
    fn take(&self, name: String, bytes: impl Future<Output = Result<Vec<u8>>> + 'static) {
        let text = *self;
        let turn = self.own.try_update(|own| own.begin(name.clone(), false));
        self.next.set_value(None);
        spawn_local(async move {
            let bytes = bytes.await;
            match bytes {
                // By now the visitor may have chosen another text, or the page may be gone.
                _ if text.own.try_with_untracked(|own| own.turn) != turn => {}
                Ok(bytes) => text.send(Arc::new(TextChoice::Own { name, bytes })),
                Err(error) => {
                    let previous = text.next.get_value().or_else(|| text.sent.get_value());
                    text.own.update(|own| own.refuse(error, previous.map(|text| name_of(&text).to_owned())));
                }
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
        [self.sent, self.next, self.kept].into_iter().for_each(|text| text.set_value(None));
        self.own.update(|own| _ = own.reading.take_if(|_| !own.is_loading));
        self.worker.restart();
        chosen
    }

    /// Chooses, for the next run, the text that was chosen before the worker was replaced, if it isn't the current
    /// run's.
    pub fn choose_again(&self, chosen: Option<Arc<TextChoice>>) {
        if !is_same(chosen.as_ref(), self.of_run().as_ref()) {
            self.send(chosen.unwrap_or(Arc::new(TextChoice::Book)));
        }
    }

    /// Has the worker read this text. While it reads one of the visitor's, another waits, so that their answers can't be
    /// confused.
    pub fn send(&self, text: Arc<TextChoice>) {
        self.own.update(|own| own.sent(name_of(&text)));
        let is_own = |text: &Arc<TextChoice>| matches!(**text, TextChoice::Own { .. });
        if is_own(&text) && self.sent.with_value(|sent| sent.as_ref().is_some_and(is_own)) {
            return self.next.set_value(Some(text));
        }
        self.next.set_value(None);
        self.sent.set_value(Some(text.clone()));
        self.send_choice(TextChoice::clone(&text));
    }

    /// Has the worker read its text again, with the form's cleaning and vocabulary size.
    pub fn read_again(&self) {
        self.send_choice(TextChoice::Present);
    }

    fn send_choice(&self, choice: TextChoice) {
        let (cleaning, vocab) = self.wanted.get_untracked();
        self.worker.send(Command::Text { choice, cleaning, vocab });
    }
}

/// The name of a text, while it is being read.
fn name_of(text: &TextChoice) -> &str {
    match text {
        TextChoice::Own { name, .. } | TextChoice::Address(name) => name,
        TextChoice::Book | TextChoice::Present => "The Time Machine",
    }
}

/// Whether these facts are the answer to this choice.
fn is_answer(choice: &TextChoice, facts: &TextFacts) -> bool {
    match choice {
        TextChoice::Own { name, .. } | TextChoice::Address(name) => facts.own && facts.name == *name,
        TextChoice::Book | TextChoice::Present => !facts.own,
    }
}

/// Whether both are the same choice of the visitor's, or both the book's text.
fn is_same(one: Option<&Arc<TextChoice>>, other: Option<&Arc<TextChoice>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}
