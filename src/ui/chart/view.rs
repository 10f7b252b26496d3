//! The curve: perplexity by epoch of every visible run; below it the slider through the epochs, and the sample of the
//! epoch that it is at.

pub mod canvas;
pub mod gradients;
pub mod save;

use leptos::html::Canvas;
use leptos::prelude::*;

use self::canvas::Chart;
use self::save::Save;
use super::label;
use super::picture::{self, INSETS, Picture};
use crate::ui::browser;
use crate::ui::browser::copy::CopyButton;
use crate::ui::language::{Words, fill, words};
use crate::ui::network::explain::Stage;
use crate::ui::network::view::explain::Explain;
use crate::ui::page::Page;
use crate::ui::runs::curve::Point;
use crate::ui::runs::names;
use crate::ui::runs::state::RunState;
use crate::ui::samples::view::sample_view;

/// The panel with chart, legend, slider and downloads.
#[component]
pub fn Curve(page: Page) -> impl IntoView {
    let w = page.words();
    let canvas = NodeRef::<Canvas>::new();
    let picture = Memo::new(move |_| {
        let logarithmic = page.charts.logarithmic.get();
        let behind = page.runs.reference();
        page.runs.drawn(|s| picture::curves(w, s, behind, logarithmic))
    });
    let label = Memo::new(move |_| {
        let reference = page.runs.reference().map(|(reference, _)| reference);
        page.runs.drawn(|s| {
            let (curve, held_out): (&[Point], &[Point]) =
                s.live().map_or((&[], &[]), |run| (&run.curve, &run.held_out));
            label::chart_label(w, curve, held_out, reference)
        })
    });
    let vocabulary = Memo::new(move |_| page.runs.state.with(|s| s.worker.vocabulary()));
    let empty = Memo::new(move |_| picture.with(Option::is_none));
    let svg = move || {
        let reference = untrack(|| reference(w, page));
        let legend = page.runs.state.with_untracked(|s| visible(w, s).into_iter().chain(held_out(w, s)));
        let legend: Vec<_> = legend.chain(reference).collect();
        let draw = |picture: &Option<Picture>| Some(save::chart(picture.as_ref()?, &legend));
        picture.with_untracked(draw).unwrap_or_default()
    };
    let csv = move || page.runs.state.with_untracked(|s| picture::csv(w, s));
    view! {
        <section class="panel curve" aria-labelledby="curve-title">
            <div class="heading">
                <h2 id="curve-title">{w.curve_title}</h2>
                <div class="tools">
                    <label class="switch">
                        <input
                            type="checkbox"
                            prop:checked=page.charts.logarithmic
                            on:change:target=move |event| page.charts.logarithmic.set(event.target().checked())
                        />
                        {w.logarithmic}
                    </label>
                    <Save w name="perplexity" svg csv disabled=empty.into() />
                </div>
                <Legend page />
            </div>
            <div
                class="frame"
                on:pointermove=move |event| {
                    let width = canvas.get_untracked().map_or(0.0, |canvas| canvas.client_width().into());
                    page.charts.hovered.set(picture.with_untracked(|p| epoch_at(p.as_ref()?, event.offset_x().into(), width)));
                }
                on:pointerleave=move |_| page.charts.hovered.set(None)
                on:click=move |_| {
                    if let Some(epoch) = page.charts.hovered.get_untracked() {
                        page.runs.pinned.set(Some(epoch));
                    }
                }
            >
                <Chart picture label canvas />
                <Reading page picture />
                <p class="hint empty" hidden=move || !empty.get()>
                    {move || fill(w.curve_empty, &[&vocabulary.get().to_string()])}
                </p>
            </div>
            <EpochSlider page picture />
            <Explain page stage=Stage::Perplexity />
        </section>
    }
}

/// The epoch under the pointer at `x` of `width` CSS pixels; `None` outside the plot.
fn epoch_at(picture: &Picture, x: f64, width: f64) -> Option<u32> {
    let [left, right, ..] = INSETS.map(|inset| inset * browser::scale());
    let position = (x - left) / (width - left - right);
    (0.0..=1.0).contains(&position).then(|| picture.x.value(position).round() as u32)
}

/// The legend: the runs by name, if there are several, the dashed lines, and PyTorch's curve.
#[component]
fn Legend(page: Page) -> impl IntoView {
    let w = page.words();
    let reference = Memo::new(move |_| reference(w, page).map(|(_, name)| name));
    // One run needs no name, unless it is not the visitor's.
    let runs = Memo::new(move |_| {
        let named = page.runs.drawn(|s| (visible(w, s), s.runs.iter().any(|run| run.visible && run.is_trained)));
        Some(named).filter(|(runs, is_trained)| runs.len() > 1 || *is_trained).map_or_else(Vec::new, |(runs, _)| runs)
    });
    let held_out = Memo::new(move |_| page.runs.drawn(|s| held_out(w, s)).map(|(_, name)| name));
    let entry = |(colour, name): (&'static str, String)| {
        view! { <li style=format!("--colour: var({colour})")>{name}</li> }
    };
    view! {
        <div class="legends">
            <ul class="legend-runs" data-testid="legend-runs">
                {move || runs.get().into_iter().map(entry).collect_view()}
            </ul>
            <p class="legend dashed" data-testid="legend-held-out" hidden=move || held_out.with(Option::is_none)>{held_out}</p>
            <p class="legend" data-testid="legend" hidden=move || reference.with(Option::is_none)>{reference}</p>
        </div>
    }
}

/// The colours and names of the visible runs.
fn visible(w: &'static Words, state: &RunState) -> Vec<(&'static str, String)> {
    let named = state.runs.iter().zip(names::names(w, &state.runs));
    let shown = named.filter(|(run, _)| run.visible && !run.curve.is_empty());
    shown.map(|(run, name)| (picture::colour(run), name)).collect()
}

/// The legend of the dashed lines, if there are any.
fn held_out(w: &Words, state: &RunState) -> Option<(&'static str, String)> {
    let is_shown = state.runs.iter().any(|run| run.visible && !run.held_out.is_empty());
    is_shown.then(|| ("--ink-soft", w.legend_held_out.to_owned()))
}

/// The colour and name of PyTorch's curve, if it is drawn.
fn reference(w: &Words, page: Page) -> Option<(&'static str, String)> {
    let (reference, _) = page.runs.reference()?;
    let is_drawn = page.runs.drawn(|s| s.own().is_none_or(|run| !run.curve.is_empty()));
    is_drawn.then(|| (picture::REFERENCE_COLOUR, reference.name(w)))
}

/// A vertical line at the chosen epoch or the one under the pointer, and the runs' perplexities there.
#[component]
fn Reading(page: Page, picture: Memo<Option<Picture>>) -> impl IntoView {
    let w = page.words();
    let reading = move || {
        page.charts.hovered.get().or(page.runs.pinned.get())?;
        let epoch = page.charts.hovered.get().unwrap_or_else(|| page.charts.epoch());
        let position = picture.with(|p| Some(p.as_ref()?.x.position(epoch.into())))?;
        let values = page.runs.state.with(|s| {
            let runs = s.runs.iter().filter(|run| run.visible);
            let values = runs.filter_map(|run| {
                let value = words::perplexity(run.perplexity(epoch)?);
                Some((picture::colour(run), value, run.validation(epoch).map(words::perplexity)))
            });
            values.collect::<Vec<_>>()
        });
        let side = if position > 0.6 { "reading left" } else { "reading" };
        let values = values.into_iter().map(|(colour, value, held_out)| {
            let held_out = held_out.map(|value| view! { " " <span class="held-out">{value}</span> });
            view! { <span class="value" style=format!("--colour: var({colour})")>{value}{held_out}</span> }
        });
        Some(view! {
            <div class=side style=format!("--place: {position}") aria-hidden="true" data-testid="reading">
                <p>{fill(w.at_epoch, &[&epoch.to_string()])} {values.collect_view()}</p>
            </div>
        })
    };
    view! { {reading} }
}

/// The slider through the epochs, and the sample of the epoch that it is at.
#[component]
fn EpochSlider(page: Page, picture: Memo<Option<Picture>>) -> impl IntoView {
    let w = page.words();
    let newest = Memo::new(move |_| page.runs.state.with(RunState::newest));
    // The slider is as long as the axis, so that its thumb is under the point on the chart.
    let last = Memo::new(move |_| picture.with(|p| p.as_ref().map_or(0.0, |p| p.x.high)).max(newest.get().into()));
    let epoch = Memo::new(move |_| page.charts.epoch());
    let sample = Memo::new(move |_| {
        let epoch = epoch.get();
        page.runs.state.with(|s| s.live().and_then(|run| run.sample(epoch)).cloned())
    });
    let title = Memo::new(move |_| {
        let epoch = epoch.get();
        let values =
            page.runs.state.with(|s| s.live().and_then(|run| Some((run.perplexity(epoch)?, run.validation(epoch)))));
        values.map_or(w.untrained.to_owned(), |(value, held_out)| label::epoch_label(w, epoch, value, held_out))
    });
    let branch = Memo::new(move |_| page.runs.branches_at());
    let shown = move || sample.with_untracked(|sample| sample.as_ref().map_or(String::new(), |s| s.text.clone()));
    view! {
        <div class="moment" class:unset=move || sample.with(Option::is_none)>
            <input
                type="range"
                class="scrub"
                aria-label=w.scrub
                aria-valuetext=title
                min="0"
                max=last
                disabled=move || newest.get() == 0
                prop:value=move || {
                    // Tracked, since the browser clamps the value to the current maximum.
                    last.get();
                    epoch.get().to_string()
                }
                on:input:target=move |event| {
                    page.runs.pin(event.target().value().parse().unwrap_or_default());
                    // The slider does not move beyond the latest epoch.
                    event.target().set_value(&untrack(|| page.charts.epoch()).to_string());
                }
            />
            <div class="moment-words">
                <h3 data-testid="moment-title">{title}</h3>
                <button type="button" class="quiet" hidden=move || page.runs.pinned.get().is_none() on:click=move |_| {
                    page.runs.pinned.set(None);
                }>
                    {w.newest}
                </button>
                <CopyButton w name=w.copy text=shown />
                <button
                    type="button"
                    class="quiet"
                    title=w.branch_note
                    hidden=move || branch.get().is_none()
                    on:click=move |_| {
                        if let Some(epoch) = branch.get_untracked() {
                            page.branch(epoch);
                        }
                    }
                >
                    {w.branch}
                </button>
            </div>
            <p class="note" hidden=move || page.runs.pinned.get().is_none() || branch.get().is_none()>{w.branch_note}</p>
            <p class="row" data-testid="moment">{move || sample.get().as_ref().map(sample_view)}</p>
        </div>
    }
}
