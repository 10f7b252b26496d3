//! The views of checkpoints: interrupted runs to resume, the opened file, and downloads.

use std::sync::Arc;

use js_sys::Date;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::keeping::PYTORCH_SCRIPT;
use super::record::Record;
use super::saved::{Newest, Opened, Purpose};
use crate::ui::language::{Words, fill, sentence};
use crate::ui::page::Page;
use crate::ui::settings::file::Chosen;
use crate::ui::settings::signals::{CHECKPOINT_KEY, field_id};

/// The interrupted runs, while no run is in progress. They resume only when the visitor asks.
#[component]
pub fn Offers(page: Page) -> impl IntoView {
    let w = page.words();
    let free = Memo::new(move |_| page.runs.state.with(|s| s.can_train() || s.worker.lost));
    let offers =
        Memo::new(move |_| if free.get() { page.checkpoints.saved.with(|saved| saved.offers()) } else { Vec::new() });
    let offer = move |record: Record| {
        let said = fill(w.saved_offer, &[&record.title(w), &record.facts(w), &date_time(w, record.saved)]);
        entry(page, record, said)
    };
    view! {
        <section
            class="interrupted"
            aria-label=w.interrupted
            data-testid="offers"
            hidden=move || offers.with(Vec::is_empty)
        >
            <ul class="offers">{move || offers.get().into_iter().map(offer).collect_view()}</ul>
        </section>
    }
}

/// A stored run: its description, what resumes it, a download if it is finished, and a button to discard it.
fn entry(page: Page, record: Record, said: String) -> impl IntoView {
    let w = page.words();
    let (id, kept) = (record.id.clone(), record.clone());
    let download = record.is_finished().then(|| {
        let download = move |_| page.checkpoints.fetch(kept.clone(), Purpose::Download);
        view! { <button type="button" on:click=download>{w.download}</button> }
    });
    view! {
        <li class="offer">
            <p>{said}</p>
            <Resume page record />
            {download}
            <button type="button" on:click=move |_| page.checkpoints.discard(&id)>{w.discard}</button>
        </li>
    }
}

/// The buttons that resume a stored run, or one from a `file`: as its settings say, which for a finished run just opens
/// it, and to the form's number of epochs, if that is more.
#[component]
fn Resume(page: Page, record: Record, #[prop(optional)] file: Option<Arc<Vec<u8>>>) -> impl IntoView {
    let w = page.words();
    let cannot = Memo::new(move |_| !page.checkpoints.can_resume());
    let (epochs, is_finished) = (record.summary.config.epochs, record.is_finished());
    let hint = is_finished && file.is_some();
    let longer = Memo::new(move |_| {
        page.settings.config.with(|c| c.as_ref().ok().map(|c| c.epochs).filter(|&most| most > epochs))
    });
    let run = StoredValue::new((record, file));
    let resume = move |epochs| {
        let (mut record, file) = run.get_value();
        record.summary.config.epochs = epochs;
        match file {
            Some(file) => page.checkpoints.resume_from(Newest { record, file }, page.text.chosen()),
            None => page.checkpoints.fetch(record, Purpose::Keep),
        }
    };
    view! {
        <p class="note" hidden=move || !hint || longer.get().is_some()>{fill(w.longer_hint, &[&epochs.to_string()])}</p>
        <button type="button" disabled=cannot on:click=move |_| resume(epochs)>
            {if is_finished { w.open_this } else { w.resume_this }}
        </button>
        <button
            type="button"
            hidden=move || longer.get().is_none()
            disabled=cannot
            on:click=move |_| resume(longer.get_untracked().unwrap_or(epochs))
        >
            {move || longer.get().map(|epochs| fill(w.resume_to, &[&epochs.to_string()]))}
        </button>
    }
}

/// Downloads of the current run, the field to open a checkpoint, and the finished runs.
#[component]
pub fn Checkpoints(page: Page) -> impl IntoView {
    let w = page.words();
    let none =
        Memo::new(move |_| page.runs.state.with(|s| !s.attached() || s.live().is_none_or(|run| run.curve.is_empty())));
    let finished = Memo::new(move |_| page.checkpoints.saved.with(|saved| saved.finished()));
    let kept = move |record: Record| {
        let said = [record.title(w), record.facts(w), date_time(w, record.saved)].join(" · ");
        entry(page, record, said)
    };
    let button = move |name: &'static str, purpose| {
        view! { <button type="button" disabled=none on:click=move |_| page.checkpoints.ask(purpose)>{name}</button> }
    };
    view! {
        <section class="panel checkpoints" aria-labelledby="checkpoints-title" data-testid="checkpoints">
            <h2 id="checkpoints-title">{w.checkpoints}</h2>
            <p class="note">{w.checkpoints_note}</p>
            <div class="buttons">
                {button(w.checkpoint_download, Purpose::Download)} {button(w.checkpoint_pytorch, Purpose::PyTorch)}
            </div>
            <p class="note">
                {fill(w.checkpoint_pytorch_note, &[PYTORCH_SCRIPT])} " "
                <code>"python3 " <a href=PYTORCH_SCRIPT download>{PYTORCH_SCRIPT}</a> " FILE.safetensors"</code>
            </p>
            <OpenField page />
            <ul class="offers" data-testid="finished-runs" hidden=move || finished.with(Vec::is_empty)>
                {move || finished.get().into_iter().map(kept).collect_view()}
            </ul>
        </section>
    }
}

/// The file field, and the worker's answer about the file.
#[component]
fn OpenField(page: Page) -> impl IntoView {
    let w = page.words();
    let opened = Memo::new(move |_| page.checkpoints.saved.with(|saved| saved.opened.clone()));
    let id = field_id(CHECKPOINT_KEY);
    let outcome = move || {
        let opened = opened.get()?;
        let checkpoint = opened.checkpoint();
        let said = opened_words(w, &opened);
        let ways = checkpoint.map(|Newest { record, file }| view! { <Resume page record file /> });
        let wrong = opened.file.error().is_some() || matches!(opened.answer, Some(Err(_)));
        Some(view! {
            <div class="offer">
                <p class:wrong-file=wrong>{said}</p>
                {ways} <button type="button" on:click=move |_| page.checkpoints.open(None)>{w.discard}</button>
            </div>
        })
    };
    view! {
        <div class="field">
            <label for=id.clone()>{w.checkpoint_open}</label>
            <input
                type="file"
                id=id
                accept=".safetensors"
                aria-describedby="opened"
                on:change:target=move |event| {
                    if let Some(file) = page.chosen(&event.target()) {
                        page.checkpoints.open(Some(file));
                    }
                }
            />
            <div id="opened" data-testid="opened" aria-live="polite">{outcome}</div>
        </div>
    }
}

/// The description of the chosen file, or its error.
fn opened_words(w: &'static Words, opened: &Opened) -> String {
    match (opened.checkpoint(), &opened.answer, &opened.file) {
        (Some(newest), ..) => {
            let record = Record { name: String::new(), from_file: false, ..newest.record.clone() };
            fill(w.opened_offer, &[&newest.record.name, &record.title(w), &record.facts(w)])
        }
        (None, Some(Err(error)), _) => sentence(w, error),
        (None, _, Chosen::Failed(error)) => sentence(w, error),
        (None, _, Chosen::File { name, .. } | Chosen::Reading(name)) => fill(w.file_reading, &[name]),
        (None, _, Chosen::Nothing) => String::new(),
    }
}

/// Date and time in the page's language.
fn date_time(w: &Words, milliseconds: f64) -> String {
    let date = Date::new(&milliseconds.into());
    date.to_locale_string(w.code, &JsValue::UNDEFINED).into()
}
