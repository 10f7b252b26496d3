//! The whole page: masthead, controls, settings, model and data, curve, runs, gradient norm, checkpoints, samples, text
//! generation.

use std::time::Duration;

use leptos::prelude::*;

use super::arrange;
use super::controls::Controls;
use super::drop::DropHint;
use super::errors::Errors;
use super::keys::{self, Keys};
use super::masthead::Masthead;
use super::offline::Version;
use super::status;
use crate::ui::browser;
use crate::ui::chart::view::Curve;
use crate::ui::chart::view::gradients::Gradients;
use crate::ui::checkpoints::orders;
use crate::ui::checkpoints::view::{Checkpoints, Offers};
use crate::ui::conversation::view::Conversation;
use crate::ui::inside::view::Inside;
use crate::ui::lessons::view::Lessons;
use crate::ui::network::view::Network;
use crate::ui::page::Page;
use crate::ui::runs::state::{RunState, Status};
use crate::ui::runs::view::Runs;
use crate::ui::runs::view::compare::SideBySide;
use crate::ui::runs::view::finale::Finale;
use crate::ui::samples::view::{List, Samples};
use crate::ui::settings::address;
use crate::ui::settings::link::PageLink;
use crate::ui::settings::view::Settings;
use crate::ui::text::view::Offer;
use crate::ui::worker::link::Link;

/// How long the page is left alone before it times networks.
const RESTS: Duration = Duration::from_secs(2);

/// The page with its worker. Its settings are kept in the address.
#[component]
pub fn App() -> impl IntoView {
    let link = Link::default();
    let sender = link.clone();
    let page = Page::new(address::read(&fragment()), Box::new(move |command| sender.send(command)));
    page.language.set(browser::language());
    let on_event = move |told| match told {
        Ok(event) => page.on_event(event),
        Err(error) => page.lose_worker(error),
    };
    page.worker.on_restart({
        let link = link.clone();
        move || link.start(on_event)
    });
    link.start(on_event);
    open_link(page);
    let listener = window_event_listener(leptos::ev::hashchange, move |_| open_link(page));
    orders::start(page.checkpoints);
    keys::start(page);
    on_cleanup(move || listener.remove());
    let is_linked = Memo::new(move |_| page.text.own.with(|own| own.link.is_some()));
    Effect::new(move |before: Option<()>| {
        page.settings.form.track();
        is_linked.track();
        let (lesson, is_stage) = (page.lessons.open.get(), page.stage.get());
        // Until something changes, the address stays as it was opened.
        if before.is_some() {
            let known = if is_linked.get_untracked() { fragment() } else { address::without_text(&fragment()) };
            let known = address::with(&known, address::LESSON, lesson.as_deref());
            let known = address::with(&known, address::VIEW, is_stage.then_some(address::STAGE));
            page.settings.form.with(|form| rewrite(&address::write(&known, form)));
        }
    });
    Effect::new(move |_| document().set_title(&page.runs.state.with(status::title)));
    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("lang", page.language.get().words().code);
        }
    });
    start_by_itself(page);
    open_trained(page);
    time_networks(page);
    view! { <Workbench page /> }
}

/// Takes what the address asks for, also when the visitor puts another link into the open tab.
fn open_link(page: Page) {
    let is_busy = page.runs.state.with_untracked(|s| s.attached() && s.status != Status::Finished);
    let link = PageLink::new(&fragment(), is_busy);
    page.settings.form.set(address::read(&fragment()));
    page.text.own.update(|own| own.offer(link.text.clone()));
    page.lessons.open.set(address::value(&fragment(), address::LESSON));
    page.stage.set(address::value(&fragment(), address::VIEW).as_deref() == Some(address::STAGE));
    // As in a new tab, the run of a link that names no text is one on the book's.
    if link.starts && link.text.is_none() {
        page.take_book();
    }
    page.settings.link.set(link);
}

/// Starts a run automatically, if the link asks for it. An interrupted run of the same settings comes first: it waits for
/// the visitor's choice.
fn start_by_itself(page: Page) {
    let wanted = Memo::new(move |_| page.settings.link.with(|link| link.starts));
    // A text from a link needs the visitor's consent, so the run waits for it.
    let waits = move || page.text.is_offered() || page.is_reading();
    let is_offered = move || {
        let config = page.settings.config.with(|config| config.as_ref().ok().copied());
        page.checkpoints.saved.with(|saved| config.is_some_and(|config| saved.may_offer(&config)))
    };
    let ready =
        Memo::new(move |_| wanted.get() && page.runs.state.with(RunState::can_train) && !waits() && !is_offered());
    let runs = Memo::new(move |_| page.runs.state.with(|s| s.run));
    Effect::new(move |before: Option<u32>| {
        let (run, is_ready) = (runs.get(), ready.get());
        // A run that the visitor has started or resumed meanwhile takes its place.
        let is_other = before.is_some_and(|before| before != run);
        if is_other || is_ready {
            page.settings.link.update(|link| link.starts = false);
        }
        // Not if the link's text was declined or refused, or the visitor has chosen another.
        let text = page.settings.link.with_untracked(|link| link.text.clone());
        if is_ready && !is_other && page.text.is_of_link(text.as_deref()) {
            page.train();
        }
        run
    });
}

/// Opens a network that was trained before, once text and device are there: the one that the link names, or the first; none
/// where a run or a text is to come.
fn open_trained(page: Page) {
    let is_ready = Memo::new(move |_| page.runs.state.with(|s| s.can_train() && s.run == 0) && !page.is_reading());
    Effect::new(move |before: Option<bool>| {
        let (is_ready, was_ready) = (is_ready.get(), before == Some(true));
        let is_awaited = page.settings.link.with_untracked(|link| link.starts || link.text.is_some());
        if is_ready && !was_ready && !is_awaited {
            page.open_with(address::value(&fragment(), address::TRAINED).as_deref());
        }
        is_ready || was_ready
    });
}

/// Times what runs take here, once the page is ready and again for another engine; after a while, so that what the visitor
/// does at first waits for nothing.
fn time_networks(page: Page) {
    let is_ready = Memo::new(move |_| page.runs.state.with(|s| s.worker.ready()));
    let engine = Memo::new(move |_| page.settings.config.with(|c| c.as_ref().ok().map(|c| (c.engine, c.threads))));
    Effect::new(move |_| {
        let wanted = engine.get();
        if is_ready.get() && wanted.is_some() {
            let is_same = move || engine.try_get_untracked() == Some(wanted);
            set_timeout(
                move || {
                    if is_same() {
                        page.time_networks()
                    }
                },
                RESTS,
            );
        }
    });
}

/// Everything visible, built anew when the language changes: the elements stay, but the components' own signals start
/// again. So what the visitor has opened, typed or chosen is kept in signals outside of them.
#[component]
pub fn Workbench(page: Page) -> impl IntoView {
    let (version, samples) = (Version::new(page), List::new(page.runs));
    page.inside.start();
    let column = arrange::column();
    page.obey_later();
    let bench = move || {
        page.language.track();
        view! {
            <Masthead page />
            <div class="top">
                <Controls page version column />
                <Errors page />
                <Offer page />
            </div>
            <Offers page />
            <main class="bench">
                <div class="side">
                    <Lessons page />
                    <Settings page />
                </div>
                <div class="middle">
                    <Network page />
                    <Curve page />
                </div>
                <div class="words">
                    <Samples page list=samples />
                    <Conversation page />
                </div>
                <div class="rest">
                    <div class="pair">
                        <Runs page />
                        <Gradients page />
                    </div>
                    <Inside page />
                    <SideBySide page />
                    <Checkpoints page />
                    <Finale page />
                </div>
                <DropHint page />
            </main>
            <Keys page />
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
