//! What the page asks of the browser: what it remembers, copies, saves, prefers, and says of errors.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use crate::ui::language::Language;

/// What was remembered under `key`; nothing where the browser remembers nothing.
pub fn remembered(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Remembers a choice; a browser that refuses costs the memory, not the choice.
pub fn remember(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// The language that the visitor chose once, or the first that the browser prefers.
pub fn language() -> Language {
    let chosen = remembered("language").and_then(|tag| Language::of(&tag));
    chosen.unwrap_or_else(|| {
        let tags: Vec<String> = window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect();
        Language::preferred(tags.iter().map(String::as_str))
    })
}

pub fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// Whether the page came in a way that WebGPU accepts.
pub fn is_secure() -> bool {
    window().is_secure_context()
}

/// Puts `text` on the clipboard.
pub fn copy(text: &str) {
    // Without a secure context there is none.
    if Reflect::has(&window().navigator(), &JsValue::from_str("clipboard")).unwrap_or(false) {
        let _ = window().navigator().clipboard().write_text(text);
    }
}

/// Has the browser save what stands in a `data:` address.
pub fn save(name: &str, address: &str) {
    let Ok(anchor) = document().create_element("a") else { return };
    let _ = anchor.set_attribute("href", address);
    let _ = anchor.set_attribute("download", name);
    anchor.unchecked_into::<HtmlElement>().click();
}

/// Brings the field with this id to the visitor's hands, out of what it may be folded away in.
pub fn focus(id: &str) {
    if let Some(field) = document().get_element_by_id(id)
        && let Ok(field) = field.dyn_into::<HtmlElement>()
    {
        if let Ok(Some(details)) = field.closest("details") {
            let _ = details.set_attribute("open", "");
        }
        let _ = field.focus();
    }
}

/// What a JavaScript error says.
pub fn message(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |e| e.message().into())
}
