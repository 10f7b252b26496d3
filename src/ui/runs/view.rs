//! The list of runs: each with its colour, name and result; to show, rename, share or delete it and to load its
//! settings. And further runs to compare with.

pub mod compare;
pub mod finale;

use leptos::prelude::*;

use self::compare::Compare;
use super::names;
use super::run::Run;
use crate::model::config::SETTINGS;
use crate::ui::browser::copy::CopyButton;
use crate::ui::chart::picture;
use crate::ui::language::{Words, fill, words};
use crate::ui::page::Page;

#[component]
pub fn Runs(page: Page) -> impl IntoView {
    let w = page.words();
    let numbers = Memo::new(move |_| page.runs.drawn(|s| s.runs.iter().map(|run| run.number).collect::<Vec<_>>()));
    let names = Memo::new(move |_| page.runs.drawn(|s| numbers_with(names::names(w, &s.runs), &s.runs)));
    view! {
        <section class="panel runs" aria-labelledby="runs-title">
            <h2 id="runs-title">{w.runs}</h2>
            <p class="hint" hidden=move || numbers.with(|numbers| !numbers.is_empty())>{w.runs_empty}</p>
            <ol class="run-list" data-testid="runs">
                <For each=move || numbers.get() key=|number| *number let:number>
                    <Entry page number names />
                </For>
            </ol>
            <Compare page />
        </section>
    }
}

fn numbers_with(names: Vec<String>, runs: &[Run]) -> Vec<(u32, String)> {
    runs.iter().map(|run| run.number).zip(names).collect()
}

/// One run. Its name is a field that looks like plain text until it is pointed at.
#[component]
fn Entry(page: Page, number: u32, names: Memo<Vec<(u32, String)>>) -> impl IntoView {
    let w = page.words();
    let look = move |look: &dyn Fn(&Run) -> String| {
        page.runs.drawn(|s| s.runs.iter().find(|run| run.number == number).map(look)).unwrap_or_default()
    };
    let facts = Memo::new(move |_| look(&|run| facts(w, run)));
    let name = move || names.with(|names| names.iter().find(|(n, _)| *n == number).map(|(_, name)| name.clone()));
    let visible =
        Memo::new(move |_| page.runs.state.with(|s| s.runs.iter().any(|run| run.number == number && run.visible)));
    let given = Memo::new(move |_| look(&|run| run.name.clone()));
    let under_way = Memo::new(move |_| page.runs.state.with(|s| s.active() && s.shown == number));
    let link = move || {
        let location = window().location();
        let place = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
        place + &untrack(|| look(&Run::address))
    };
    let open = move |_| {
        page.runs
            .state
            .with_untracked(|s| s.runs.iter().find(|run| run.number == number).cloned())
            .inspect(|run| page.runs.open(run));
    };
    let menu = page.runs.menu;
    // One at a time: another one that opens closes this one.
    let note = move |open| {
        if open {
            menu.set(Some(number));
        } else if menu.get_untracked() == Some(number) {
            menu.set(None);
        }
    };
    let colour = untrack(|| look(&|run| picture::colour(run).to_owned()));
    let settings = untrack(|| look(&|run| settings(w, run)));
    let number_said = number.to_string();
    view! {
        <li style=format!("--colour: var({colour})")>
            <input
                type="checkbox"
                class="swatch"
                aria-label=fill(w.run_shown, &[&number_said])
                prop:checked=visible
                on:change:target=move |event| page.runs.state.update(|s| s.show(number, event.target().checked()))
            />
            <input
                type="text"
                class="run-name"
                dir="auto"
                aria-label=fill(w.run_name, &[&number_said])
                autocomplete="off"
                spellcheck="false"
                placeholder=name
                prop:value=given
                on:change:target=move |event| page.runs.state.update(|s| s.rename(number, event.target().value()))
            />
            <details
                class="menu"
                open=move || menu.get() == Some(number)
                on:toggle:target=move |event| note(event.target().open())
            >
                <summary aria-label=fill(w.run_actions, &[&number_said])>"⋯"</summary>
                <div class="menu-inner">
                    <p class="note">{settings}</p>
                    <button type="button" class="quiet" on:click=open>{w.run_open}</button>
                    <CopyButton w name=w.run_link text=link />
                    <button
                        type="button"
                        class="quiet"
                        disabled=under_way
                        on:click=move |_| page.runs.state.update(|s| s.delete(number))
                    >
                        {w.run_delete}
                    </button>
                </div>
            </details>
            <p class="run-facts">{facts}</p>
        </li>
    }
}

/// A run's epoch and perplexity, time, device and latest change of hyperparameters.
fn facts(w: &Words, run: &Run) -> String {
    let reached = run
        .curve
        .last()
        .map(|&(epoch, perplexity)| fill(w.run_facts, &[&epoch.to_string(), &words::perplexity(perplexity)]));
    let time = (run.seconds > 0.0 && !run.is_trained).then(|| words::duration(w, run.seconds));
    let hyperparameters = run.marks.last().map(|mark| {
        fill(w.changed_to, &[&mark.hyperparameters.learning_rate.to_string(), &mark.hyperparameters.clip.to_string()])
    });
    [reached, time, run.device.clone(), hyperparameters].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// All settings of a run with their values.
fn settings(w: &Words, run: &Run) -> String {
    let said = SETTINGS.iter().map(|setting| {
        let value = run.config.get(setting.key).unwrap_or_default();
        fill(w.item, &[words::label(w, setting.key), words::value(w, &value)])
    });
    said.collect::<Vec<_>>().join(" · ")
}
