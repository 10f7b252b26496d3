//! The button that copies a text. It says that it has, once it has; where the browser does not allow it, it shows the
//! text selected.

use std::time::Duration;

use js_sys::Reflect;
use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Clipboard, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use crate::ui::language::Words;

/// How long the button says that it has copied.
const SAID: Duration = Duration::from_secs(2);

/// A button called `name` that copies what `text` returns.
#[component]
pub fn CopyButton(w: &'static Words, name: &'static str, text: impl Fn() -> String + Copy + 'static) -> impl IntoView {
    let (copied, by_hand) = (RwSignal::new(false), RwSignal::new(false));
    let area = NodeRef::<Textarea>::new();
    let copy = move |_| {
        spawn_local(async move {
            let text = text();
            let mut done = write(&text).await;
            if !done {
                by_hand.try_set(true);
                // Until the field is there to be selected.
                tick().await;
                done = area.try_get_untracked().flatten().is_some_and(|area| copy_selected(&area, &text));
            }
            by_hand.try_set(!done);
            copied.try_set(done);
            set_timeout(move || _ = copied.try_set(false), SAID);
        });
    };
    view! {
        <button type="button" class="quiet" on:click=copy>{move || if copied.get() { w.copied } else { name }}</button>
        <div class="by-hand" data-testid="by-hand" hidden=move || !by_hand.get()>
            <p class="note">{w.copy_by_hand}</p>
            <textarea readonly rows="2" dir="auto" aria-label=w.copy_by_hand node_ref=area></textarea>
        </div>
    }
}

/// Writes to the clipboard; false where there is none, as in insecure contexts, or it is denied.
async fn write(text: &str) -> bool {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    !clipboard.is_undefined() && JsFuture::from(clipboard.unchecked_into::<Clipboard>().write_text(text)).await.is_ok()
}

/// Copies by the browser's older command, which needs no secure context. The focus returns if that succeeds; else it
/// stays on the selected text.
fn copy_selected(area: &HtmlTextAreaElement, text: &str) -> bool {
    let before = document().active_element();
    area.set_value(text);
    let _ = area.focus();
    area.select();
    let done = document().unchecked_into::<HtmlDocument>().exec_command("copy").unwrap_or(false);
    if let Some(before) = before.filter(|_| done) {
        let _ = before.unchecked_into::<HtmlElement>().focus();
    }
    done
}
