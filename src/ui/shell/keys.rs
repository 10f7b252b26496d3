//! The keys of the teacher's view, and the line that names them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::stage::{Deed, deed, step};
use crate::protocol::Stretch;
use crate::ui::page::Page;
use crate::ui::runs::state::{RunState, Status};

/// Steps of the type's size.
const SIZES: std::ops::RangeInclusive<i32> = -4..=6;

/// Marks the page as the teacher's view while it is, and listens for its keys.
pub fn start(page: Page) {
    Effect::new(move |_| {
        let (is_stage, size) = (page.stage.get(), page.stage_size.get());
        if let Some(root) = document().document_element() {
            let _ = match is_stage {
                true => root.set_attribute("data-view", "stage"),
                false => root.remove_attribute("data-view"),
            };
            let _ = root.set_attribute("style", &format!("--size: {size}"));
        }
    });
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        if !page.stage.get_untracked() || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let takes_keys = |target: &Element| {
            target.closest("input, select, textarea, button, summary, a, [tabindex]").ok().flatten().is_some()
        };
        let is_busy = target.as_ref().is_some_and(takes_keys) && event.key() != "Escape";
        if let Some(deed) = deed(&event.key()).filter(|_| !is_busy) {
            event.prevent_default();
            obey(page, deed);
        }
    });
    on_cleanup(move || listener.remove());
}

fn obey(page: Page, deed: Deed) {
    let status = page.runs.state.with_untracked(|state| state.status);
    match deed {
        Deed::Hold if untrack(|| page.can_begin()) => page.train(),
        Deed::Hold => page.hold(),
        Deed::Epoch if status != Status::Training => page.go(Stretch::Epoch),
        Deed::Minibatch if status != Status::Training => page.go(Stretch::Minibatch),
        Deed::Epoch | Deed::Minibatch => {}
        Deed::Reset => page.reset(),
        Deed::Logarithmic => page.charts.logarithmic.update(|is| *is = !*is),
        Deed::Back | Deed::Forward => {
            let newest = page.runs.state.with_untracked(RunState::newest);
            page.runs.pin(step(untrack(|| page.charts.epoch()), newest, deed == Deed::Forward));
        }
        Deed::Figure(view) => page.inside.look.update(|look| look.open = view.into_iter().collect()),
        Deed::Larger | Deed::Smaller => page.stage_size.update(|size| {
            let by = if deed == Deed::Larger { 1 } else { -1 };
            *size = (*size + by).clamp(*SIZES.start(), *SIZES.end());
        }),
        Deed::Leave => page.stage.set(false),
    }
}

/// The line that names the keys, in the teacher's view alone.
#[component]
pub fn Keys(page: Page) -> impl IntoView {
    let w = page.words();
    view! {
        <footer class="keys" hidden=move || !page.stage.get()>
            <p class="note">{w.stage_keys}</p>
            <button type="button" class="quiet" on:click=move |_| page.stage.set(false)>{w.stage_leave}</button>
        </footer>
    }
}
