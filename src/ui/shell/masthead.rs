//! The page's title and introduction, and the language and theme switches.

use leptos::prelude::*;

use crate::ui::browser::{self, focus};
use crate::ui::page::Page;

/// The id of the language switch, which is focused again after the page is rebuilt.
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
                <button type="button" class="quiet" on:click=move |_| page.stage.set(true)>{w.stage}</button>
                <Theme page />
                <button type="button" class="quiet" id=LANGUAGE_ID lang=other on:click=switch>{w.other_language}</button>
            </div>
        </header>
    }
}

/// The choice of the theme: the system's, light or dark.
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

/// Sets and stores the theme: `light`, `dark`, or the system's if empty. The script in `index.html` sets it on later
/// visits, by the attribute that the style sheet reads.
fn set_theme(theme: &str) {
    browser::remember("theme", theme);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
    // The charts redraw on resizes and on changes of the system's theme, but can't observe this one.
    let _ = window().dispatch_event(&web_sys::Event::new("themechange").expect("an event can be made"));
}
