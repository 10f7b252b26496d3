//! One unit over a text, the ranking of all, and where else in the text a unit is as active.

use leptos::prelude::*;

use super::passage::{Shaded, characters};
use crate::kernels::note::Row;
use crate::model::Config;
use crate::protocol::{Place, Selective};
use crate::text::UNKNOWN_TEXT;
use crate::ui::browser;
use crate::ui::chart::view::save::{Save, with_colours};
use crate::ui::inside::look::Source;
use crate::ui::inside::{shaded, units};
use crate::ui::language::fill;
use crate::ui::language::words::grouped;
use crate::ui::page::Page;

/// The units of the ranking that are shown.
const SHOWN: usize = 8;

/// The characters that a ranking reads, about.
const READ: u64 = 3200;

#[component]
pub fn Unit(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch) = (page.inside.look, page.inside.watch);
    let characters = characters(page);
    let config = Memo::new(move |_| page.inside.config().unwrap_or_default());
    let rows = move || config.with(units::rows);
    let row = Memo::new(move |_| look.with(|look| look.row).min(config.with(units::rows).len() - 1));
    let numbers =
        Memo::new(move |_| watch.with(|watch| watch.unit.as_ref().map_or(Vec::new(), |(.., rows)| rows.clone())));
    let shades = Memo::new(move |_| {
        numbers
            .with(|rows| rows.get(row.get()).map_or(Vec::new(), |row| row.iter().copied().map(units::tint).collect()))
    });
    let unit = Memo::new(move |_| look.with(|look| config.with(|config| look.fitted(config).unit)));
    let here = move || {
        let at = look.with(|look| look.position(characters.with(Vec::len))) as usize;
        fill(w.unit_numbers, &[&numbers.with(|numbers| units::numbers(rows(), numbers, at))])
    };
    let svg = move || {
        let colours = ["--run-2", "--run-1"].map(browser::colour);
        let shades = shades.get_untracked();
        let of = |shade: &f32| (colours[usize::from(*shade > 0.0)].clone(), shade.abs());
        let shades: Vec<(String, f32)> = shades.iter().map(of).collect();
        let title = format!("{} {}: {}", w.unit_number, unit.get_untracked() + 1, untrack(here));
        with_colours(|colours| shaded::text(&title, &characters.get_untracked(), &shades, colours))
    };
    let csv = move || units::csv(&characters.get_untracked(), untrack(rows), &numbers.get_untracked());
    view! {
        <Choose page config />
        <label class="choice" hidden=move || rows().len() < 2>
            <span>{w.unit_row}</span>
            <select on:change:target=move |event| {
                look.update(|look| look.row = event.target().value().parse().unwrap_or_default());
            }>
                {move || {
                    let option = |(i, of): (usize, &Row)| {
                        view! { <option value=i selected=move || row.get() == i>{of.name().replace("_{t}", "")}</option> }
                    };
                    rows().iter().enumerate().map(option).collect_view()
                }}
            </select>
        </label>
        <Shaded page label=w.unit_title shades />
        <p class="note" data-testid="unit-numbers" aria-live="polite">{here}</p>
        <div class="tools">
            <Save w name="unit" svg csv />
        </div>
        <Ranking page />
        <Elsewhere page />
    }
}

/// Layer and number of the unit; keys go from one to the next.
#[component]
fn Choose(page: Page, config: Memo<Config>) -> impl IntoView {
    let w = page.words();
    let look = page.inside.look;
    let last = move || config.with(|config| config.hidden.saturating_sub(1));
    let go = move |unit: u32| {
        look.update(|look| {
            look.unit = unit;
            look.elsewhere = None;
        });
    };
    let unit = Memo::new(move |_| look.with(|look| look.unit.min(last())));
    let step = move |by: i64| {
        let count = i64::from(untrack(last)) + 1;
        go((i64::from(unit.get_untracked()) + by).rem_euclid(count) as u32);
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "PageUp" => -1,
            "PageDown" => 1,
            _ => return,
        };
        event.prevent_default();
        step(by);
    };
    view! {
        <div class="picking" on:keydown=keys>
            <label class="choice" hidden=move || config.with(|config| config.layers < 2)>
                <span>{w.unit_layer}</span>
                <select on:change:target=move |event| {
                    look.update(|look| look.layer = event.target().value().parse().unwrap_or_default());
                }>
                    {move || {
                        let option = |layer: u32| {
                            view! {
                                <option value=layer selected=move || look.with(|look| config.with(|config| look.fitted(config).layer == layer))>{layer + 1}</option>
                            }
                        };
                        (0..config.with(|config| config.layers)).map(option).collect_view()
                    }}
                </select>
            </label>
            <label class="slide">
                <span>{w.unit_number} " " <b data-testid="unit">{move || unit.get() + 1}</b></span>
                <input
                    type="range"
                    min="0"
                    max=move || last().to_string()
                    prop:value=move || unit.get().to_string()
                    aria-valuetext=move || (unit.get() + 1).to_string()
                    on:input:target=move |event| go(event.target().value_as_number() as u32)
                />
            </label>
            <button type="button" class="quiet" aria-label=w.unit_previous on:click=move |_| step(-1)>"‹"</button>
            <button type="button" class="quiet" aria-label=w.unit_next on:click=move |_| step(1)>"›"</button>
        </div>
    }
}

/// The most selective units, as buttons.
#[component]
fn Ranking(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch) = (page.inside.look, page.inside.watch);
    let ranking = Memo::new(move |_| watch.with(|watch| watch.ranking.iter().take(SHOWN).copied().collect::<Vec<_>>()));
    let entry = move |found: Selective| {
        let choose = move |_| {
            look.update(|look| {
                (look.layer, look.unit, look.row, look.elsewhere) = (found.layer, found.unit, 0, None);
            });
        };
        let find = move |_| {
            look.update(|look| (look.layer, look.unit, look.elsewhere) = (found.layer, found.unit, Some(found)));
        };
        let is_chosen = move || look.with(|look| (look.layer, look.unit) == (found.layer, found.unit));
        let number = format!("{} {}", w.unit_number, found.unit + 1);
        let name = format!("{}: {number}", w.unit_elsewhere);
        view! {
            <li>
                <button type="button" class="quiet" aria-pressed=move || is_chosen().to_string() on:click=choose>{number}</button>
                <span>{units::said(w, &found)}</span>
                <button type="button" class="quiet" aria-label=name on:click=find>{w.unit_find}</button>
            </li>
        }
    };
    view! {
        <div hidden=move || ranking.with(Vec::is_empty)>
            <h4>{w.unit_ranking}</h4>
            <ol class="ranking" data-testid="ranking">{move || ranking.get().into_iter().map(entry).collect_view()}</ol>
            <p class="note">{fill(w.unit_share, &[&grouped(READ)])}</p>
        </div>
    }
}

/// Where else in the text the unit is as active.
#[component]
fn Elsewhere(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch) = (page.inside.look, page.inside.watch);
    let places = Memo::new(move |_| {
        let wanted = look.with(|look| look.elsewhere)?;
        watch.with(|watch| watch.places.clone()).filter(|(unit, _)| *unit == wanted)
    });
    let place = move |unit: Selective, Place { first, characters, states }: Place| {
        let character = move |(character, state): (Option<char>, f32)| {
            let text = character.map_or(UNKNOWN_TEXT.to_owned(), String::from);
            let shade = format!("--shade: {:.2}", units::tint(state).abs());
            view! { <span data-at="" class:negative=state < 0.0 class:active=unit.is_active(state) style=shade>{text}</span> }
        };
        let text = characters.into_iter().zip(states).map(character).collect_view();
        let read = move |_| look.update(|look| (look.source, look.at) = (Source::Text(first), None));
        let name = fill(w.inside_at, &[&grouped(u64::from(first) + 1)]);
        view! {
            <li>
                <p class="output">{text}</p>
                <button type="button" class="quiet" on:click=read>{name}</button>
            </li>
        }
    };
    move || {
        places.get().map(|(unit, places)| {
            let is_empty = places.is_empty();
            view! {
                <h4>{fill(w.unit_places, &[&(unit.unit + 1).to_string()])}</h4>
                <p class="note" hidden=!is_empty>{w.unit_no_places}</p>
                <ol class="places" data-testid="places">
                    {places.into_iter().map(|of| place(unit, of)).collect_view()}
                </ol>
            }
        })
    }
}
