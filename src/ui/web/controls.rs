//! The bar that stays in sight: what the run is doing, how far it is, and the buttons that drive it.

use leptos::prelude::*;

use super::page::Page;
use crate::ui::state::{RunState, Status};
use crate::ui::words;

/// Buttons, figures and progress.
#[component]
pub fn Controls(page: Page) -> impl IntoView {
    let state = page.state;
    let status = Memo::new(move |_| state.with(|s| s.status));
    view! {
        <section class="controls" aria-label="Run">
            <div class="controls-inner">
                <Buttons page status />
                <p class="status" role="status" data-testid="status" data-status=move || status.get().key()>
                    <span class="dot" aria-hidden="true"></span>
                    {move || state.with(status_words)}
                </p>
                <Figures page />
            </div>
            <progress aria-label="Progress of the run" max="1" value=move || state.with(RunState::done)></progress>
        </section>
    }
}

/// Train, Pause or Resume, Reset. None ever leaves its place, so that the keyboard's focus stays where it is.
#[component]
fn Buttons(page: Page, status: Memo<Status>) -> impl IntoView {
    let state = page.state;
    let can_train = Memo::new(move |_| state.with(RunState::can_train) && !page.is_reading());
    let can_reset = Memo::new(move |_| state.with(RunState::can_reset));
    let paused = move || status.get() == Status::Paused;
    let active = move || matches!(status.get(), Status::Training | Status::Paused);
    let hold = move |_| {
        if status.get_untracked() == Status::Paused {
            page.resume();
        } else {
            page.pause();
        }
    };
    view! {
        <div class="buttons">
            <button type="button" class="primary" disabled=move || !can_train.get() on:click=move |_| page.train()>
                "Train"
            </button>
            <button type="button" class="hold" class:primary=paused disabled=move || !active() on:click=hold>
                {move || if paused() { "Resume" } else { "Pause" }}
            </button>
            <button type="button" disabled=move || !can_reset.get() on:click=move |_| page.reset()>
                "Reset"
            </button>
        </div>
    }
}

/// The figures, each a term with its value; a dash where there is none yet.
#[component]
fn Figures(page: Page) -> impl IntoView {
    let state = page.state;
    let epoch = Memo::new(move |_| {
        let planned = page.config.with(|c| c.as_ref().ok().map(|c| c.epochs));
        state.with(|s| match (s.epochs(), planned) {
            (0, None) => "0".to_owned(),
            (0, Some(total)) => format!("0 of {total}"),
            (total, _) => format!("{} of {total}", s.progress.epoch),
        })
    });
    let perplexity = Memo::new(move |_| state.with(|s| s.perplexity.map_or(dash(), words::perplexity)));
    let speed = Memo::new(move |_| state.with(|s| s.tokens_per_second.map_or(dash(), |x| format!("{x:.0}"))));
    let left = Memo::new(move |_| state.with(|s| s.seconds_left.map_or(dash(), words::duration)));
    let device = Memo::new(move |_| state.with(|s| s.device.clone().unwrap_or_else(dash)));
    view! {
        <dl class="figures">
            <div>
                <dt>"Epoch"</dt>
                <dd data-testid="epoch">{epoch}</dd>
            </div>
            <div>
                <dt>"Perplexity"</dt>
                <dd data-testid="perplexity">{perplexity}</dd>
            </div>
            <div>
                <dt>"Tokens/s"</dt>
                <dd data-testid="tokens-per-second">{speed}</dd>
            </div>
            <div>
                <dt>"Time left"</dt>
                <dd data-testid="time-left">{left}</dd>
            </div>
            <div class="device">
                <dt>"Device"</dt>
                <dd data-testid="device" title=device>{device}</dd>
            </div>
        </dl>
    }
}

fn dash() -> String {
    "–".to_owned()
}

fn status_words(state: &RunState) -> &'static str {
    match state.status {
        Status::Loading if state.ready() => "Preparing the run…",
        // The worker opens the GPU first.
        Status::Loading if state.device.is_some() => "Loading the text…",
        Status::Loading => "Looking for the GPU…",
        Status::Idle => "Ready to train",
        Status::Training => "Training",
        Status::Paused => "Paused",
        Status::Finished => "Finished",
        Status::Failed => "Failed",
    }
}
