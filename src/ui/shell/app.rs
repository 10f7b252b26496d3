//! The whole page: masthead, controls, settings, model and data, curve, runs, gradient norm, checkpoints, samples, text
//! generation.

use leptos::prelude::*;

use super::controls::Controls;
use super::errors::Errors;
use super::masthead::{Masthead, apply_theme};
use super::status;
use crate::ui::browser;
use crate::ui::chart::view::Curve;
use crate::ui::chart::view::gradients::Gradients;
use crate::ui::checkpoints::orders;
use crate::ui::checkpoints::view::{Checkpoints, Offers};
use crate::ui::conversation::view::Conversation;
use crate::ui::network::view::Network;
use crate::ui::page::Page;
use crate::ui::runs::view::Runs;
use crate::ui::runs::view::finale::Finale;
use crate::ui::samples::view::Samples;
use crate::ui::settings::address;
use crate::ui::settings::view::Settings;
use crate::ui::text::view::{DropHint, Offer};
use crate::ui::worker::link::Link;

/// The page with its worker. Its settings are kept in the address.
#[component]
pub fn App() -> impl IntoView {
    let link = Link::default();
    let sender = link.clone();
    let page = Page::new(address::read(&fragment()), Box::new(move |command| sender.send(command)));
    page.language.set(browser::language());
    apply_theme(&browser::remembered("theme").unwrap_or_default());
    let on_event = move |told| match told {
        Ok(event) => page.on_event(event),
        Err(error) => page.lose_worker(error),
    };
    page.worker.on_restart({
        let link = link.clone();
        move || link.start(on_event)
    });
    link.start(on_event);
    page.text.own.update(|own| own.offer(address::text(&fragment())));
    let listener = window_event_listener(leptos::ev::hashchange, move |_| {
        page.settings.form.set(address::read(&fragment()));
        page.text.own.update(|own| own.offer(address::text(&fragment())));
    });
    orders::start(page.checkpoints);
    on_cleanup(move || listener.remove());
    let is_linked = Memo::new(move |_| page.text.own.with(|own| own.link.is_some()));
    Effect::new(move |before: Option<()>| {
        page.settings.form.track();
        is_linked.track();
        // Until the form changes, the address stays as it was opened.
        if before.is_some() {
            let known = if is_linked.get_untracked() { fragment() } else { address::without_text(&fragment()) };
            page.settings.form.with(|form| rewrite(&address::write(&known, form)));
        }
    });
    Effect::new(move |_| document().set_title(&page.runs.state.with(status::title)));
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", page.language.get().words().code);
        }
    });
    start_by_itself(page, address::autostart(&fragment()));
    view! { <Workbench page /> }
}

/// Starts a run automatically, if the address asks for it. An interrupted run of the same settings comes first: it waits
/// for the visitor's choice.
fn start_by_itself(page: Page, first: bool) {
    let first = StoredValue::new(first);
    // A text from a link needs the visitor's consent, so the run waits for it.
    let waits = move || page.text.is_offered() || page.text.is_reading();
    let is_offered = move || {
        let config = page.settings.config.with(|config| config.as_ref().ok().copied());
        page.checkpoints.saved.with(|saved| config.is_some_and(|config| saved.may_offer(&config)))
    };
    // Once the visitor has started or resumed a run, none starts by itself.
    let is_free = move || page.runs.state.with(|s| s.can_train() && s.run == 0);
    let ready = Memo::new(move |_| is_free() && !waits() && !is_offered());
    Effect::new(move |_| {
        if ready.get() && first.get_value() {
            first.set_value(false);
            page.train();
        }
    });
}

/// Everything visible, rebuilt when the language changes.
#[component]
pub fn Workbench(page: Page) -> impl IntoView {
    let bench = move || {
        page.language.track();
        view! {
            <Masthead page />
            <div class="top">
                <Controls page />
                <Errors page />
                <Offer page />
            </div>
            <Offers page />
            <main class="bench">
                <Settings page />
                <div class="middle">
                    <Network page />
                    <Curve page />
                    <div class="pair">
                        <Runs page />
                        <Gradients page />
                    </div>
                    <Checkpoints page />
                    <Finale page />
                </div>
                <div class="words">
                    <Samples page />
                    <Conversation page />
                </div>
                <DropHint page />
            </main>
        }
    };
    view! { {bench} }
}

/// The address's fragment, with its `#`.
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
