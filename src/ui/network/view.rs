//! Model and data: the text, the network, the shapes of a minibatch, memory and speed.

pub mod explain;
pub mod profile;

use leptos::prelude::*;

use self::explain::Explain;
use self::profile::KernelTimes;
use super::explain::Stage;
use super::shapes;
use crate::model::Config;
use crate::protocol::TextFacts;
use crate::ui::language::fill;
use crate::ui::language::words::megabytes;
use crate::ui::page::Page;

/// Configuration and vocabulary size of the network that the worker has.
fn of_run(page: Page) -> Option<(Config, u32)> {
    page.runs.state.with(|s| s.network().map(|(config, text)| (config, text.vocabulary)))
}

/// The same of the next one, by the form.
fn of_form(page: Page) -> Option<(Config, u32)> {
    let config = page.settings.config.with(|c| c.as_ref().ok().copied());
    config.zip(page.runs.state.with(|s| s.worker.text.as_ref().map(|text| text.vocabulary)))
}

/// The panel, for the current run, or else for the settings in the form.
#[component]
pub fn Network(page: Page) -> impl IntoView {
    let w = page.words();
    let state = page.runs.state;
    let shown = Memo::new(move |_| of_run(page).or_else(|| of_form(page)));
    let text_words = move |text: Option<&TextFacts>| text.map_or(w.none.to_owned(), |text| shapes::text(w, text));
    let chosen = move || state.with(|s| text_words(s.worker.text.as_ref()));
    let text = move || state.with(|s| text_words(s.network().map(|of| of.1).or(s.worker.text.as_ref())));
    let network = move || shown.get().map_or(w.none.to_owned(), |(config, v)| shapes::network(w, &config, v));
    let next = move || {
        let (now, then) = of_run(page).zip(of_form(page))?;
        let network = |(config, vocabulary): (Config, u32)| {
            let Config { cell, style, layers, hidden, batch, steps, .. } = config;
            (cell, style, layers, hidden, batch, steps, vocabulary)
        };
        let differs = network(now) != network(then) || text() != chosen();
        differs.then(|| fill(w.network_next, &[&chosen(), &shapes::network(w, &then.0, then.1)]))
    };
    // Each shape stays on one line.
    let shape = |(i, text)| view! { {(i > 0).then_some(" · ")} <span class="whole">{text}</span> };
    let shapes = move || match shown.get() {
        Some((config, vocabulary)) => {
            shapes::shapes(w, &config, vocabulary).into_iter().enumerate().map(shape).collect_view().into_any()
        }
        None => w.none.into_any(),
    };
    let speed = Memo::new(move |_| state.with(|s| s.speed(w)));
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
            <p class="note" data-testid="next-network">{next}</p>
            <Explain page stage=Stage::Forward />
            <KernelTimes page />
        </section>
    }
}
