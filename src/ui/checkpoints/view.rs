//! The views of checkpoints: interrupted runs to resume, the opened file, and downloads.

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
        entry(page, record, said, ())
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

/// A stored run: its description, what resumes it, `other` buttons, and one to discard it.
fn entry(page: Page, record: Record, said: String, other: impl IntoView) -> impl IntoView {
    let id = record.id.clone();
    let resume = move |record| page.checkpoints.fetch(record, Purpose::Keep);
    view! {
        <li class="offer">
            <p>{said}</p>
            {resume_buttons(page, record, resume)}
            {other}
            <button type="button" on:click=move |_| page.checkpoints.discard(&id)>{page.words().discard}</button>
        </li>
    }
}

/// The buttons that `resume` a run: as its settings say, which for a finished run just opens it, and to the form's number
/// of epochs, if that is more.
fn resume_buttons(page: Page, record: Record, resume: impl Fn(Record) + Clone + Send + 'static) -> impl IntoView {
    let w = page.words();
    let can_resume = Memo::new(move |_| page.checkpoints.can_resume());
    let button = move |name: String, record: Record| {
        let resume = resume.clone();
        let press = move |_| resume(record.clone());
        view! { <button type="button" disabled=move || !can_resume.get() on:click=press>{name}</button> }
    };
    let name = if record.is_finished() { w.open_this } else { w.resume_this };
    let longer = longer(page, &record);
    view! {
        {button(name.to_owned(), record.clone())}
        {move || {
            longer.get().map(|epochs| {
                let mut record = record.clone();
                record.summary.config.epochs = epochs;
                button(fill(w.resume_to, &[&epochs.to_string()]), record)
            })
        }}
    }
}

/// The number of epochs in the form, if this run has fewer.
fn longer(page: Page, record: &Record) -> Memo<Option<u32>> {
    let epochs = record.summary.config.epochs;
    Memo::new(move |_| page.settings.config.with(|c| c.as_ref().ok().map(|c| c.epochs).filter(|&to| to > epochs)))
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
        let kept = record.clone();
        let download = move |_| page.checkpoints.fetch(kept.clone(), Purpose::Download);
        entry(page, record, said, view! { <button type="button" on:click=download>{w.download}</button> })
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
        let ways = checkpoint.map(|Newest { record, file }| {
            let longer = longer(page, &record);
            let hint = record.is_finished().then(|| {
                let said = fill(w.longer_hint, &[&record.summary.epoch.to_string()]);
                view! { <p class="note" hidden=move || longer.get().is_some()>{said}</p> }
            });
            let resume = move |record| {
                page.checkpoints.resume_from(Newest { record, file: file.clone() }, page.text.chosen());
            };
            view! {
                {hint}
                {resume_buttons(page, record, resume)}
            }
        });
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
