//! The training buttons, the status, the figures and the progress of the run: a row at the upper edge of the window, or
//! on a phone a bar at the lower one, without the figures that need not be at hand.

use leptos::prelude::*;

use super::offline::{NewVersion, Version};
use super::status;
use crate::protocol::Stretch;
use crate::ui::browser;
use crate::ui::language::{Words, fill, words};
use crate::ui::page::Page;
use crate::ui::runs::state::{RunState, Status};

/// Buttons, figures and progress. Where all is in one `column`, Train shows the curve.
#[component]
pub fn Controls(page: Page, version: Version, column: Signal<bool>) -> impl IntoView {
    let w = page.words();
    let state = page.runs.state;
    let status = Memo::new(move |_| state.with(|s| s.status));
    let no_gpu = Memo::new(move |_| state.with(|s| s.worker.no_gpu));
    let recovered = move || {
        let (epoch, reason, device) = state.with(|s| {
            let (epoch, reason) = s.recovered.clone()?;
            Some((epoch, reason, s.worker.device.clone().unwrap_or_default()))
        })?;
        Some(fill(w.recovered, &[&reason, &epoch.to_string(), &device]))
    };
    let kept = Memo::new(move |_| {
        page.checkpoints.saved.with(|saved| {
            let restarted = saved.restarted.as_ref();
            let restarted = restarted.map(|(epoch, why)| fill(w.restarted, &[&epoch.to_string(), why]));
            let trouble = saved.trouble.as_ref().map(|why| why.sentence(w));
            restarted.into_iter().chain(trouble).collect::<Vec<_>>()
        })
    });
    let advice = status::webgpu_advice(w, &browser::user_agent(), browser::is_secure());
    view! {
        <section class="controls" aria-label=w.run>
            <div class="controls-inner">
                <div class="bar">
                    <Buttons page status column />
                    <p class="status" role="status" data-testid="status" data-status=move || status.get().key()>
                        <span class="dot" aria-hidden="true"></span>
                        {move || {
                            let takes = page.planned_seconds().filter(|_| status.get() == Status::Idle);
                            match takes {
                                _ if page.pressed.get().is_some() => w.will_train.to_owned(),
                                _ if status.get() == Status::Idle && page.text.is_reading() => w.loading_text.to_owned(),
                                Some(seconds) => fill(w.ready_for, &[&words::duration(w, seconds)]),
                                None => state.with(|s| status::status(w, s)).to_owned(),
                            }
                        }}
                    </p>
                    <Figures page />
                    <progress aria-label=w.progress max="1" value=move || state.with(RunState::done)></progress>
                </div>
                <MoreFigures page />
            </div>
            <p class="notice" data-testid="notice" hidden=move || !no_gpu.get()>{w.no_webgpu} " " {advice}</p>
            <p class="notice" role="status" data-testid="recovered">{recovered}</p>
            <div role="status" data-testid="kept">
                {move || kept.get().into_iter().map(|said| view! { <p class="notice">{said}</p> }).collect_view()}
            </div>
            <NewVersion page version />
        </section>
    }
}

/// Train, Pause or Resume, One epoch, One minibatch, Reset. They are disabled, never removed, so that the keyboard
/// focus stays where it is.
#[component]
fn Buttons(page: Page, status: Memo<Status>, column: Signal<bool>) -> impl IntoView {
    let w = page.words();
    let state = page.runs.state;
    let can_train = Memo::new(move |_| page.can_begin());
    let can_reset = Memo::new(move |_| state.with(RunState::can_reset) || page.pressed.get().is_some());
    let paused = move || status.get() == Status::Paused;
    let longer = Memo::new(move |_| page.runs.resumes_to());
    let can_hold = move || matches!(status.get(), Status::Training | Status::Paused) || longer.get().is_some();
    let hold_name = move || match longer.get() {
        Some(epochs) => fill(w.resume_to, &[&epochs.to_string()]),
        None if paused() => w.resume.to_owned(),
        None => w.pause.to_owned(),
    };
    let step = move |name: &'static str, stretch| {
        view! {
            <button type="button" disabled=move || !(can_train.get() || paused()) on:click=move |_| page.go(stretch)>
                {name}
            </button>
        }
    };
    let train = move |_| {
        if column.get_untracked() {
            browser::bring_into_sight(".panel.curve");
        }
        page.train();
    };
    view! {
        <div class="buttons">
            <button type="button" class="primary" disabled=move || !can_train.get() on:click=train>
                {w.train}
            </button>
            <button type="button" class="hold" class:primary=paused disabled=move || !can_hold() on:click=move |_| page.hold()>
                {hold_name}
            </button>
            {step(w.one_epoch, Stretch::Epoch)}
            {step(w.one_minibatch, Stretch::Minibatch)}
            <button type="button" disabled=move || !can_reset.get() on:click=move |_| page.reset()>
                {w.reset}
            </button>
        </div>
    }
}

/// Epoch and perplexity.
#[component]
fn Figures(page: Page) -> impl IntoView {
    let w = page.words();
    let state = page.runs.state;
    let epoch = Memo::new(move |_| {
        let planned = page.settings.config.with(|c| c.as_ref().ok().map(|c| c.epochs));
        let (total, done) = state.with(|s| (s.epochs(), s.figures.epoch));
        match (total, planned) {
            (0, None) => "0".to_owned(),
            (0, Some(total)) => fill(w.count_of, &["0", &total.to_string()]),
            (total, _) => fill(w.count_of, &[&done.to_string(), &total.to_string()]),
        }
    });
    let perplexity = value(page, |_, s| s.figures.perplexity.map(words::perplexity));
    view! {
        <dl class="figures">
            {figure("", w.epoch, "epoch", None, epoch)}
            {figure("", w.perplexity, "perplexity", None, perplexity)}
        </dl>
    }
}

/// Speed, time left and device.
#[component]
fn MoreFigures(page: Page) -> impl IntoView {
    let w = page.words();
    let speed = value(page, |_, s| s.figures.tokens_per_second.map(|x| words::grouped(x.round() as u64)));
    let left = value(page, |w, s| s.figures.seconds_left.map(|left| words::duration(w, left)));
    let device = value(page, |_, s| s.worker.device.clone());
    view! {
        <dl class="figures more">
            {figure("", w.tokens_per_second, "tokens-per-second", Some(w.tokens_per_second_window), speed)}
            {figure("", w.time_left, "time-left", None, left)}
            {figure("device", w.device, "device", None, device)}
        </dl>
    }
}

/// A value of the run, a dash where there is none yet.
fn value(page: Page, look: fn(&Words, &RunState) -> Option<String>) -> Memo<String> {
    let w = page.words();
    Memo::new(move |_| page.runs.state.with(|s| look(w, s)).unwrap_or_else(|| w.none.to_owned()))
}

/// A label with its value.
fn figure(
    class: &'static str,
    name: &'static str,
    test_id: &'static str,
    title: Option<&'static str>,
    value: Memo<String>,
) -> impl IntoView {
    view! {
        <div class=class>
            <dt>{name}</dt>
            <dd data-testid=test_id title=title>{value}</dd>
        </div>
    }
}
