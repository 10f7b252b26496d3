//! The settings form, which narrow windows fold into a line that says what is set: the book's runs, which set everything; the three modes, which set two settings at once; and a
//! labelled field for every setting.

pub mod as_code;
pub mod field;
pub mod start;

use leptos::prelude::*;

use self::as_code::AsCode;
use self::field::Field;
use self::start::StartSection;
use super::file::Chosen;
use super::form::{Form, Mode};
use crate::model::Config;
use crate::model::config::{Group, SETTINGS};
use crate::model::preset::{Edition, Preset};
use crate::protocol::Hyperparameters;
use crate::ui::language::{fill, words};
use crate::ui::network::explain::Stage;
use crate::ui::network::view::explain::Explain;
use crate::ui::page::Page;
use crate::ui::runs::names;
use crate::ui::runs::pace;
use crate::ui::runs::state::RunState;
use crate::ui::text::view::TextPart;

/// The settings panel.
#[component]
pub fn Settings(page: Page) -> impl IntoView {
    let w = page.words();
    let active = Memo::new(move |_| page.runs.state.with(RunState::active));
    let other = Memo::new(move |_| {
        if let Some(epochs) = page.runs.longer() {
            return Some(fill(w.longer_note, &[&epochs.to_string()]));
        }
        let labels: Vec<&str> = page.runs.needs_new_run().into_iter().map(|key| words::label(w, key)).collect();
        (!labels.is_empty()).then(|| fill(w.new_run_note, &[&labels.join(w.list_separator)]))
    });
    let fields = move |of_text| {
        let fields = SETTINGS.iter().filter(|setting| (setting.group == Group::Text) == of_text);
        fields.map(|setting| view! { <Field page setting /> }).collect_view()
    };
    let unfolded = page.settings.unfolded;
    view! {
        <section class="panel settings" class:folded=move || !unfolded.get() aria-labelledby="settings-title">
            <div class="fold-line">
                <h2 id="settings-title">{w.settings}</h2>
                <button
                    type="button"
                    class="fold"
                    id="settings-line"
                    data-testid="settings-line"
                    aria-labelledby="settings-title settings-line"
                    aria-expanded=move || unfolded.get().to_string()
                    aria-controls="settings-fields"
                    on:click=move |_| unfolded.update(|is| *is = !*is)
                >
                    <span>{line(page)}</span>
                </button>
            </div>
            <div class="unfolds" id="settings-fields">
                <Presets page />
                <Modes page />
                <div class="fields">
                    {fields(false)}
                </div>
                <p class="note" data-testid="settings-note" hidden=move || !active.get()>
                    {move || other.get().unwrap_or_else(|| w.hyperparameters_note.to_owned())}
                </p>
                <TextPart page fields=fields(true) />
                <StartSection page />
                <AsCode page />
                <Break page />
                <Explain page stage=Stage::Minibatch />
            </div>
        </section>
    }
}

/// What is set, wherever the next run would begin; for what is wrong, the book's value.
fn line(page: Page) -> Memo<String> {
    let w = page.words();
    Memo::new(move |_| {
        let (config, offset) = page.settings.form.with(|form| (form.valid(), form.window_offset()));
        let own_text = page.runs.state.with(|s| Some(s.worker.text.as_ref().filter(|text| text.own)?.name.clone()));
        let file = page.settings.file.with(|file| (*file != Chosen::Nothing).then(|| w.name_from_file.to_owned()));
        let offset = offset.map(|offset| fill(w.offset, &[&offset.to_string()]));
        names::line(w, &config, [own_text, file, offset].into_iter().flatten())
    })
}

/// The choice of one of the book's runs, which sets everything.
#[component]
fn Presets(page: Page) -> impl IntoView {
    let w = page.words();
    let chosen = Memo::new(move |_| page.settings.form.with(Form::preset).map_or("", |preset| preset.key));
    let option = move |key: &'static str| {
        view! { <option value=key selected=move || chosen.get() == key>{words::preset(w, key)}</option> }
    };
    let group = move |edition: Edition| {
        let label = match edition {
            Edition::Chinese => w.edition_chinese,
            Edition::English => w.edition_english,
        };
        view! { <optgroup label=label>{edition.presets().map(|preset| option(preset.key)).collect_view()}</optgroup> }
    };
    view! {
        <div class="preset field">
            <label for="preset">{w.presets_label}</label>
            <select
                id="preset"
                prop:value=chosen
                on:change:target=move |event| {
                    if let Some(preset) = Preset::named(&event.target().value()) {
                        page.set_preset(preset);
                    }
                }
            >
                <option value="" selected=move || chosen.get().is_empty() disabled=true>{w.preset_none}</option>
                {Edition::ALL.map(group).collect_view()}
            </select>
            <p class="note">{w.presets_note}</p>
            <HowLong page />
        </div>
    }
}

/// How long the settings take on this device, and those that take a minute.
#[component]
fn HowLong(page: Page) -> impl IntoView {
    let w = page.words();
    let takes = Memo::new(move |_| page.planned_seconds().map(|seconds| words::duration(w, seconds)));
    let quick =
        Memo::new(move |_| page.runs.state.with(|s| pace::within_a_minute(&s.worker.timed, s.worker.vocabulary())));
    let name = move || {
        let said = |config: Config| fill(w.minute, &[&words::network(w, &config), &config.hidden.to_string()]);
        quick.get().map(said)
    };
    let take = move |_| {
        if let Some(config) = quick.get_untracked() {
            page.settings.form.update(|form| form.set_run(&config));
        }
    };
    view! {
        <button
            type="button"
            class="quiet"
            data-testid="minute"
            title=w.minute_note
            hidden=move || quick.get().is_none()
            on:click=take
        >
            {name}
        </button>
        <p class="note" data-testid="takes">{move || takes.get().map(|takes| fill(w.takes, &[&takes]))}</p>
    }
}

/// Two settings of learning rate and clipping with which training fails.
#[component]
fn Break(page: Page) -> impl IntoView {
    let w = page.words();
    let choice = |name: &'static str, hyperparameters: Hyperparameters| {
        view! { <button type="button" class="quiet" on:click=move |_| page.runs.try_hyperparameters(hyperparameters)>{name}</button> }
    };
    view! {
        <details class="start">
            <summary>{w.break_it}</summary>
            <div class="start-inner">
                <p class="note">{w.break_it_note}</p>
                <div class="buttons">
                    {choice(w.break_lr, Hyperparameters { learning_rate: 100.0, clip: 1.0 })}
                    {choice(w.break_clip, Hyperparameters { learning_rate: 3.0, clip: 1e9 })}
                </div>
            </div>
        </details>
    }
}

/// The choice of the mode: the book's two runs, or random sampling.
#[component]
fn Modes(page: Page) -> impl IntoView {
    let w = page.words();
    let mode = Memo::new(move |_| page.settings.form.with(Form::mode));
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
                                on:change=move |_| page.settings.form.update(|form| form.set_mode(choice))
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
