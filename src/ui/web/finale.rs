//! What a finished run came to.

use leptos::prelude::*;

use super::page::Page;
use super::samples::sample_view;
use crate::protocol::FinalReport;
use crate::ui::state::RunState;
use crate::ui::words;

/// Appears at the end of a run, as the book prints it: perplexity, speed, device, two continuations; and, where the
/// settings are the book's, how the run compares.
#[component]
pub fn Finale(page: Page) -> impl IntoView {
    let report = Memo::new(move |_| page.state.with(|s| s.report.clone()));
    move || {
        report.get().map(|report| {
            let comparison = page.state.with_untracked(RunState::comparison);
            view! { <Report report comparison /> }
        })
    }
}

#[component]
fn Report(report: FinalReport, comparison: Option<String>) -> impl IntoView {
    let FinalReport { epochs, perplexity, tokens_per_second, device, samples } = report;
    view! {
        <section class="panel finale" aria-labelledby="finale-title" data-testid="final">
            <h2 id="finale-title">"How it ended"</h2>
            <p>
                "After " {epochs} {if epochs == 1 { " epoch" } else { " epochs" }} ": perplexity "
                <strong>{words::perplexity(perplexity)}</strong> ", "
                <strong>{words::grouped(tokens_per_second.round() as u64)} " tokens/s"</strong> " on " {device} "."
            </p>
            {comparison.map(|said| view! { <p class="comparison" data-testid="comparison">{said}</p> })}
            <ul class="rows">
                {samples.iter().map(|sample| view! { <li>{sample_view(sample)}</li> }).collect_view()}
            </ul>
        </section>
    }
}
