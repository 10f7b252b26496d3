//! Text generation: the prefix field, and the network's continuation, also during training; each character is shaded by
//! its surprisal, with the most likely alternatives.

mod trained;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use self::trained::TrainedBefore;
use super::talk::{self, REFRESH_EVERY};
use crate::protocol::Continuation;
use crate::ui::conversation::signals::PREFIX_ID;
use crate::ui::language::{fill, words};
use crate::ui::network::explain::Stage;
use crate::ui::network::view::explain::Explain;
use crate::ui::page::Page;
use crate::ui::samples::parts::parts;

/// The panel with prefix, Generate button, options and continuation.
#[component]
pub fn Conversation(page: Page) -> impl IntoView {
    let w = page.words();
    let (state, talk) = (page.runs.state, page.conversation.talk);
    // Without a run, the network is one for the text.
    let waits = move || page.text.is_reading() && state.with(|s| s.config.is_none());
    let ready = Memo::new(move |_| state.with(|s| s.worker.ready()) && !waits());
    // The prefix's characters outside the vocabulary, from the latest sample or continuation with this prefix.
    let unknown = Memo::new(move |_| {
        let prefix = page.conversation.prefix.get();
        state.with(|s| {
            let latest = s.live().and_then(|run| run.samples.last().map(|s| &s.sample).or(run.untrained.as_ref()));
            talk.with(|talk| {
                let generated = talk.generated.as_ref().map(|c| &c.sample);
                let sample = generated.into_iter().chain(latest).find(|sample| sample.prefix == prefix)?;
                talk::unknown(w, &sample.unknown)
            })
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        page.conversation.talk.update(|talk| talk.choice.seed = talk.choice.seed.wrapping_add(1));
        page.conversation.generate();
    };
    update_during_training(page);
    view! {
        <section class="panel conversation" aria-labelledby="conversation-title">
            <h2 id="conversation-title">{w.conversation}</h2>
            <TrainedBefore page />
            <form class="ask" on:submit=submit>
                <div class="field">
                    <label for=PREFIX_ID>{w.prefix}</label>
                    <input
                        type="text"
                        id=PREFIX_ID
                        name="prefix"
                        dir="auto"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-describedby="unknown"
                        aria-invalid=move || page.conversation.prefix_error().map(|_| "true")
                        prop:value=page.conversation.prefix
                        on:input:target=move |event| page.conversation.set_prefix(event.target().value())
                    />
                </div>
                <button type="submit" disabled=move || !ready.get()>{w.generate}</button>
            </form>
            <Picking page />
            <p class="note" id="unknown" data-testid="unknown" aria-live="polite">{unknown}</p>
            <Written page />
            <Explain page stage=Stage::Prediction />
        </section>
    }
}

/// If switched on, requests a continuation when the weights have changed: one at a time, at most every
/// [`REFRESH_EVERY`] milliseconds.
fn update_during_training(page: Page) {
    let weights = Memo::new(move |_| page.runs.state.with(|s| (s.run, s.figures.epoch, s.figures.minibatch)));
    let last = StoredValue::new(0.0);
    Effect::new(move |_| {
        weights.get();
        let now = js_sys::Date::now();
        let free = page.runs.state.with_untracked(|s| s.live().is_some() && s.worker.ready());
        let free = free && !page.conversation.talk.with_untracked(|talk| talk.asking);
        let good = untrack(|| page.conversation.prefix_error()).is_none();
        if page.conversation.refresh.get() && free && good && now - last.get_value() >= REFRESH_EVERY {
            last.set_value(now);
            page.conversation.generate();
        }
    });
}

/// How characters are picked, and whether to update the continuation during training.
#[component]
fn Picking(page: Page) -> impl IntoView {
    let w = page.words();
    let sampled = Memo::new(move |_| page.conversation.talk.with(|talk| talk.choice.sampled));
    let temperature = Memo::new(move |_| page.conversation.talk.with(|talk| format!("{:.1}", talk.choice.temperature)));
    let top_k = Memo::new(move |_| page.conversation.talk.with(|talk| talk.choice.top_k.to_string()));
    let most = move || page.runs.state.with(|s| s.worker.vocabulary());
    view! {
        <div class="picking">
            <label class="switch">
                <input
                    type="checkbox"
                    prop:checked=page.conversation.refresh
                    on:change:target=move |event| page.conversation.refresh.set(event.target().checked())
                />
                {w.refresh}
            </label>
            <label class="choice">
                <span>{w.pick}</span>
                <select on:change:target=move |event| {
                    page.conversation.talk.update(|talk| talk.choice.sampled = event.target().value() == "sampled");
                }>
                    <option value="likeliest" selected=move || !sampled.get()>{w.pick_likeliest}</option>
                    <option value="sampled" selected=move || sampled.get()>{w.pick_sampled}</option>
                </select>
            </label>
            <label class="slide" hidden=move || !sampled.get()>
                <span>{w.temperature} " " <b>{temperature}</b></span>
                <input
                    type="range"
                    min="0.1"
                    max="2"
                    step="0.1"
                    prop:value=temperature
                    on:input:target=move |event| {
                        let value = event.target().value_as_number();
                        page.conversation.talk.update(|talk| talk.choice.temperature = value as f32);
                    }
                />
            </label>
            <label class="slide" hidden=move || !sampled.get()>
                <span>{w.top_k} " " <b>{top_k}</b></span>
                <input
                    type="range"
                    min="1"
                    max=most
                    prop:value=top_k
                    on:input:target=move |event| {
                        let value = event.target().value_as_number();
                        page.conversation.talk.update(|talk| talk.choice.top_k = value as u32);
                    }
                />
            </label>
        </div>
    }
}

/// The continuation. Pointer and arrow keys select a character.
#[component]
fn Written(page: Page) -> impl IntoView {
    let w = page.words();
    let generated = Memo::new(move |_| page.conversation.talk.with(|talk| talk.generated.clone()));
    let asking = Memo::new(move |_| page.conversation.talk.with(|talk| talk.asking));
    let looked = page.conversation.looked;
    let point = move |event: leptos::ev::PointerEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(at) = target.and_then(|target| target.get_attribute("data-at")?.parse().ok()) {
            looked.set(Some(at));
        }
    };
    let step = move |event: leptos::ev::KeyboardEvent| {
        let last = generated.with_untracked(|c| c.as_ref().map_or(0, |c| c.written.len()));
        let at = looked.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => at.map_or(0, |at| (at + 1).min(last)),
            "ArrowLeft" => at.map_or(last, |at| at.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        looked.set(Some(to));
    };
    view! {
        <p class="hint" hidden=move || generated.with(Option::is_some)>{w.conversation_hint}</p>
        <div
            class="output"
            class:asking=asking
            data-testid="generated"
            role="group"
            tabindex=move || if generated.with(Option::is_some) { "0" } else { "-1" }
            aria-live=move || if page.conversation.refresh.get() { "off" } else { "polite" }
            aria-label=w.continuation
            aria-describedby="guesses"
            on:pointerover=point
            on:keydown=step
        >
            {move || generated.with(|c| c.as_ref().map(|c| written_view(c, looked)))}
        </div>
        <Guesses page generated looked />
    }
}

/// The prefix as the network read it, and each generated character, shaded.
fn written_view(continuation: &Continuation, looked: RwSignal<Option<usize>>) -> impl IntoView + use<> {
    let (prefix, rest) = parts(&continuation.sample);
    let characters = continuation.written.iter().enumerate().map(|(at, written)| {
        let text = written.character.map_or(crate::text::UNKNOWN_TEXT.to_owned(), String::from);
        view! {
            <span
                data-at=at
                style=format!("--shade: {:.2}", talk::shade(written.surprise))
                class:looked=move || looked.get() == Some(at)
            >
                {text}
            </span>
        }
    });
    let plain = continuation.written.is_empty().then(|| rest.to_owned());
    view! {
        <span class="prefix">{prefix.to_owned()}</span>
        <span class="continuation">{plain} {characters.collect_view()}</span>
    }
}

/// The most likely characters for the selected position, as bars; without a selection, for the next character.
#[component]
fn Guesses(page: Page, generated: Memo<Option<Continuation>>, looked: RwSignal<Option<usize>>) -> impl IntoView {
    let w = page.words();
    let bars = move || {
        generated.with(|continuation| {
            let continuation = continuation.as_ref().filter(|c| !c.next.is_empty())?;
            let at = looked.get().unwrap_or(continuation.written.len());
            let title = match continuation.written.get(at) {
                Some(written) => {
                    let character = words::character(w, written.character);
                    fill(w.guesses_of, &[&character, &format!("{:.1}", written.surprise)])
                }
                None => w.guesses_next.to_owned(),
            };
            let bar = |&(character, probability): &(Option<char>, f32)| {
                let percent = format!("{:.0} %", probability * 100.0);
                view! {
                    <li style=format!("--part: {probability}")>
                        <b>{words::character(w, character)}</b> <i aria-hidden="true"></i> <span>{percent}</span>
                    </li>
                }
            };
            let bars = talk::guesses(continuation, at).iter().map(bar).collect_view();
            Some(view! {
                <p class="note">{title}</p>
                <ol class="bars" data-testid="guesses">{bars}</ol>
                <p class="note">{w.surprise_hint}</p>
            })
        })
    };
    view! { <div class="guesses" id="guesses">{bars}</div> }
}
