//! The text that is trained on: the book's, or one that the visitor chooses, pastes, drops on the page or fetches by a
//! link. Its bytes go to the worker as they are; what comes of them, the worker tells.

use std::sync::Arc;

use js_sys::Uint8Array;
use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File};

use crate::error::{Error, Result};
use crate::model::config::{Config, TEXT_KEYS, setting};
use crate::protocol::{Command, Event, TextChoice};
use crate::text::decode::{LARGEST, too_large};
use crate::text::fetch::host;
use crate::ui::language::words;
use crate::ui::language::{fill, sentence};
use crate::ui::page::{Page, TYPING, field_id};
use crate::ui::settings::view::Field;
use crate::ui::text::own::{self, OwnText};
use crate::ui::worker::link::message;

/// What [`field_id`] calls the field of the text's file.
pub const TEXT_KEY: &str = "text";

/// The visitor's text, as the page has it. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Own {
    pub state: RwSignal<OwnText>,
    /// The text that was sent to the worker and is not yet answered,
    sent: StoredValue<Option<Arc<TextChoice>>>,
    /// and the one that the worker holds.
    kept: StoredValue<Option<Arc<TextChoice>>>,
    /// The one that the last run learns,
    of_run: StoredValue<Option<Arc<TextChoice>>>,
    /// and the SHA-1 of the one that lies in the browser's storage for it.
    pub(in crate::ui) stored: StoredValue<String>,
}

impl Own {
    pub(in crate::ui) fn new() -> Self {
        let state = RwSignal::new(OwnText::default());
        let none = || StoredValue::new(None);
        Self { state, sent: none(), kept: none(), of_run: none(), stored: StoredValue::new(String::new()) }
    }

    /// A run begins to learn the worker's present text.
    pub(in crate::ui) fn begin_run(&self) {
        self.of_run.set_value(self.kept.get_value());
    }

    /// The text that the last run learns, if it is the visitor's own.
    pub(in crate::ui) fn of_run(&self) -> Option<Arc<TextChoice>> {
        self.of_run.get_value()
    }

    /// The text of the visitor's own that was chosen last, if the worker has it or is about to.
    pub(in crate::ui) fn chosen(&self) -> Option<Arc<TextChoice>> {
        self.sent.get_value().or_else(|| self.kept.get_value())
    }

    /// Whether a text is on its way.
    pub fn is_reading(&self) -> bool {
        self.state.with(|own| own.reading.is_some())
    }

    /// Whether a link waits for the visitor's word.
    pub fn is_offered(&self) -> bool {
        self.state.with(|own| own.is_offered)
    }
}

impl Page {
    /// Takes in what the worker says of texts.
    pub fn hear_of_text(&self, event: &Event) {
        match event {
            Event::Text { facts } => {
                let sent = self.own.sent.try_update_value(Option::take).flatten();
                if facts.own {
                    self.own.kept.update_value(|kept| *kept = sent.or(kept.take()));
                } else if sent.is_some() {
                    // Not yet the one that is asked for.
                    return self.own.sent.set_value(sent);
                } else {
                    self.own.kept.set_value(None);
                }
                let (mut form, mut prefix) = (self.form.get_untracked(), self.prefix.get_untracked());
                self.own.state.update(|own| own.arrive(facts, &mut form, &mut prefix));
                if self.form.with_untracked(|now| *now != form) {
                    self.form.set(form);
                }
                if self.prefix.with_untracked(|now| *now != prefix) {
                    self.prefix.set(prefix);
                }
            }
            Event::TextRefused { error } => {
                self.own.sent.set_value(None);
                self.own.state.update(|own| own.refuse(error.clone()));
            }
            _ => {}
        }
    }

    /// Trains on this file from the next run on.
    pub fn choose_text(&self, file: File) {
        self.take_text(file.name(), async move {
            if file.size() > LARGEST as f64 {
                return Err(too_large());
            }
            let name = file.name();
            let unreadable = |error| Error::FileUnreadable { name, why: message(&error) };
            JsFuture::from(file.array_buffer()).await.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(unreadable)
        });
    }

    /// Trains on these words from the next run on.
    pub fn paste_text(&self, text: String) {
        self.take_text(self.words().text_pasted.to_owned(), async move { Ok(text.into_bytes()) });
    }

    /// Has the text fetched that the link names.
    pub fn fetch_text(&self) {
        let Some(link) = self.own.state.with_untracked(|own| own.link.clone()) else { return };
        self.own.state.update(|own| _ = own.begin(link.clone(), true));
        self.send_text(Arc::new(TextChoice::Address(link)));
    }

    /// Goes back to the book's text, or stays there.
    pub fn book_text(&self) {
        self.own.sent.set_value(None);
        self.own.state.update(|own| {
            (own.reading, own.refusal, own.link, own.is_offered) = (None, None, None, false);
        });
        if self.state.with_untracked(|s| s.text.as_ref().is_some_and(|text| text.own)) {
            self.send_choice(TextChoice::Book);
        }
    }

    /// Waits for a text's bytes and sends them, unless the visitor has chosen another meanwhile.
    fn take_text(&self, name: String, bytes: impl Future<Output = Result<Vec<u8>>> + 'static) {
        let page = *self;
        let turn = self.own.state.try_update(|own| own.begin(name.clone(), false));
        self.own.sent.set_value(None);
        spawn_local(async move {
            let bytes = bytes.await;
            let still = page.own.state.try_with_untracked(|own| own.reading.is_some() && Some(own.turn) == turn);
            match bytes {
                _ if still != Some(true) => {}
                Ok(bytes) => page.send_text(Arc::new(TextChoice::Own { name, bytes })),
                Err(error) => page.own.state.update(|own| own.refuse(error)),
            }
        });
    }

    /// Has the worker hold the text that a saved run learns: this one of the visitor's own, or the book's. What the
    /// settings say of a text, the run brings along.
    pub(in crate::ui) fn bring_text(&self, text: Option<Arc<TextChoice>>) {
        self.own.of_run.set_value(text.clone());
        match text {
            Some(text) if is_same(self.own.chosen().as_ref(), Some(&text)) => {}
            Some(text) => self.send_text(text),
            None => self.book_text(),
        }
    }

    /// Starts another worker in place of the present one. It has the book's text; gives the one that was chosen.
    pub(in crate::ui) fn restart_worker(&self) -> Option<Arc<TextChoice>> {
        let chosen = self.own.chosen();
        self.own.sent.set_value(None);
        self.own.kept.set_value(None);
        self.restart();
        chosen
    }

    /// Goes back to the text that was chosen before another worker got that of the run, for the next run.
    pub(in crate::ui) fn choose_again(&self, chosen: Option<Arc<TextChoice>>) {
        if !is_same(chosen.as_ref(), self.own.of_run().as_ref()) {
            match chosen {
                Some(text) => self.send_text(text),
                None => self.send_choice(TextChoice::Book),
            }
        }
    }

    pub(in crate::ui) fn send_text(&self, text: Arc<TextChoice>) {
        if let TextChoice::Own { name, .. } | TextChoice::Address(name) = &*text {
            self.own.state.update(|own| own.reading = Some(name.clone()));
        }
        self.own.sent.set_value(Some(text.clone()));
        self.send_choice(TextChoice::clone(&text));
    }

    fn send_choice(&self, choice: TextChoice) {
        let Config { cleaning, kinds, .. } = self.config.get_untracked().unwrap_or_default();
        self.send(Command::Text { choice, cleaning, kinds });
    }
}

/// Whether both are the very same text of the visitor's own, or the book's.
fn is_same(one: Option<&Arc<TextChoice>>, other: Option<&Arc<TextChoice>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}

/// The text's part of the settings.
#[component]
pub fn TextPart(page: Page) -> impl IntoView {
    let w = page.words();
    read_anew(page);
    let own = page.own.state;
    let facts = Memo::new(move |_| page.state.with(|s| s.text.clone()));
    let is_own = Memo::new(move |_| facts.with(|f| f.as_ref().is_some_and(|f| f.own)));
    // What is trained on stays in sight where it is folded away.
    let name = move || facts.with(|f| f.as_ref().filter(|f| f.own).map(|f| format!(" ({})", f.name)));
    let told = move || match own.with(|own| own.reading.clone()) {
        Some(name) => fill(w.file_reading, &[&name]),
        None => facts.with(|f| f.as_ref().map_or(w.none.to_owned(), |f| own::facts(w, f))),
    };
    let adapted = move || {
        let labels: Vec<&str> = own.with(|own| own.adapted.iter().map(|key| words::label(w, key)).collect());
        (!labels.is_empty()).then(|| fill(w.text_adapted, &[&labels.join(w.list_separator)]))
    };
    let field = |key| setting(key).map(|setting| view! { <Field page setting /> });
    view! {
        <details class="start" data-testid="text-part">
            <summary>{w.text} <span class="note">{name}</span></summary>
            <div class="start-inner">
                <div class="told" aria-live="polite">
                    <p data-testid="text-facts">{told}</p>
                    <p class="note" data-testid="text-adapted">{adapted}</p>
                </div>
                <FileField page />
                <PasteField page />
                <button type="button" hidden=move || !is_own.get() on:click=move |_| page.book_text()>{w.text_book}</button>
                <div class="fields">{TEXT_KEYS.map(field).collect_view()}</div>
                <p class="note">{w.text_cleaning_note}</p>
                <Vocabulary page />
            </div>
        </details>
    }
}

/// Has the worker read the text anew when the settings read it otherwise than what it told of.
fn read_anew(page: Page) {
    let wanted = Memo::new(move |_| page.config.with(|c| c.as_ref().ok().map(|c| (c.cleaning, c.kinds))));
    let told = Memo::new(move |_| page.state.with(|s| s.text.as_ref().map(|t| (t.cleaning, t.kinds))));
    let differs = move || wanted.get_untracked().zip(told.get_untracked()).is_some_and(|(wanted, told)| wanted != told);
    Effect::new(move |_| {
        let meant = wanted.get();
        told.track();
        if differs() {
            // Not every figure on the way to a number is meant.
            let read = move || {
                if wanted.try_get_untracked() == Some(meant) && differs() {
                    page.send_choice(TextChoice::Present);
                }
            };
            set_timeout(read, TYPING);
        }
    });
}

#[component]
fn FileField(page: Page) -> impl IntoView {
    let w = page.words();
    let input = NodeRef::<Input>::new();
    let id = field_id(TEXT_KEY);
    let choose = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            page.choose_text(file);
        }
        // So that the same one can be chosen again.
        input.set_value("");
    };
    view! {
        <div class="field">
            <label for=id.clone()>{w.text_choose}</label>
            <input type="file" id=id accept=".txt,.md,text/*" aria-describedby="text-note" node_ref=input on:change=choose />
            <p class="note" id="text-note">{fill(w.text_note, &[&(LARGEST / 1_000_000).to_string()])}</p>
        </div>
    }
}

#[component]
fn PasteField(page: Page) -> impl IntoView {
    let w = page.words();
    let area = NodeRef::<Textarea>::new();
    let empty = RwSignal::new(true);
    let take = move |_| {
        let Some(area) = area.get_untracked() else { return };
        page.paste_text(area.value());
        area.set_value("");
        empty.set(true);
    };
    view! {
        <div class="field">
            <label for="text-paste">{w.text_paste}</label>
            <textarea
                id="text-paste"
                rows="3"
                autocomplete="off"
                spellcheck="false"
                node_ref=area
                on:input:target=move |event| empty.set(event.target().text_length() == 0)
            ></textarea>
            <button type="button" disabled=empty on:click=take>{w.text_use}</button>
        </div>
    }
}

/// The kinds of token with their counts, folded away; made only when it is opened.
#[component]
fn Vocabulary(page: Page) -> impl IntoView {
    let w = page.words();
    let open = RwSignal::new(false);
    let facts = Memo::new(move |_| page.state.with(|s| s.text.clone()));
    let kind = |(character, count)| view! { <li><b>{character}</b> " " {count}</li> };
    let list = move || {
        let (kinds, more) = facts.get().filter(|_| open.get()).map(|facts| own::vocabulary(w, &facts))?;
        Some(view! {
            <ul class="kinds" tabindex="0" aria-label=w.vocabulary>{kinds.into_iter().map(kind).collect_view()}</ul>
            <p class="note">{more}</p>
        })
    };
    view! {
        <details data-testid="vocabulary" on:toggle:target=move |event| open.set(event.target().open())>
            <summary>{w.vocabulary}</summary>
            {list}
        </details>
    }
}

/// What a link brings: named before anything of it is loaded.
#[component]
pub fn Offer(page: Page) -> impl IntoView {
    let w = page.words();
    let offered = Memo::new(move |_| page.own.state.with(|own| own.link.clone().filter(|_| own.is_offered)));
    let offer = move || {
        let link = offered.get()?;
        let host = host(&link);
        let is_good = host.is_ok();
        let note = host.as_ref().map_or_else(|error| sentence(w, error), |host| fill(w.offer_note, &[host]));
        Some(view! {
            <p>{fill(w.offer, &[&link])}</p>
            <p class="note">{note}</p>
            <p class="buttons">
                <button type="button" class="primary" disabled=!is_good on:click=move |_| page.fetch_text()>
                    {w.offer_load}
                </button>
                <button type="button" on:click=move |_| page.book_text()>{w.offer_decline}</button>
            </p>
        })
    };
    view! {
        <section class="text-offer notice" aria-label=w.text data-testid="offer" hidden=move || offered.with(Option::is_none)>
            {offer}
        </section>
    }
}

/// Takes files that are dropped anywhere on the page, and says so while one is over it.
#[component]
pub fn DropHint(page: Page) -> impl IntoView {
    let w = page.words();
    let over = RwSignal::new(false);
    let has_files =
        |event: &DragEvent| event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0));
    let listeners = [
        window_event_listener(leptos::ev::dragover, move |event| {
            if has_files(&event) {
                event.prevent_default();
                over.set(true);
            }
        }),
        window_event_listener(leptos::ev::dragleave, move |event| {
            if event.related_target().is_none() {
                over.set(false);
            }
        }),
        window_event_listener(leptos::ev::drop, move |event| {
            over.set(false);
            // A file field takes its own.
            let is_field = event.target().is_some_and(|target| target.dyn_ref::<web_sys::HtmlInputElement>().is_some());
            let file = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
            if let Some(file) = file.filter(|_| !is_field && has_files(&event)) {
                event.prevent_default();
                page.choose_text(file);
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
    view! { <p class="drop-hint" data-testid="drop-hint" hidden=move || !over.get()>{w.drop_hint}</p> }
}
