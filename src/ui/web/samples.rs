//! Before training and after every epoch, the continuation of the prefix: gibberish turning into English.

use leptos::html::Ol;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::page::Page;
use crate::protocol::Sample;
use crate::ui::state::EpochSample;
use crate::ui::words;

/// A list scrolled to within so many pixels of its end counts as being there.
const END: i32 = 48;

/// What the untrained network says, and the list of samples, in the order of the epochs. A row is added at the end
/// when its epoch is done and never touched again, so that no epoch costs more than the one before. The list stays at
/// its end unless a visitor scrolls back.
#[component]
pub fn Samples(page: Page) -> impl IntoView {
    let list = NodeRef::<Ol>::new();
    let come = Memo::new(move |_| page.state.with(|s| (s.shown, s.samples.len())));
    Effect::new(move |written: Option<(u32, usize)>| {
        let (run, count) = come.get();
        let Some(list) = list.get() else { return (run, 0) };
        let from = match written {
            Some((last, written)) if last == run && written <= count => written,
            _ => {
                list.set_text_content(None);
                0
            }
        };
        let at_end = list.scroll_height() - list.scroll_top() - list.client_height() < END;
        page.state.with_untracked(|s| {
            for sample in &s.samples[from..] {
                append(&list, sample).expect("a row can be written");
            }
        });
        if at_end {
            list.set_scroll_top(list.scroll_height());
        }
        (run, count)
    });
    let untrained = Memo::new(move |_| page.state.with(|s| s.untrained.clone()));
    let first_row = move || {
        let sample = untrained.get()?;
        Some(view! { <p class="row" data-testid="untrained" data-epoch="0">{sample_view(&sample)}</p> })
    };
    view! {
        <section class="panel samples" aria-labelledby="samples-title">
            <h2 id="samples-title">"Samples"</h2>
            {first_row}
            <p class="hint empty" hidden=move || { come.get().1 > 0 }>
                "After every epoch the network continues your prefix by 50 characters."
            </p>
            <ol class="rows" data-testid="samples" tabindex="0" aria-label="Samples by epoch" node_ref=list></ol>
        </section>
    }
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
