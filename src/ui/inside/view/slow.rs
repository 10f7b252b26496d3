//! A time step in slow motion: the stages up to the present one.

use leptos::prelude::*;

use super::passage::{Shaded, characters};
use crate::ui::inside::slow::{self, Stage};
use crate::ui::language::fill;
use crate::ui::network::view::explain::formula_view;
use crate::ui::page::Page;

#[component]
pub fn Slow(page: Page) -> impl IntoView {
    let w = page.words();
    let (look, watch, shown) = (page.inside.look, page.inside.watch, page.inside.stage);
    let characters = characters(page);
    let config = Memo::new(move |_| page.inside.config().unwrap_or_default());
    let at = Memo::new(move |_| look.with(|look| look.position(characters.with(Vec::len).saturating_sub(1))) as usize);
    // Of the newest answer, with its own settings and characters.
    let stages = Memo::new(move |_| {
        let layer = look.with(|look| look.layer);
        watch
            .with(|watch| watch.step.as_ref().map_or(Vec::new(), |(config, step)| slow::stages(w, config, step, layer)))
    });
    let count = move || stages.with(Vec::len);
    let now = Memo::new(move |_| shown.get().min(count().saturating_sub(1)));
    let go = move |forward: bool| {
        let (stage, last) = (now.get_untracked(), untrack(count).saturating_sub(1));
        let (at, end) = (at.get_untracked() as u32, characters.with_untracked(Vec::len).saturating_sub(2) as u32);
        match forward {
            true if stage < last => shown.set(stage + 1),
            true if at < end => {
                shown.set(0);
                look.update(|look| look.at = Some(at + 1));
            }
            false if stage > 0 => shown.set(stage - 1),
            false if at > 0 => {
                shown.set(last);
                look.update(|look| look.at = Some(at - 1));
            }
            _ => {}
        }
    };
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let forward = match event.key().as_str() {
            "ArrowDown" => true,
            "ArrowUp" => false,
            _ => return,
        };
        event.prevent_default();
        go(forward);
    };
    let none = Memo::new(|_| Vec::new());
    let stage = move |(i, stage): (usize, Stage)| stage_view(page, stage, move || now.get() == i);
    view! {
        <div class="slow" on:keydown=keys>
            <Shaded page label=w.slow_title shades=none but_last=true />
            <div class="tools">
                <button type="button" class="quiet" aria-label=w.slow_back on:click=move |_| go(false)>"‹"</button>
                <span data-testid="slow-stage" aria-live="polite">
                    {move || fill(w.slow_of, &[&(now.get() + 1).to_string(), &count().to_string()])}
                </span>
                <button type="button" class="quiet" aria-label=w.slow_forward on:click=move |_| go(true)>"›"</button>
            </div>
            <ol class="stages" data-testid="stages">
                {move || {
                    let stages = stages.get().into_iter().enumerate().take(now.get() + 1);
                    stages.map(stage).collect_view()
                }}
            </ol>
            <p class="note">{move || config.with(|config| slow::more(w, config))}</p>
        </div>
    }
}

/// A stage with its formula, its numbers, and where the kernels have it.
fn stage_view(page: Page, stage: Stage, is_now: impl Fn() -> bool + Send + Sync + 'static) -> impl IntoView {
    let w = page.words();
    let Stage { formula, rows, characters, note, place, backward } = stage;
    let row = |(name, numbers): (String, Vec<f32>)| {
        let cells = numbers.into_iter().map(|x| view! { <td>{slow::number(x)}</td> }).collect_view();
        view! {
            <tr>
                <th scope="row">{formula_view(&name)}</th>
                {cells}
            </tr>
        }
    };
    let pair = |(character, number): (String, f32)| {
        view! {
            <li>
                <b>{character}</b> <span>{slow::number(number)}</span>
            </li>
        }
    };
    let said = formula_view(&formula);
    let rows = (!rows.is_empty()).then(|| {
        view! {
            <div class="scroll" tabindex="0" role="region" aria-label=formula>
                <table class="numbers">
                    <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
    });
    let characters = (!characters.is_empty())
        .then(|| view! { <ul class="pairs">{characters.into_iter().map(pair).collect_view()}</ul> });
    let place = place.map(|(stage, part)| {
        view! {
            <button type="button" class="quiet" on:click=move |_| page.network.show(stage, part)>{w.slow_place}</button>
        }
    });
    view! {
        <li class:backward=backward aria-current=move || is_now().then_some("step")>
            <p class="formula">{said}</p>
            <p hidden=note.is_empty()>{note.clone()}</p>
            {rows}
            {characters}
            {place}
        </li>
    }
}
