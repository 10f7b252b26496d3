//! Files that are dragged over the page: they are taken wherever they fall.

use leptos::ev::{dragleave, dragover, drop};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element};

use crate::ui::page::Page;

/// Fields that take dragged words themselves.
const TYPED_INTO: &str = "textarea, input:not([type=radio], [type=checkbox], [type=range], [type=file])";

/// Takes dropped files, with a hint while they are dragged over the page.
#[component]
pub fn DropHint(page: Page) -> impl IntoView {
    let w = page.words();
    let over = RwSignal::new(false);
    let listeners = [
        window_event_listener(dragover, move |event| {
            if has_files(&event) {
                event.prevent_default();
                over.set(true);
            } else if let Some(data) = event.data_transfer().filter(|_| !is_typed_into(&event)) {
                // The browser would leave the page for a link that is dropped.
                event.prevent_default();
                data.set_drop_effect("none");
            }
        }),
        window_event_listener(dragleave, move |event| {
            if event.related_target().is_none() {
                over.set(false);
            }
        }),
        window_event_listener(drop, move |event| {
            over.set(false);
            if let Some(data) = event.data_transfer().filter(|_| has_files(&event)) {
                event.prevent_default();
                page.take_dropped(&data, &element(&event).map(|element| element.id()).unwrap_or_default());
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
    view! { <p class="drop-hint" data-testid="drop-hint" hidden=move || !over.get()>{w.drop_hint}</p> }
}

fn has_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

fn is_typed_into(event: &DragEvent) -> bool {
    element(event).is_some_and(|element| element.matches(TYPED_INTO).unwrap_or(false))
}

/// The element under the mouse.
fn element(event: &DragEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}
