//! Browser functions that the page uses: local storage, copying, downloads, files, languages, focus, error messages.

pub mod copy;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlElement, Response};
use web_time::Instant;

use crate::ui::language::Language;

/// The value stored under `key` in local storage; `None` if there is none or the browser forbids it.
pub fn remembered(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Stores a choice in local storage. If the browser refuses, the choice lasts until the page is closed.
pub fn remember(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// The language that the script in `index.html` has found before the page was seen: the one that the visitor chose
/// earlier, or else the browser's preferred one.
pub fn language() -> Language {
    let found = document().document_element().and_then(|root| root.get_attribute("lang"));
    found.and_then(|tag| Language::of(&tag)).unwrap_or(Language::English)
}

pub fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// Whether the page is in a secure context, which WebGPU requires.
pub fn is_secure() -> bool {
    window().is_secure_context()
}

/// Whether the page's workers may share memory.
pub fn can_share_memory() -> bool {
    js_sys::Reflect::has(&window(), &JsValue::from_str("SharedArrayBuffer")).unwrap_or(false)
}

/// Downloads the content of a URL (`data:`, `blob:` or relative) as a file called `name`.
pub fn save(name: &str, address: &str) {
    let Ok(anchor) = document().create_element("a") else { return };
    let _ = anchor.set_attribute("href", address);
    let _ = anchor.set_attribute("download", name);
    anchor.unchecked_into::<HtmlElement>().click();
}

/// A URL that holds a text of this type.
pub fn address_of(kind: &str, text: &str) -> String {
    format!("data:{kind};charset=utf-8,{}", js_sys::encode_uri_component(text))
}

/// Downloads a text of this type as a file called `name`.
pub fn save_text(name: &str, kind: &str, text: &str) {
    save(name, &address_of(kind, text));
}

/// Focuses the field with this id, and opens the `details` element or the folded part that may hide it.
pub fn focus(id: &str) {
    if let Some(field) = document().get_element_by_id(id)
        && let Ok(field) = field.dyn_into::<HtmlElement>()
    {
        if let Ok(Some(folded)) = field.closest(".folded") {
            // At once, since what is hidden can't be focused; the button's signal follows.
            let _ = folded.class_list().remove_1("folded");
            if let Ok(Some(button)) = folded.query_selector(".fold") {
                button.unchecked_into::<HtmlElement>().click();
            }
        }
        if let Ok(Some(details)) = field.closest("details") {
            let _ = details.set_attribute("open", "");
        }
        let _ = field.focus();
    }
}

/// Returns a function that has `draw` called in the next animation frame, once however often it was called itself. After
/// that, `draw` rests nine times as long as it took, so that a page with much to draw still has time for its visitor.
pub fn drawn_in_frames(draw: Rc<dyn Fn()>) -> impl Fn() + 'static {
    let (is_due, rests_until) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(Instant::now())));
    move || {
        if is_due.replace(true) {
            return;
        }
        let (draw, is_due, rest) = (draw.clone(), is_due.clone(), rests_until.clone());
        let frame = move || {
            request_animation_frame(move || {
                is_due.set(false);
                let start = Instant::now();
                draw();
                rest.set(Instant::now() + 9 * start.elapsed());
            });
        };
        match rests_until.get().saturating_duration_since(Instant::now()) {
            Duration::ZERO => frame(),
            rest => set_timeout(frame, rest),
        }
    }
}

/// The text of a file beside the page; `None` if it can't be had.
pub async fn fetched(address: &str) -> Option<String> {
    JsFuture::from(answer(address).await?.text().ok()?).await.ok()?.as_string()
}

/// The bytes of a file beside the page; `None` if it can't be had.
pub async fn fetched_bytes(address: &str) -> Option<Vec<u8>> {
    let bytes = JsFuture::from(answer(address).await?.array_buffer().ok()?).await.ok()?;
    Some(Uint8Array::new(&bytes).to_vec())
}

/// The answer to a request for a file beside the page, if it has the file.
async fn answer(address: &str) -> Option<Response> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    response.ok().then_some(response)
}

/// The bytes of a file or a part of it, or why they can't be read.
pub async fn read(file: &Blob) -> Result<Vec<u8>, String> {
    let bytes = JsFuture::from(file.array_buffer()).await;
    bytes.map(|bytes| Uint8Array::new(&bytes).to_vec()).map_err(|error| message(&error))
}

/// The message of a JavaScript error.
pub fn message(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |e| e.message().into())
}

/// Scrolls to an element once it is drawn, and marks it as shown instead of any other.
pub fn show(selector: &'static str) {
    request_animation_frame(move || {
        let found = |selector: &str| document().query_selector(selector).ok().flatten();
        if let Some(before) = found(".shown") {
            let _ = before.class_list().remove_1("shown");
        }
        if let Some(element) = found(selector) {
            let _ = element.class_list().add_1("shown");
            element.scroll_into_view();
        }
    });
}

/// Scrolls to an element, unless the whole of it is in sight, not covered by a bar.
pub fn bring_into_sight(selector: &str) {
    let Ok(Some(element)) = document().query_selector(selector) else { return };
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let [top, bottom] = ["scroll-padding-top", "scroll-padding-bottom"].map(|name| pixels(name).unwrap_or_default());
    let place = element.get_bounding_client_rect();
    if place.top() < top || place.bottom() > height - bottom {
        element.scroll_into_view();
    }
}

/// Whether a media query matches, from now on.
pub fn matches(query: &str) -> Signal<bool> {
    let Ok(Some(list)) = window().match_media(query) else { return Signal::stored(false) };
    let is_so = RwSignal::new(list.matches());
    let look = {
        let list = list.clone();
        move || _ = is_so.try_set(list.matches())
    };
    let look = Closure::<dyn FnMut()>::new(look).into_js_value();
    let _ = list.add_event_listener_with_callback("change", look.unchecked_ref());
    let kept = StoredValue::new_local((list, look));
    on_cleanup(move || {
        kept.try_with_value(|(list, look)| list.remove_event_listener_with_callback("change", look.unchecked_ref()));
    });
    is_so.into()
}

/// How much larger the page's type is than usual: charts follow it.
pub fn scale() -> f64 {
    const USUAL: f64 = 15.0;
    pixels("font-size").map_or(1.0, |size| size / USUAL)
}

/// A property of the page in CSS pixels.
fn pixels(name: &str) -> Option<f64> {
    let style = window().get_computed_style(&document().document_element()?).ok()??;
    // By the browser, whose parser also ignores the unit.
    Some(js_sys::parse_float(&style.get_property_value(name).ok()?)).filter(|size| size.is_finite())
}

/// A CSS property's colour in the current theme, as `rgb(…)`.
pub fn colour(name: &str) -> String {
    let Ok(probe) = document().create_element("span") else { return String::new() };
    let _ = probe.set_attribute("style", &format!("color:var({name});forced-color-adjust:none"));
    let Some(body) = document().body() else { return String::new() };
    let _ = body.append_child(&probe);
    let style = window().get_computed_style(&probe).ok().flatten();
    let colour = style.and_then(|style| style.get_property_value("color").ok()).unwrap_or_default();
    probe.remove();
    colour
}
