//! The field of one setting.

use leptos::prelude::*;

use crate::model::config::{Setting, Values};
use crate::ui::browser::can_share_memory;
use crate::ui::language::words;
use crate::ui::page::Page;
use crate::ui::settings::signals::field_id;

/// One setting's label and field.
#[component]
pub fn Field(page: Page, setting: &'static Setting) -> impl IntoView {
    let w = page.words();
    let key = setting.key;
    let value = Memo::new(move |_| page.settings.form.with(|form| form.get(key).to_owned()));
    let wrong =
        Memo::new(move |_| page.settings.config.with(|c| c.as_ref().is_err_and(|e| e.iter().any(|e| e.key() == key))));
    let invalid = move || wrong.get().then_some("true");
    let choose = move |text: String| page.runs.edit(key, &text);
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
        Values::Whole(..) | Values::AutoOr(_) | Values::Positive(_) | Values::NotNegative(_) => view! {
            <input
                type="text"
                id=field_id(key)
                name=key
                inputmode=match setting.values {
                    Values::Whole(..) => "numeric",
                    Values::AutoOr(_) => "text",
                    _ => "decimal",
                }
                autocomplete="off"
                spellcheck="false"
                aria-invalid=invalid
                prop:value=value
                on:input:target=move |event| choose(event.target().value())
            />
        }
        .into_any(),
    };
    // Of no effect with the other optimizers.
    let is_idle =
        move || key == "momentum" && page.settings.form.with(|form| form.get("optimizer") != key) && !wrong.get();
    view! {
        <div class="field" class:wrong=wrong hidden=is_idle>
            <label for=field_id(key)>{words::label(w, key)}</label>
            {control}
            {(key == "threads" && !can_share_memory()).then(|| view! {
                <p class="note why" data-testid="one-thread" hidden=move || value.get() == "1">{w.one_thread}</p>
            })}
        </div>
    }
}

/// A value from the address that is not one of the choices, added as an option so that the visitor sees it.
fn stray(value: Memo<String>, words: &'static [&'static str]) -> impl IntoView {
    move || {
        let value = value.get();
        (!words.contains(&value.as_str()))
            .then(|| view! { <option value=value.clone() selected>{value.clone()}</option> })
    }
}
