//! Before training and after every epoch, the continuation of the prefix: gibberish turning into English.

use leptos::html::Ol;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

use super::page::Page;
use crate::protocol::Sample;
use crate::ui::run::EpochSample;
use crate::ui::words;

/// A list scrolled to within so many pixels of its end counts as being there.
const END: i32 = 48;

/// What the untrained network says, and the list of samples, in the order of the epochs. A row is added at the end
/// when its epoch is done and never touched again, so that no epoch costs more than the one before. The list stays at
/// its end unless a visitor scrolls back.
#[component]
pub fn Samples(page: Page) -> impl IntoView {
    let w = page.words();
    let list = NodeRef::<Ol>::new();
    let come = Memo::new(move |_| page.state.with(|s| (s.shown, s.live().map_or(0, |run| run.samples.len()))));
    let written = StoredValue::new((0, 0));
    let due = StoredValue::new(false);
    Effect::new(move |_| {
        come.get();
        // A small network has more epochs than a screen has frames, and each look at the list's height costs a layout.
        if !due.get_value() {
            due.set_value(true);
            request_animation_frame(move || {
                if due.try_set_value(false).is_none() {
                    write_rows(page, list, written);
                }
            });
        }
    });
    let untrained = Memo::new(move |_| page.state.with(|s| s.live().and_then(|run| run.untrained.clone())));
    mark_pinned(page, list);
    let pin = move |event: leptos::ev::MouseEvent| {
        let row = event.target().and_then(|target| target.dyn_into::<Element>().ok()?.closest("[data-epoch]").ok()?);
        if let Some(epoch) = row.and_then(|row| row.get_attribute("data-epoch")?.parse().ok()) {
            page.pinned.set(Some(epoch));
        }
    };
    let first_row = move || {
        let sample = untrained.get()?;
        Some(view! { <p class="row" data-testid="untrained" data-epoch="0">{sample_view(&sample)}</p> })
    };
    view! {
        <section class="panel samples" aria-labelledby="samples-title">
            <h2 id="samples-title">{w.samples}</h2>
            {first_row}
            <p class="hint empty" hidden=move || { come.get().1 > 0 }>
                {w.samples_empty}
            </p>
            <ol class="rows" data-testid="samples" tabindex="0" aria-label=w.samples_by_epoch node_ref=list on:click=pin></ol>
        </section>
    }
}

/// Writes the rows that have come since the last time.
fn write_rows(page: Page, list: NodeRef<Ol>, written: StoredValue<(u32, usize)>) {
    let Some(list) = list.get_untracked() else { return };
    let (last, count) = written.get_value();
    page.state.with_untracked(|s| {
        let samples = s.live().map_or(&[][..], |run| &run.samples);
        let from = if last == s.shown && count <= samples.len() { count } else { 0 };
        if from == 0 {
            list.set_text_content(None);
        }
        let at_end = list.scroll_height() - list.scroll_top() - list.client_height() < END;
        for sample in &samples[from..] {
            append(&list, sample).expect("a row can be written");
        }
        if at_end {
            list.set_scroll_top(list.scroll_height());
        }
        written.set_value((s.shown, samples.len()));
    });
}

/// Marks the row of the epoch that the visitor has chosen, and brings it into the list's sight.
fn mark_pinned(page: Page, list: NodeRef<Ol>) {
    Effect::new(move |_| {
        let pinned = page.pinned.get();
        let Some(list) = list.get() else { return };
        if let Ok(Some(marked)) = list.query_selector("[aria-current]") {
            let _ = marked.remove_attribute("aria-current");
        }
        let row = pinned.and_then(|epoch| list.query_selector(&format!("[data-epoch='{epoch}']")).ok()?);
        if let Some(row) = row {
            let _ = row.set_attribute("aria-current", "true");
            let row: web_sys::HtmlElement = row.unchecked_into();
            list.set_scroll_top(row.offset_top() - list.offset_top() - list.client_height() / 2);
        }
    });
}

/// Writes one row: the epoch's number is a label drawn by the style sheet, the text is the sample alone.
fn append(list: &Element, row: &EpochSample) -> Result<(), JsValue> {
    let document = document();
    let item = document.create_element("li")?;
    item.set_attribute("data-epoch", &row.epoch.to_string())?;
    let (prefix, continuation) = words::parts(&row.sample);
    for (class, text) in [("prefix", prefix), ("continuation", continuation)] {
        let span = document.create_element("span")?;
        span.set_class_name(class);
        span.set_text_content(Some(text));
        item.append_child(&span)?;
    }
    list.append_child(&item)?;
    Ok(())
}

/// A sample whose prefix can be told from its continuation.
pub fn sample_view(sample: &Sample) -> impl IntoView + use<> {
    let (prefix, continuation) = words::parts(sample);
    view! {
        <span class="prefix">{prefix.to_owned()}</span>
        <span class="continuation">{continuation.to_owned()}</span>
    }
}
