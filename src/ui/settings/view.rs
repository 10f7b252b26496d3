//! The settings form: one labelled field for every setting, and the three modes that set two of them at once.

pub mod start;

use leptos::prelude::*;

use crate::model::config::{SETTINGS, Setting, TEXT_KEYS, Values};
use crate::protocol::Rates;
use crate::ui::language::fill;
use crate::ui::language::words;
use crate::ui::network::explain::Stage;
use crate::ui::network::view::explain::Explain;
use crate::ui::page::{Page, field_id};
use crate::ui::runs::state::RunState;
use crate::ui::settings::form::{Form, Mode};
use crate::ui::settings::view::start::Start;
use crate::ui::text::view::TextPart;

/// The form, and what it amounts to.
#[component]
pub fn Settings(page: Page) -> impl IntoView {
    let w = page.words();
    let active = Memo::new(move |_| page.state.with(RunState::active));
    let other = Memo::new(move |_| {
        let config = page.config.with(|c| c.as_ref().ok().copied())?;
        let labels = page.state.with(|s| s.needs_new_run(&config)).into_iter().map(|key| words::label(w, key));
        let labels: Vec<&str> = labels.collect();
        (!labels.is_empty() && !page.next.get()).then(|| fill(w.new_run_note, &[&labels.join(w.list_separator)]))
    });
    let own = SETTINGS.iter().filter(|setting| !TEXT_KEYS.contains(&setting.key));
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <h2 id="settings-title">{w.settings}</h2>
            <Modes page />
            <div class="preset">
                <button type="button" on:click=move |_| page.set_book()>{w.exactly_the_book}</button>
                <p class="note">{w.exactly_the_book_note}</p>
            </div>
            <div class="fields">
                {own.map(|setting| view! { <Field page setting /> }).collect_view()}
            </div>
            <p class="note" data-testid="settings-note" hidden=move || !active.get()>
                {move || other.get().unwrap_or_else(|| w.rates_note.to_owned())}
            </p>
            <TextPart page />
            <Start page />
            <Break page />
            <Explain page stage=Stage::Minibatch />
        </section>
    }
}

/// Two lessons: rates with which no network learns.
#[component]
fn Break(page: Page) -> impl IntoView {
    let w = page.words();
    let lesson = |name: &'static str, rates: Rates| {
        view! { <button type="button" class="quiet" on:click=move |_| page.try_rates(rates)>{name}</button> }
    };
    view! {
        <details class="start">
            <summary>{w.break_it}</summary>
            <div class="start-inner">
                <p class="note">{w.break_it_note}</p>
                <div class="buttons">
                    {lesson(w.break_rate, Rates { learning_rate: 100.0, clip: 1.0 })}
                    {lesson(w.break_clip, Rates { learning_rate: 3.0, clip: 1e9 })}
                </div>
            </div>
        </details>
    }
}

/// The choice between the book's two runs and random sampling.
#[component]
fn Modes(page: Page) -> impl IntoView {
    let w = page.words();
    let mode = Memo::new(move |_| page.form.with(Form::mode));
    view! {
        <fieldset class="modes">
            <legend>{w.mode}</legend>
            {Mode::ALL
                .into_iter()
                .map(|choice| {
                    view! {
                        <label class="mode">
                            <input
                                type="radio"
                                name="mode"
                                prop:checked=move || mode.get() == Some(choice)
                                on:change=move |_| page.form.update(|form| form.set_mode(choice))
                            />
                            <span>
                                <strong>{choice.name(w)}</strong>
                                <small>{choice.meaning(w)}</small>
                            </span>
                        </label>
                    }
                })
                .collect_view()}
        </fieldset>
    }
}

/// One setting's label and field.
#[component]
pub fn Field(page: Page, setting: &'static Setting) -> impl IntoView {
    let w = page.words();
    let key = setting.key;
    let value = Memo::new(move |_| page.form.with(|form| form.get(key).to_owned()));
    let wrong = Memo::new(move |_| page.config.with(|c| c.as_ref().is_err_and(|e| e.iter().any(|e| e.key() == key))));
    let invalid = move || wrong.get().then_some("true");
    let choose = move |text: String| page.edit(key, &text);
    let control = match setting.values {
        Values::Words(choices) => view! {
            <select
                id=field_id(key)
                name=key
                aria-invalid=invalid
                prop:value=value
                on:change:target=move |event| choose(event.target().value())
            >
                {stray(value, choices)}
                {choices.iter().map(|word| view! { <option value=*word selected=move || value.get() == **word>{words::value(w, word)}</option> }).collect_view()}
            </select>
        }
        .into_any(),
        Values::Whole(..) | Values::Positive(_) => view! {
            <input
                type="text"
                id=field_id(key)
                name=key
                inputmode=if matches!(setting.values, Values::Whole(..)) { "numeric" } else { "decimal" }
                autocomplete="off"
                spellcheck="false"
                aria-invalid=invalid
                prop:value=value
                on:input:target=move |event| choose(event.target().value())
            />
        }
        .into_any(),
    };
    view! {
        <div class="field" class:wrong=wrong>
            <label for=field_id(key)>{words::label(w, key)}</label>
            {control}
        </div>
    }
}

/// A word from the address that is none of the choices: shown as it stands, so that it can be seen and changed.
fn stray(value: Memo<String>, words: &'static [&'static str]) -> impl IntoView {
    move || {
        let value = value.get();
        (!words.contains(&value.as_str()))
            .then(|| view! { <option value=value.clone() selected>{value.clone()}</option> })
    }
}
