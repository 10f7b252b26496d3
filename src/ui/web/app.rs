//! The page as a whole: what this is, the controls, settings, curve, samples, conversation.

use leptos::prelude::*;

use super::chart::Chart;
use super::controls::Controls;
use super::conversation::Conversation;
use super::errors::Errors;
use super::finale::Finale;
use super::page::Page;
use super::samples::Samples;
use super::settings::Settings;
use super::worker::Link;
use crate::ui::address;

/// The page, with a worker of its own and its settings in the address.
#[component]
pub fn App() -> impl IntoView {
    let link = Link::default();
    let sender = link.clone();
    let page = Page::new(address::read(&fragment()), Box::new(move |command| sender.send(command)));
    page.on_restart({
        let link = link.clone();
        move || link.start(page)
    });
    link.start(page);
    let listener = window_event_listener(leptos::ev::hashchange, move |_| page.form.set(address::read(&fragment())));
    on_cleanup(move || listener.remove());
    Effect::new(move |before: Option<()>| {
        page.form.track();
        // An address that nobody has changed stays as it was opened.
        if before.is_some() {
            page.form.with(|form| rewrite(&address::write(&fragment(), form)));
        }
    });
    view! { <Workbench page /> }
}

/// Everything that is seen.
#[component]
pub fn Workbench(page: Page) -> impl IntoView {
    view! {
        <header class="masthead">
            <h1>"Time Traveller"</h1>
            <p>
                "Watch a recurrent network learn to write, one character at a time. This page trains the character RNN of "
                <cite>"Dive into Deep Learning"</cite>
                " on your own GPU; nothing is installed, and nothing leaves this machine."
            </p>
        </header>
        <div class="top">
            <Controls page />
            <Errors page />
        </div>
        <main class="bench">
            <Settings page />
            <div class="outcome">
                <Chart page />
                <Finale page />
            </div>
            <Samples page />
            <Conversation page />
        </main>
    }
}

/// The part of the address after and with `#`.
fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Replaces the address without a new entry in the browser's history.
fn rewrite(fragment: &str) {
    if fragment != self::fragment()
        && let Ok(history) = window().history()
    {
        // A browser that refuses (some limit the rate) costs the link, not the experiment.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(fragment));
    }
}
