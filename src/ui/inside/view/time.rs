//! The gradient through time, and what would be if the state's weights were other.

use leptos::prelude::*;

use crate::protocol::MOST_SCALE;
use crate::ui::chart::picture::Picture;
use crate::ui::chart::view::canvas::Chart;
use crate::ui::chart::view::save::{self, Save};
use crate::ui::inside::time;
use crate::ui::language::fill;
use crate::ui::page::Page;
use crate::ui::runs::names;

#[component]
pub fn Time(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch) = (page.inside.look, page.inside.watch);
    let steps = Memo::new(move |_| page.inside.config().map_or(0, |config| config.steps));
    let picture = Memo::new(move |_| watch.with(|watch| time::picture(w, &watch.curves, steps.get())));
    let said = Memo::new(move |_| watch.with(|watch| time::said(w, &watch.curves, steps.get())));
    let label = Memo::new(move |_| said.get().unwrap_or_else(|| w.time_empty.to_owned()));
    let clipping = Memo::new(move |_| page.runs.drawn(|s| s.live().and_then(|run| time::clipping(w, run))));
    let names = move || {
        page.runs.drawn(|s| s.runs.iter().map(|run| run.number).zip(names::names(w, &s.runs)).collect::<Vec<_>>())
    };
    let legend = Memo::new(move |_| {
        let names = names();
        watch.with(|watch| {
            time::legend(w, &watch.curves, &names)
                .into_iter()
                .map(|(colour, name, _)| (colour, name))
                .collect::<Vec<_>>()
        })
    });
    let entry =
        |(colour, name): (&'static str, String)| view! { <li style=format!("--colour: var({colour})")>{name}</li> };
    let scale = Memo::new(move |_| look.with(|look| look.scale));
    let svg = move || {
        let draw = |picture: &Option<Picture>| Some(save::chart(picture.as_ref()?, &legend.get_untracked()));
        picture.with_untracked(draw).unwrap_or_default()
    };
    let csv = move || watch.with_untracked(|watch| time::csv(w, &watch.curves, &untrack(names)));
    let has_kept = Memo::new(move |_| watch.with(|watch| !watch.curves.kept.is_empty()));
    view! {
        <ul class="legend-runs">{move || legend.get().into_iter().map(entry).collect_view()}</ul>
        <div class="frame small">
            <Chart picture label test_id="time-chart" />
            <p class="hint empty" hidden=move || picture.with(Option::is_some)>{w.time_empty}</p>
        </div>
        <label class="slide">
            <span>{move || fill(w.time_scale, &[&format!("{:.1}", scale.get())])}</span>
            <input
                type="range"
                min="0"
                max=MOST_SCALE
                step="0.1"
                data-testid="scale"
                prop:value=move || scale.get().to_string()
                on:input:target=move |event| {
                    let value = (event.target().value_as_number() * 10.0).round() / 10.0;
                    look.update(|look| look.scale = value as f32);
                }
            />
        </label>
        <p data-testid="time-said" aria-live="polite">{said} " " {clipping}</p>
        <p class="note">{move || fill(w.time_border, &[&steps.get().to_string()])}</p>
        <div class="tools">
            <button type="button" class="quiet" on:click=move |_| watch.update(|watch| watch.curves.keep())>{w.time_keep}</button>
            <button
                type="button"
                class="quiet"
                hidden=move || !has_kept.get()
                on:click=move |_| watch.update(|watch| watch.curves.kept.clear())
            >
                {w.time_forget}
            </button>
            <Save w name="gradient-through-time" svg csv />
        </div>
    }
}
