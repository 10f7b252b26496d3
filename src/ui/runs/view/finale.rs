//! The result of a finished run.

use leptos::prelude::*;

use crate::protocol::FinalReport;
use crate::ui::language::{Words, fill, words};
use crate::ui::page::Page;
use crate::ui::samples::view::sample_view;

/// Appears at the end of a run, with what the book prints: perplexity, speed, device and two continuations; and a
/// comparison, if the settings are the book's.
#[component]
pub fn Finale(page: Page) -> impl IntoView {
    let w = page.words();
    let report = Memo::new(move |_| page.runs.state.with(|s| s.live().and_then(|run| run.report.clone())));
    move || {
        report.get().map(|report| {
            let comparison = page.runs.state.with_untracked(|s| s.comparison(w));
            view! { <Report w report comparison /> }
        })
    }
}

#[component]
fn Report(w: &'static Words, report: FinalReport, comparison: Option<String>) -> impl IntoView {
    let FinalReport { epochs, perplexity, tokens_per_second, device, samples } = report;
    let speed = words::grouped(tokens_per_second.round() as u64);
    let ended = fill(w.ended_words, &[&words::epochs(w, epochs), &words::perplexity(perplexity), &speed, &device]);
    view! {
        <section class="panel finale" aria-labelledby="finale-title" data-testid="final">
            <h2 id="finale-title">{w.ended}</h2>
            <p>{ended}</p>
            {comparison.map(|said| view! { <p class="comparison" data-testid="comparison">{said}</p> })}
            <ul class="rows">
                {samples.iter().map(|sample| view! { <li>{sample_view(sample)}</li> }).collect_view()}
            </ul>
        </section>
    }
}
