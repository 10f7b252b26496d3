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

/// The longest pasted text that the field shows, in bytes.
const LONGEST_SHOWN: usize = 50_000;

/// The number of characters that are shown of a longer one.
const BEGINNING: usize = 60;

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
    let told = move || {
        let reading = own.with(|own| own.reading.clone());
        facts.with(|facts| match (reading, facts) {
            (Some(name), _) => fill(w.file_reading, &[&name]),
            (None, None) => w.none.to_owned(),
            (None, Some(facts)) if page.text.is_reading() => fill(w.file_reading, &[&facts.name]),
            (None, Some(facts)) => own::facts(w, facts),
        })
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
    let wanted = page.text.wanted;
    let told = Memo::new(move |_| page.runs.state.with(|s| s.worker.text.as_ref().map(|t| (t.cleaning, t.vocab))));
    let differs = move || told.get_untracked().is_some_and(|told| wanted.get_untracked() != told);
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
    let is_pasted = page.text.is_pasted;
    let pasted = page.text.pasted;
    // A field with megabytes of text takes seconds to lay out.
    let paste = move |event: leptos::ev::ClipboardEvent| {
        let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
        if let (true, Some(area)) = (text.len() > LONGEST_SHOWN, area.get_untracked()) {
            event.prevent_default();
            pasted.update(|pasted| *pasted = Some(pasted.take().unwrap_or_default() + &area.value() + &text));
            area.set_value("");
            is_pasted.set(false);
        }
    };
    let held = move || {
        pasted.with(|text| {
            let text = text.as_ref()?;
            let beginning: String = text.chars().take(BEGINNING).collect();
            let said = fill(w.text_held, &[&beginning, &words::grouped(text.chars().count() as u64)]);
            Some(view! {
                <p class="note" data-testid="pasted">{said}</p>
                <button type="button" on:click=move |_| pasted.set(None)>{w.remove}</button>
            })
        })
    };
    let take = move |_| {
        let Some(area) = area.get_untracked() else { return };
        let text = pasted.try_update(Option::take).flatten().unwrap_or_default() + &area.value();
        page.text.paste(w.text_pasted, text);
        area.set_value("");
        is_pasted.set(false);
    };
    view! {
        <div class="field">
            <label for="text-paste">{w.text_paste}</label>
            <textarea
                id="text-paste"
                rows="3"
                autocomplete="off"
                spellcheck="false"
                dir="auto"
                node_ref=area
                on:paste=paste
                on:input:target=move |event| is_pasted.set(event.target().text_length() > 0)
            ></textarea>
            {held}
            <button
                type="button"
                disabled=move || !is_pasted.get() && pasted.with(Option::is_none)
                on:click=take
            >
                {w.text_use}
            </button>
        </div>
    }
}

/// The collapsed list of characters with their counts; created only when it is opened.
#[component]
fn Vocabulary(page: Page) -> impl IntoView {
    let w = page.words();
    let open = page.text.shows_vocabulary;
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
