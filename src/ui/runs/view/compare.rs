//! Further runs to compare with: the other sampling, or a network of each kind; and the runs side by side.

use leptos::prelude::*;

use crate::ui::chart::picture;
use crate::ui::language::{Words, fill, words};
use crate::ui::page::Page;
use crate::ui::runs::names;
use crate::ui::runs::queue::Queued;
use crate::ui::runs::table::{Row, rows};
use crate::ui::settings::form::Mode;

/// The buttons that train further runs for comparison, and what waits.
#[component]
pub fn Compare(page: Page) -> impl IntoView {
    let w = page.words();
    let other = Memo::new(move |_| page.runs.mode_to_compare());
    let waiting = Memo::new(move |_| page.runs.queue.with(|queue| waiting(w, queue)));
    let waits = move || !waiting.with(String::is_empty);
    let can_start = Memo::new(move |_| page.runs.state.with(|s| s.active() || s.can_train()));
    let is_valid = Memo::new(move |_| page.settings.config.with(Result::is_ok));
    let sampling = move || match other.get() {
        Some(Mode::First) => w.compare_sequential,
        _ => w.compare_random,
    };
    let note = move || if waits() { fill(w.compare_waits, &[&waiting.get()]) } else { w.compare_note.to_owned() };
    view! {
        <div class="beside">
            <button
                type="button"
                hidden=move || waits() || other.get().is_none()
                disabled=move || !can_start.get()
                on:click=move |_| page.train_comparison()
            >
                {sampling}
            </button>
            <button
                type="button"
                hidden=waits
                disabled=move || !can_start.get() || !is_valid.get()
                on:click=move |_| page.train_networks()
            >
                {w.compare_networks}
            </button>
            <button type="button" hidden=move || !waits() on:click=move |_| page.runs.queue.set(Vec::new())>
                {w.compare_cancel}
            </button>
            <p class="note">{note}</p>
        </div>
    }
}

/// What waits, in words: the networks, or the mode of a run with the other sampling.
fn waiting(w: &Words, queue: &[Queued]) -> String {
    let name = |queued: &Queued| match queued.mode {
        Some(mode) => mode.meaning(w).to_owned(),
        None => words::network(w, &queued.config),
    };
    queue.iter().map(name).collect::<Vec<_>>().join(w.list_separator)
}

/// The visible runs side by side.
#[component]
pub fn SideBySide(page: Page) -> impl IntoView {
    let w = page.words();
    let rows = Memo::new(move |_| page.runs.drawn(|s| rows(w, &s.runs, &names::names(w, &s.runs))));
    let head = [w.beside_run, w.beside_parameters, w.beside_time, w.beside_epochs, w.perplexity, w.beside_sample];
    let row = |Row { colour, name, figures, sample, .. }: Row| {
        view! {
            <tr>
                <th scope="row" style=format!("--colour: var({})", picture::RUN_COLOURS[colour % picture::RUN_COLOURS.len()])>
                    <span class="swatch" aria-hidden="true"></span>
                    {name}
                </th>
                {figures.map(|figure| view! { <td>{figure}</td> }).into_iter().collect_view()}
                <td class="sample" dir="auto">{sample}</td>
            </tr>
        }
    };
    view! {
        <section class="panel" aria-labelledby="beside-title" hidden=move || rows.with(Vec::is_empty)>
            <h2 id="beside-title">{w.beside_title}</h2>
            <div class="scroll" tabindex="0" role="group" aria-label=w.beside_title>
                <table class="kernel-times side-by-side" data-testid="side-by-side">
                    <thead>
                        <tr>{head.map(|title| view! { <th scope="col">{title}</th> }).into_iter().collect_view()}</tr>
                    </thead>
                    <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
