//! The choice of the text: the book's, or one that the visitor chooses, pastes or fetches from a link.

use leptos::html::Textarea;
use leptos::prelude::*;

use super::own;
use crate::text::decode::LARGEST;
use crate::text::fetch::host;
use crate::ui::language::{fill, sentence, words};
use crate::ui::page::Page;
use crate::ui::settings::signals::{TYPING, field_id};

/// The key of the text's file field, for [`field_id`].
pub const TEXT_KEY: &str = "text";

/// The collapsed part of the settings for the text, with the `fields` that say how it is read.
#[component]
pub fn TextPart(page: Page, fields: impl IntoView + 'static) -> impl IntoView {
    let w = page.words();
    read_again(page);
    let own = page.text.own;
    let facts = Memo::new(move |_| page.runs.state.with(|s| s.worker.text.clone()));
    let is_own = Memo::new(move |_| facts.with(|f| f.as_ref().is_some_and(|f| f.own)));
    // Shown in the summary, so that it is visible while collapsed.
    let name = move || facts.with(|f| f.as_ref().filter(|f| f.own).map(|f| format!(" ({})", f.name)));
    let told = move || match own.with(|own| own.reading.clone()) {
        Some(name) => fill(w.file_reading, &[&name]),
        None => facts.with(|f| f.as_ref().map_or(w.none.to_owned(), |f| own::facts(w, f))),
    };
    let adapted = move || {
        let labels: Vec<&str> = own.with(|own| own.adapted.iter().map(|key| words::label(w, key)).collect());
        (!labels.is_empty()).then(|| fill(w.text_adapted, &[&labels.join(w.list_separator)]))
    };
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
                <button type="button" hidden=move || !is_own.get() on:click=move |_| page.text.book()>{w.text_book}</button>
                <div class="fields">{fields}</div>
                <p class="note">{w.text_cleaning_note}</p>
                <Vocabulary page />
            </div>
        </details>
    }
}

/// Has the worker read the text again when cleaning or vocabulary size in the form differ from the worker's.
fn read_again(page: Page) {
    let wanted = Memo::new(move |_| page.settings.config.with(|c| c.as_ref().ok().map(|c| (c.cleaning, c.vocab))));
    let told = Memo::new(move |_| page.runs.state.with(|s| s.worker.text.as_ref().map(|t| (t.cleaning, t.vocab))));
    let differs = move || wanted.get_untracked().zip(told.get_untracked()).is_some_and(|(wanted, told)| wanted != told);
    Effect::new(move |_| {
        let meant = wanted.get();
        told.track();
        if differs() {
            // Wait until the number is typed completely.
            let read = move || {
                if wanted.try_get_untracked() == Some(meant) && differs() {
                    page.text.read_again();
                }
            };
            set_timeout(read, TYPING);
        }
    });
}

#[component]
fn FileField(page: Page) -> impl IntoView {
    let w = page.words();
    let id = field_id(TEXT_KEY);
    view! {
        <div class="field">
            <label for=id.clone()>{w.text_choose}</label>
            <input
                type="file"
                id=id
                accept=".txt,.md,text/*"
                aria-describedby="text-note"
                on:change:target=move |event| {
                    if let Some(file) = page.chosen(&event.target()) {
                        page.take(file);
                    }
                }
            />
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
        page.text.paste(w.text_pasted, area.value());
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

/// The collapsed list of characters with their counts; created only when it is opened.
#[component]
fn Vocabulary(page: Page) -> impl IntoView {
    let w = page.words();
    let open = RwSignal::new(false);
    let facts = Memo::new(move |_| page.runs.state.with(|s| s.worker.text.clone()));
    let item = |(character, count)| view! { <li><b>{character}</b> " " {count}</li> };
    let list = move || {
        let (characters, more) = facts.get().filter(|_| open.get()).map(|facts| own::vocabulary(w, &facts))?;
        Some(view! {
            <ul class="characters" tabindex="0" aria-label=w.vocabulary>{characters.into_iter().map(item).collect_view()}</ul>
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

/// The offer of a link's text, for the visitor's consent before anything of it is loaded.
#[component]
pub fn Offer(page: Page) -> impl IntoView {
    let w = page.words();
    let offered = Memo::new(move |_| page.text.own.with(|own| own.link.clone().filter(|_| own.is_offered)));
    let offer = move || {
        let link = offered.get()?;
        let host = host(&link);
        let is_good = host.is_ok();
        let note = host.as_ref().map_or_else(|error| sentence(w, error), |host| fill(w.offer_note, &[host]));
        Some(view! {
            <p>{fill(w.offer, &[&link])}</p>
            <p class="note">{note}</p>
            <p class="buttons">
                <button type="button" class="primary" disabled=!is_good on:click=move |_| page.text.fetch()>
                    {w.offer_load}
                </button>
                <button type="button" on:click=move |_| page.text.book()>{w.offer_decline}</button>
            </p>
        })
    };
    view! {
        <section class="text-offer notice" aria-label=w.text data-testid="offer" hidden=move || offered.with(Option::is_none)>
            {offer}
        </section>
    }
}
