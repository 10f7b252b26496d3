//! The conversation: a prefix goes in, and the network's continuation comes out, also while it trains.

use leptos::prelude::*;

use super::page::{PREFIX_ID, Page};
use super::samples::sample_view;
use crate::ui::state::RunState;
use crate::ui::words;

/// Prefix, Generate, and what came of it.
#[component]
pub fn Conversation(page: Page) -> impl IntoView {
    let state = page.state;
    let ready = Memo::new(move |_| state.with(RunState::ready));
    let generated = Memo::new(move |_| state.with(|s| s.generated.clone()));
    let asking = Memo::new(move |_| state.with(|s| s.asking));
    // What the network could not read of the present prefix, as its latest sample or continuation says.
    let unknown = Memo::new(move |_| {
        let prefix = page.prefix.get();
        state.with(|s| {
            let latest = s.samples.last().map(|s| &s.sample).or(s.untrained.as_ref());
            let sample = s.generated.iter().chain(latest).find(|sample| sample.prefix == prefix)?;
            words::unknown(&sample.unknown)
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        page.generate();
    };
    view! {
        <section class="panel conversation" aria-labelledby="conversation-title">
            <h2 id="conversation-title">"Conversation"</h2>
            <form class="ask" on:submit=submit>
                <div class="field">
                    <label for=PREFIX_ID>"Prefix"</label>
                    <input
                        type="text"
                        id=PREFIX_ID
                        name="prefix"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-describedby="unknown"
                        aria-invalid=move || page.prefix_error().map(|_| "true")
                        prop:value=page.prefix
                        on:input:target=move |event| page.set_prefix(event.target().value())
                    />
                </div>
                <button type="submit" disabled=move || !ready.get()>"Generate"</button>
            </form>
            <p class="note" id="unknown" data-testid="unknown" aria-live="polite">{unknown}</p>
            <p class="hint" hidden=move || generated.with(Option::is_some)>
                "Type how a sentence begins and let the network go on, from the weights it has just now. "
                "Before training, expect nonsense."
            </p>
            <output
                for=PREFIX_ID
                class="output"
                class:asking=asking
                data-testid="generated"
                aria-live="polite"
                aria-label="Continuation"
            >
                {move || generated.get().as_ref().map(sample_view)}
            </output>
        </section>
    }
}
