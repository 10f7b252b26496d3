//! What this is, and the switches for language and colours.

use leptos::prelude::*;

use crate::ui::browser::{self, focus};
use crate::ui::page::Page;

/// The id of the language's switch, which has the focus again when it has been pressed.
const LANGUAGE_ID: &str = "language";

#[component]
pub fn Masthead(page: Page) -> impl IntoView {
    let w = page.words();
    let switch = move |_| {
        let other = page.language.get_untracked().other();
        browser::remember("language", other.words().code);
        page.language.set(other);
        request_animation_frame(|| focus(LANGUAGE_ID));
    };
    let other = page.language.get_untracked().other().words().code;
    view! {
        <header class="masthead">
            <h1>"Time Traveller"</h1>
            <p>{w.tagline} " " <cite>{w.book}</cite> {w.tagline_end}</p>
            <div class="switches">
                <Theme page />
                <button type="button" class="quiet" id=LANGUAGE_ID lang=other on:click=switch>{w.other_language}</button>
            </div>
        </header>
    }
}

/// Colours by the system's preference, or the visitor's choice.
#[component]
fn Theme(page: Page) -> impl IntoView {
    let w = page.words();
    let chosen = browser::remembered("theme").unwrap_or_default();
    let option = |value: &'static str, name| {
        let selected = chosen == value;
        view! { <option value=value selected=selected>{name}</option> }
    };
    view! {
        <label class="theme">
            <span>{w.theme}</span>
            <select on:change:target=move |event| set_theme(&event.target().value())>
                {option("", w.theme_auto)} {option("light", w.theme_light)} {option("dark", w.theme_dark)}
            </select>
        </label>
    }
}

/// Light, dark, or, with nothing, as the system has it. The style sheet does the rest.
fn set_theme(theme: &str) {
    browser::remember("theme", theme);
    apply_theme(theme);
    // The charts draw themselves anew when their box changes or the system's preference does, not for this.
    let _ = window().dispatch_event(&web_sys::Event::new("themechange").expect("an event can be made"));
}

/// Applies what is remembered.
pub fn apply_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
}
