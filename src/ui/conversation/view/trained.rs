//! What is said of a network that came with the page, and the others that did.

use leptos::prelude::*;

use crate::model::Config;
use crate::model::trained::{TRAINED, Trained};
use crate::ui::language::{fill, words};
use crate::ui::page::Page;

/// Where the visitor has no run on show: which network answers, with its settings, and the others.
#[component]
pub fn TrainedBefore(page: Page) -> impl IntoView {
    let w = page.words();
    let state = page.runs.state;
    let is_free = Memo::new(move |_| state.with(|s| s.can_train()));
    let is_hidden = Memo::new(move |_| state.with(|s| s.own().is_some() || !s.can_train() && !s.is_awaited()));
    let open = Memo::new(move |_| {
        let config = state.with(|s| s.live().filter(|run| run.is_trained).map(|run| run.config))?;
        TRAINED.iter().position(|trained| Config::with(trained.settings) == config)
    });
    let note = move || {
        let config = Config::with(TRAINED[open.get()?].settings);
        let values = [words::network(w, &config), config.hidden.to_string(), config.epochs.to_string()];
        Some(fill(w.trained_note, &values.each_ref().map(String::as_str)))
    };
    let choice = move |(at, trained): (usize, &'static Trained)| {
        view! {
            <button
                type="button"
                class="quiet"
                disabled=move || !is_free.get()
                aria-pressed=move || if open.get() == Some(at) { "true" } else { "false" }
                on:click=move |_| page.open_trained(trained)
            >
                {words::network(w, &Config::with(trained.settings))}
            </button>
        }
    };
    let load = move |_| {
        if let Some(at) = open.get_untracked() {
            page.load_trained(&TRAINED[at]);
        }
    };
    view! {
        <div class="trained" data-testid="trained" hidden=move || is_hidden.get()>
            <p>{note}</p>
            <div class="buttons">
                <span class="note">{w.trained_others}</span>
                {TRAINED.iter().enumerate().map(choice).collect_view()}
                <button type="button" class="quiet" disabled=move || open.get().is_none() on:click=load>
                    {w.trained_settings}
                </button>
            </div>
        </div>
    }
}
