//! The panel “Inside the network”: the passage, and the views, each of which is computed only while it is open.

mod memory;
mod passage;
mod slow;
mod time;
mod unit;

use leptos::prelude::*;

use super::look::{Source, View};
use super::signals::PASSAGE;
use crate::ui::language::words::grouped;
use crate::ui::language::{fill, sentence};
use crate::ui::page::Page;

#[component]
pub fn Inside(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch) = (page.inside.look, page.inside.watch);
    let is_open = Memo::new(move |_| look.with(|look| !look.open.is_empty()));
    let said = move || {
        watch.with(|watch| match (&watch.refusal, &watch.insight) {
            (Some(error), _) => sentence(w, error),
            (None, None) => w.inside_waits.to_owned(),
            (None, Some(insight)) if insight.epoch == 0 => w.inside_untrained.to_owned(),
            (None, Some(insight)) => fill(w.inside_epoch, &[&grouped(insight.epoch.into())]),
        })
    };
    view! {
        <section class="panel inside" id="inside" aria-labelledby="inside-title">
            <div class="heading">
                <h2 id="inside-title">{w.inside_title}</h2>
                <p class="note" data-testid="inside-epoch" role="status" hidden=move || !is_open.get()>{said}</p>
            </div>
            <p class="hint" hidden=is_open>{w.inside_hint}</p>
            <Passage page is_open />
            <Viewed page view=View::Memory title=w.memory_title note=w.memory_note id="memory">
                <memory::Memory page />
            </Viewed>
            <Viewed page view=View::Unit title=w.unit_title note=w.unit_note id="unit">
                <unit::Unit page />
            </Viewed>
            <Viewed page view=View::Time title=w.time_title note=w.time_note id="time">
                <time::Time page />
            </Viewed>
            <Viewed page view=View::Slow title=w.slow_title note=w.slow_note id="slow">
                <slow::Slow page />
            </Viewed>
        </section>
    }
}

/// Which passage the network reads.
#[component]
fn Passage(page: Page, is_open: Memo<bool>) -> impl IntoView {
    let w = page.words();
    let look = page.inside.look;
    let source = Memo::new(move |_| look.with(|look| look.source));
    let first = Memo::new(move |_| match source.get() {
        Source::Text(first) => first,
        Source::Conversation => 0,
    });
    let last = Memo::new(move |_| {
        page.runs.state.with(|s| s.worker.text.as_ref().map_or(0, |text| text.tokens.saturating_sub(PASSAGE)))
    });
    let choose = move |source| {
        look.update(|look| {
            look.source = source;
            look.at = None;
        });
    };
    let is_text = move || matches!(source.get(), Source::Text(_));
    let place = move || fill(w.inside_at, &[&grouped(u64::from(first.get()) + 1)]);
    view! {
        <div class="picking" hidden=move || !is_open.get()>
            <label class="choice">
                <span>{w.inside_passage}</span>
                <select
                    data-testid="passage"
                    on:change:target=move |event| {
                        choose(if event.target().value() == "text" { Source::Text(0) } else { Source::Conversation });
                    }
                >
                    <option value="conversation" selected=move || !is_text()>{w.inside_conversation}</option>
                    <option value="text" selected=is_text>{w.inside_text}</option>
                </select>
            </label>
            <label class="slide" hidden=move || !is_text()>
                <span>{w.inside_place}</span>
                <input
                    type="range"
                    min="0"
                    max=move || last.get().to_string()
                    step="40"
                    aria-valuetext=place
                    prop:value=move || first.get().to_string()
                    on:input:target=move |event| choose(Source::Text(event.target().value_as_number() as u32))
                />
            </label>
        </div>
    }
}

/// A view that can be opened.
#[component]
fn Viewed(
    page: Page,
    view: View,
    title: &'static str,
    note: &'static str,
    id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let look = page.inside.look;
    let is_open = Memo::new(move |_| look.with(|look| look.is_open(view)));
    let children = StoredValue::new(children);
    view! {
        <details
            class="viewed"
            id=format!("inside-{id}")
            data-testid=format!("inside-{id}")
            open=move || is_open.get()
            on:toggle:target=move |event| {
                let now = event.target().open();
                if now != is_open.get_untracked() {
                    look.update(|look| look.set_open(view, now));
                }
            }
        >
            <summary>
                <h3>{title}</h3>
            </summary>
            <Show when=move || is_open.get()>
                <p class="note">{note}</p>
                {children.with_value(|children| children())}
            </Show>
        </details>
    }
}
