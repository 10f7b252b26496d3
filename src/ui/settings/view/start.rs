//! The collapsed part of the settings: a file of initial parameters and a fixed window offset, to compare a run with
//! another implementation step by step.

use leptos::prelude::*;

use super::field::Field;
use crate::model::config::WINDOW_OFFSET;
use crate::ui::browser::focus;
use crate::ui::language::fill;
use crate::ui::network::shapes;
use crate::ui::page::Page;
use crate::ui::settings::file::Chosen;
use crate::ui::settings::signals::{FILE_KEY, field_id};

/// The file, the tensors that it must have, and the offset.
#[component]
pub fn StartSection(page: Page) -> impl IntoView {
    let w = page.words();
    let offset = Memo::new(move |_| page.settings.form.with(|form| form.get(WINDOW_OFFSET.key).trim().to_owned()));
    let shown = page.settings.shows_start;
    // Shown in the summary, so that it is visible while collapsed.
    let given = move || {
        let file = page.settings.file.with(|file| (*file != Chosen::Nothing).then(|| w.file.to_owned()));
        let offset = Some(offset.get()).filter(|offset| !offset.is_empty()).map(|offset| fill(w.offset, &[&offset]));
        let given: Vec<String> = file.into_iter().chain(offset).collect();
        (!given.is_empty()).then(|| format!(" ({})", given.join(w.list_separator)))
    };
    let tensors = move || {
        let vocabulary = page.runs.state.with(|s| s.worker.text.as_ref().map(|t| t.vocabulary));
        let config = page.settings.config.with(|c| c.as_ref().ok().copied());
        let tensors = config.zip(vocabulary).map(|(config, vocabulary)| shapes::tensors(&config, vocabulary));
        let tensors = tensors.unwrap_or_else(shapes::tensors_in_letters);
        // Each tensor stays on one line.
        tensors.into_iter().map(|tensor| view! { <li class="whole">{tensor}</li> }).collect_view()
    };
    view! {
        <details
            class="start"
            open=move || shown.get()
            on:toggle:target=move |event| shown.set(event.target().open())
            data-testid="start"
        >
            <summary>{w.start_from_file} <span class="note">{given}</span></summary>
            <div class="start-inner">
                <FileField page />
                <div class="note" id="tensors" data-testid="tensors">
                    {w.tensors_of_file} <ul class="tensors">{tensors}</ul>
                </div>
                <Field page setting=&WINDOW_OFFSET />
                <p class="note">
                    {w.start_note}
                </p>
            </div>
        </details>
    }
}

/// The file field, its state, and the button that clears it.
#[component]
fn FileField(page: Page) -> impl IntoView {
    let w = page.words();
    let chosen = Memo::new(move |_| page.settings.file.with(|file| *file != Chosen::Nothing));
    let wrong = Memo::new(move |_| page.settings.file.with(|file| file.error().is_some()));
    let id = field_id(FILE_KEY);
    let remove = move |_| {
        page.settings.choose_file(None);
        focus(&field_id(FILE_KEY));
    };
    view! {
        <div class="field" class:wrong=wrong>
            <label for=id.clone()>{w.initial_parameters}</label>
            <div class="file">
                <input
                    type="file"
                    id=id
                    accept=".safetensors"
                    aria-describedby="chosen tensors"
                    aria-invalid=move || wrong.get().then_some("true")
                    on:change:target=move |event| {
                        if let Some(file) = page.chosen(&event.target()) {
                            page.settings.choose_file(Some(file));
                        }
                    }
                />
                <button type="button" hidden=move || !chosen.get() on:click=remove>{w.remove}</button>
            </div>
            <p id="chosen" data-testid="chosen" aria-live="polite">{move || page.settings.file.with(|file| file.words(w))}</p>
        </div>
    }
}
