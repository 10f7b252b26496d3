//! The settings form: one labelled field for every setting, and the three modes that set two of them at once.

use leptos::prelude::*;

use super::page::{Page, field_id};
use super::start::Start;
use crate::model::config::{SETTINGS, Setting, Values};
use crate::ui::form::{Form, Mode};
use crate::ui::state::RunState;
use crate::ui::words;

/// The form, and what it amounts to.
#[component]
pub fn Settings(page: Page) -> impl IntoView {
    let active = Memo::new(move |_| page.state.with(RunState::active));
    let text = move || page.state.with(|s| s.text.clone());
    let network = move || {
        let vocabulary = page.state.with(|s| s.text.as_ref().map(|t| u64::from(t.vocabulary)));
        let hidden = page.config.with(|c| c.as_ref().ok().map(|c| u64::from(c.hidden)));
        let (v, h) = vocabulary.zip(hidden)?;
        Some(format!("{v} → {h} → {v}, {} parameters", words::grouped(2 * v * h + h * h + h + v)))
    };
    // No shape breaks in its midst.
    let shape = |(i, text)| view! { {(i > 0).then_some(" · ")} <span class="whole">{text}</span> };
    let shapes = move || {
        let vocabulary = page.state.with(|s| s.text.as_ref().map(|t| t.vocabulary));
        let config = page.config.with(|c| c.as_ref().ok().copied());
        match config.zip(vocabulary) {
            Some((config, vocabulary)) => {
                words::shapes(&config, vocabulary).into_iter().enumerate().map(shape).collect_view().into_any()
            }
            None => "–".into_any(),
        }
    };
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <Modes page />
            <div class="preset">
                <button type="button" on:click=move |_| page.set_book()>"Exactly the book"</button>
                <p class="note">"Sets everything below as the book has it; the mode and the seed stay."</p>
            </div>
            <div class="fields">
                {SETTINGS.iter().map(|setting| view! { <Field page setting /> }).collect_view()}
            </div>
            <Start page />
            <p class="note" hidden=move || !active.get()>
                "A run is under way with the settings it began with. Changes here apply to the next one."
            </p>
            <dl class="facts">
                <div>
                    <dt>"Text"</dt>
                    <dd>
                        {move || {
                            text()
                                .map_or_else(
                                    || "–".to_owned(),
                                    |t| {
                                        format!(
                                            "{}; {} characters, {} kinds of token",
                                            t.edition,
                                            words::grouped(t.tokens.into()),
                                            t.vocabulary,
                                        )
                                    },
                                )
                        }}
                    </dd>
                </div>
                <div>
                    <dt>"Network"</dt>
                    <dd>{move || network().unwrap_or_else(|| "–".to_owned())}</dd>
                </div>
                <div>
                    <dt>"Shapes"</dt>
                    <dd data-testid="shapes">{shapes}</dd>
                </div>
                <div>
                    <dt>"Memory"</dt>
                    <dd data-testid="gpu-memory">
                        {move || page.state.with(|s| s.bytes.map_or_else(|| "–".to_owned(), words::megabytes))}
                    </dd>
                </div>
                <div>
                    <dt>"Race"</dt>
                    <dd data-testid="race">{move || page.state.with(|s| words::race(&s.race))}</dd>
                </div>
            </dl>
        </section>
    }
}

/// The choice between the book's two runs and random sampling.
#[component]
fn Modes(page: Page) -> impl IntoView {
    let mode = Memo::new(move |_| page.form.with(Form::mode));
    view! {
        <fieldset class="modes">
            <legend>"Mode"</legend>
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
                                <strong>{choice.name()}</strong>
                                <small>{choice.meaning()}</small>
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
    let key = setting.key;
    let value = Memo::new(move |_| page.form.with(|form| form.get(key).to_owned()));
    let wrong = Memo::new(move |_| page.config.with(|c| c.as_ref().is_err_and(|e| e.iter().any(|e| e.key() == key))));
    let invalid = move || wrong.get().then_some("true");
    let choose = move |text: String| page.form.update(|form| form.choose(key, &text));
    let control = match setting.values {
        Values::Words(words) => view! {
            <select
                id=field_id(key)
                name=key
                aria-invalid=invalid
                prop:value=value
                on:change:target=move |event| choose(event.target().value())
            >
                {stray(value, words)}
                {words.iter().map(|word| view! { <option value=*word selected=move || value.get() == **word>{*word}</option> }).collect_view()}
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
            <label for=field_id(key)>{setting.label}</label>
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
