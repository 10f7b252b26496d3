//! The error panel: one sentence for every current error, until it is resolved.

use leptos::prelude::*;

use crate::error::Error;
use crate::ui::language::{sentence, words};
use crate::ui::page::Page;

/// The id of the element that shows a panic of the page.
const PANIC_ID: &str = "panic";

/// The current errors.
#[component]
pub fn Errors(page: Page) -> impl IntoView {
    let w = page.words();
    let messages = Memo::new(move |_| {
        let mut errors: Vec<Error> = Vec::new();
        page.runs.state.with(|s| errors.extend(s.failure.iter().chain(&s.refusal).cloned()));
        page.conversation.talk.with(|talk| errors.extend(talk.refusal.clone()));
        page.settings.config.with(|c| errors.extend(c.as_ref().err().into_iter().flatten().cloned().map(Error::from)));
        page.settings.file.with(|file| errors.extend(file.error().cloned()));
        page.text.own.with(|own| errors.extend(own.refusal.clone()));
        page.checkpoints.saved.with(|saved| errors.extend(saved.refusal.clone()));
        errors.extend(page.conversation.prefix_error());
        let mut said = page.settings.link.with(|link| link.notes(w));
        said.extend(errors.iter().map(|error| sentence(w, error)));
        said.extend(page.refusal.with(|misdrop| misdrop.as_ref().map(|misdrop| misdrop.sentence(w))));
        said
    });
    let vocabulary = Memo::new(move |_| page.runs.state.with(|s| s.worker.vocabulary()));
    Effect::new(move |before: Option<()>| {
        page.settings.file.track();
        page.settings.config.track();
        vocabulary.get();
        // After a change the parameters may fit.
        if before.is_some() && page.runs.state.with_untracked(|s| matches!(s.failure, Some(Error::BadParameters(_)))) {
            page.runs.state.update(|s| s.failure = None);
        }
    });
    let divergence = Memo::new(move |_| page.runs.state.with(|s| s.divergence));
    let resume = move || {
        let divergence = divergence.get()?;
        let go_on = move |_| page.runs.continue_with(divergence.proposal);
        Some(view! { <button type="button" on:click=go_on>{words::proposal(w, &divergence)}</button> })
    };
    view! {
        <section class="errors" role="alert" data-testid="error">
            <p id=PANIC_ID hidden></p>
            {move || messages.get().into_iter().map(|message| view! { <p>{message}</p> }).collect_view()}
            {resume}
        </section>
    }
}

/// Writes a panic of the page into the panel, without Leptos, which may be what panicked.
pub fn show_panic(what: &str) {
    if let Some(line) = web_sys::window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id(PANIC_ID)) {
        line.set_text_content(Some(&format!(
            "This page stopped because of a bug: reload it to continue, and please report this: {what}"
        )));
        let _ = line.remove_attribute("hidden");
    }
}
