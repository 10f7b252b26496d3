//! Checkpoints as the visitor meets them: runs to be resumed, the file that was opened, and what can be downloaded.

use js_sys::Date;
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::keeping::PYTORCH_SCRIPT;
use super::record::Record;
use super::saved::{Opened, Purpose};
use crate::ui::language::{Words, fill, sentence};
use crate::ui::page::Page;
use crate::ui::runs::state::RunState;
use crate::ui::settings::file::Chosen;
use crate::ui::settings::signals::field_id;

/// What [`field_id`] calls the field of the checkpoint file.
const FILE_KEY: &str = "checkpoint";

/// The runs that were interrupted, while no other is under way: nothing begins by itself.
#[component]
pub fn Offers(page: Page) -> impl IntoView {
    let w = page.words();
    let free = Memo::new(move |_| page.runs.state.with(|s| s.can_train() || s.worker.lost));
    let offers =
        Memo::new(move |_| if free.get() { page.checkpoints.saved.with(|saved| saved.offers()) } else { Vec::new() });
    let offer = move |record: Record| {
        let said = fill(w.saved_offer, &[&record.title(w), &record.facts(w), &moment(w, record.saved)]);
        entry(page, record, said, w.resume_this, Purpose::Keep)
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

/// A run that is saved: what it is, what can be done with it, and the way to be rid of it.
fn entry(page: Page, record: Record, said: String, name: &'static str, purpose: Purpose) -> impl IntoView {
    let id = record.id.clone();
    view! {
        <li class="offer">
            <p>{said}</p>
            <button type="button" on:click=move |_| page.checkpoints.fetch(record.clone(), purpose)>{name}</button>
            <button type="button" on:click=move |_| page.checkpoints.discard(&id)>{page.words().discard}</button>
        </li>
    }
}

/// The present run as a file, a file as a run, and the runs that are finished.
#[component]
pub fn Checkpoints(page: Page) -> impl IntoView {
    let w = page.words();
    let none =
        Memo::new(move |_| page.runs.state.with(|s| !s.attached() || s.live().is_none_or(|run| run.curve.is_empty())));
    let finished = Memo::new(move |_| page.checkpoints.saved.with(|saved| saved.finished()));
    let kept = move |record: Record| {
        let said = [record.title(w), record.facts(w), moment(w, record.saved)].join(" · ");
        entry(page, record, said, w.download, Purpose::Download)
    };
    let give = move |name: &'static str, purpose| {
        view! { <button type="button" disabled=none on:click=move |_| page.checkpoints.ask(purpose)>{name}</button> }
    };
    view! {
        <section class="panel checkpoints" aria-labelledby="checkpoints-title" data-testid="checkpoints">
            <h2 id="checkpoints-title">{w.checkpoints}</h2>
            <p class="note">{w.checkpoints_note}</p>
            <div class="buttons">
                {give(w.checkpoint_download, Purpose::Download)} {give(w.checkpoint_pytorch, Purpose::PyTorch)}
            </div>
            <p class="note">
                {fill(w.checkpoint_pytorch_note, &[PYTORCH_SCRIPT])} " "
                <code class="whole">"python3 " <a href=PYTORCH_SCRIPT download>{PYTORCH_SCRIPT}</a> " FILE.safetensors"</code>
            </p>
            <OpenField page />
            <ul class="offers" data-testid="finished-runs" hidden=move || finished.with(Vec::is_empty)>
                {move || finished.get().into_iter().map(kept).collect_view()}
            </ul>
        </section>
    }
}

/// The file field, and what the worker says of the file.
#[component]
fn OpenField(page: Page) -> impl IntoView {
    let w = page.words();
    let input = NodeRef::<Input>::new();
    let opened = Memo::new(move |_| page.checkpoints.saved.with(|saved| saved.opened.clone()));
    // So that the same file can be chosen again.
    Effect::new(move |_| {
        if let (true, Some(input)) = (opened.with(Option::is_none), input.get()) {
            input.set_value("");
        }
    });
    let can_train = Memo::new(move |_| page.runs.state.with(RunState::can_train));
    let id = field_id(FILE_KEY);
    let outcome = move || {
        let opened = opened.get()?;
        let checkpoint = opened.checkpoint();
        let said = opened_words(w, &opened);
        let ways = checkpoint.map(|newest| {
            view! {
                <button
                    type="button"
                    disabled=move || !can_train.get()
                    on:click=move |_| page.checkpoints.go_on_from(newest.clone(), page.text.chosen())
                >
                    {w.resume_this}
                </button>
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
                node_ref=input
                on:change:target=move |event| {
                    page.checkpoints.open(event.target().files().and_then(|files| files.get(0)));
                }
            />
            <div id="opened" data-testid="opened" aria-live="polite">{outcome}</div>
        </div>
    }
}

/// What is known of the chosen file.
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

/// Date and time as the language has them.
fn moment(w: &Words, milliseconds: f64) -> String {
    let date = Date::new(&milliseconds.into());
    date.to_locale_string(w.code, &JsValue::UNDEFINED).into()
}
