//! Model and data: the text, the network, the shapes of a minibatch, memory and speed.

pub mod explain;
pub mod profile;

use leptos::prelude::*;

use self::explain::Explain;
use self::profile::KernelTimes;
use super::explain::Stage;
use super::shapes;
use crate::ui::language::fill;
use crate::ui::language::words::{grouped, megabytes};
use crate::ui::page::Page;

/// The panel, for the settings in the form.
#[component]
pub fn Network(page: Page) -> impl IntoView {
    let w = page.words();
    let text = move || {
        let text = page.runs.state.with(|s| s.worker.text.clone());
        text.map_or(w.none.to_owned(), |t| {
            let edition = if t.is_books { w.books_edition } else { &t.name };
            fill(w.text_tokens, &[edition, &grouped(t.tokens.into()), &t.vocabulary.to_string()])
        })
    };
    let speed = Memo::new(move |_| page.runs.state.with(|s| s.speed(w)));
    let network = move || {
        let vocabulary = page.runs.state.with(|s| s.worker.text.as_ref().map(|t| u64::from(t.vocabulary)));
        let hidden = page.settings.config.with(|c| c.as_ref().ok().map(|c| u64::from(c.hidden)));
        vocabulary.zip(hidden).map_or(w.none.to_owned(), |(v, h)| {
            fill(w.network_facts, &[&v.to_string(), &grouped(h), &grouped(2 * v * h + h * h + h + v)])
        })
    };
    // Each shape stays on one line.
    let shape = |(i, text)| view! { {(i > 0).then_some(" · ")} <span class="whole">{text}</span> };
    let shapes = move || {
        let vocabulary = page.runs.state.with(|s| s.worker.text.as_ref().map(|t| t.vocabulary));
        let config = page.settings.config.with(|c| c.as_ref().ok().copied());
        match config.zip(vocabulary) {
            Some((config, vocabulary)) => {
                shapes::shapes(w, &config, vocabulary).into_iter().enumerate().map(shape).collect_view().into_any()
            }
            None => w.none.into_any(),
        }
    };
    view! {
        <section class="panel network" aria-labelledby="network-title">
            <h2 id="network-title">{w.network_title}</h2>
            <dl class="facts">
                <div>
                    <dt>{w.text}</dt>
                    <dd>{text}</dd>
                </div>
                <div>
                    <dt>{w.network}</dt>
                    <dd>{network}</dd>
                </div>
                <div>
                    <dt>{w.shapes}</dt>
                    <dd data-testid="shapes">{shapes}</dd>
                </div>
                <div>
                    <dt>{w.memory}</dt>
                    <dd data-testid="gpu-memory">
                        {move || page.runs.state.with(|s| s.figures.bytes.map_or_else(|| w.none.to_owned(), megabytes))}
                    </dd>
                </div>
                <div hidden=move || speed.with(Option::is_none)>
                    <dt>{w.speed}</dt>
                    <dd data-testid="speed">{speed}</dd>
                </div>
                <div>
                    <dt>{w.race}</dt>
                    <dd data-testid="race">{move || page.runs.state.with(|s| shapes::race(w, &s.worker.race))}</dd>
                </div>
            </dl>
            <Explain page stage=Stage::Forward />
            <KernelTimes page />
        </section>
    }
}
