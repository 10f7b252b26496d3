//! The explanations that open in place: note, formulas, shapes, and the source of the kernels, fetched when opened.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

use crate::ui::language::{Words, fill};
use crate::ui::network::explain::{self, Lines, Piece, Stage, pieces};
use crate::ui::page::Page;

/// The explanation of one stage.
#[component]
pub fn Explain(page: Page, stage: Stage) -> impl IntoView {
    let w = page.words();
    let open = RwSignal::new(false);
    let shapes = move || {
        let vocabulary = page.runs.state.with(|s| s.worker.vocabulary());
        page.settings.config.with(|c| c.as_ref().ok().map(|config| stage.shapes(config, vocabulary)))
    };
    let network = explain::network();
    let kernels = stage.kernels(&network);
    let on_cpu = Memo::new(move |_| page.runs.state.with(|s| s.worker.on_cpu()));
    view! {
        <details class="explain" on:toggle=move |_| open.set(true)>
            <summary>{w.explain}</summary>
            <p>{stage.note(w)}</p>
            {stage.formulas(&network).into_iter().map(|formula| view! { <p class="formula">{formula_view(formula)}</p> }).collect_view()}
            <p class="note">{w.explain_shapes} ": " {shapes}</p>
            {(!kernels.is_empty())
                .then(|| {
                    view! {
                        <p class="note">
                            {w.explain_kernel} ". " {move || on_cpu.get().then_some(w.explain_cpu)}
                        </p>
                        {move || open.get().then(|| kernels.iter().map(|lines| source(w, lines)).collect_view())}
                    }
                })}
        </details>
    }
}

fn formula_view(formula: &'static str) -> impl IntoView {
    let piece = |piece| match piece {
        Piece::Plain(text) => view! { {text} }.into_any(),
        Piece::Low(text) => view! { <sub>{text}</sub> }.into_any(),
        Piece::High(text) => view! { <sup>{text}</sup> }.into_any(),
    };
    pieces(formula).into_iter().map(piece).collect_view()
}

/// A kernel's source; the lines that match the formula's parts are marked.
fn source(w: &'static Words, lines: &'static Lines) -> impl IntoView {
    let kernel = lines.kernel;
    let text = RwSignal::new(None);
    spawn_local(async move {
        let fetched = fetch(&format!("./shaders/{kernel}.wgsl")).await;
        text.try_set(Some(fetched));
    });
    let line = move |line: &str| match lines.part(line) {
        Some(part) => view! { <mark><small>{explain::part(w, part)}</small>{line.to_owned()}</mark> }.into_any(),
        None => view! { <span>{line.to_owned()}</span> }.into_any(),
    };
    move || match text.get() {
        None => view! { <p class="note">{fill(w.explain_loading, &[kernel])}</p> }.into_any(),
        Some(None) => view! { <p class="note">{fill(w.explain_missing, &[kernel])}</p> }.into_any(),
        Some(Some(text)) => view! {
            <pre class="kernel" tabindex="0" role="region" aria-label=kernel>
                {text.lines().map(line).collect_view()}
            </pre>
        }
        .into_any(),
    }
}

async fn fetch(address: &str) -> Option<String> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
