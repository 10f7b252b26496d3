//! The explanations that open in place: note, formulas, shapes, and the source of the kernels, fetched when opened.

use leptos::html::Details;
use leptos::prelude::*;

use crate::model::Config;
use crate::network::Network;
use crate::ui::language::fill;
use crate::ui::network::explain::{self, Lines, Piece, Stage, pieces};
use crate::ui::network::signals::Source;
use crate::ui::page::Page;

/// The explanation of one stage.
#[component]
pub fn Explain(page: Page, stage: Stage) -> impl IntoView {
    let w = page.words();
    let shapes = move || {
        let vocabulary = page.runs.state.with(|s| s.worker.vocabulary());
        page.settings.config.with(|c| c.as_ref().ok().map(|config| stage.shapes(config, vocabulary)))
    };
    // Those of the settings in the form; while these are wrong, of the last that were not.
    let network = Memo::new(move |before: Option<&Network>| {
        let config = page.settings.config.with(|config| config.as_ref().ok().copied());
        config.map_or_else(|| *before.unwrap_or(&explain::network(&Config::default())), |c| explain::network(&c))
    });
    let kernels =
        Memo::new(move |_| stage.kernels(&network.get()).iter().map(|lines| lines.kernel).collect::<Vec<_>>());
    let open = RwSignal::new(false);
    let details = NodeRef::<Details>::new();
    Effect::new(move |before: Option<()>| {
        let is_shown = page.network.shown.with(|shown| shown.is_some_and(|(of, _)| of == stage));
        // Not when the page is made anew for another language.
        if let Some(details) = details.get_untracked().filter(|_| is_shown && before.is_some()) {
            details.set_open(true);
            details.scroll_into_view();
        }
    });
    Effect::new(move |_| {
        if open.get() {
            kernels.with(|kernels| kernels.iter().for_each(|kernel| page.network.fetch(kernel)));
        }
    });
    let on_cpu = Memo::new(move |_| page.runs.state.with(|s| s.worker.on_cpu()));
    let sources = move || stage.kernels(&network.get()).into_iter().map(|lines| source(page, lines)).collect_view();
    let formulas = move || stage.formulas(&network.get()).into_iter();
    view! {
        <details class="explain" node_ref=details on:toggle:target=move |event| open.set(event.target().open())>
            <summary>{w.explain}</summary>
            <p>{stage.note(w)}</p>
            {move || formulas().map(|formula| view! { <p class="formula">{formula_view(formula)}</p> }).collect_view()}
            <p class="note">{w.explain_shapes} ": " {shapes}</p>
            <Show when=move || kernels.with(|kernels| !kernels.is_empty())>
                <p class="note">{w.explain_kernel} ". " {move || on_cpu.get().then_some(w.explain_cpu)}</p>
                {sources}
            </Show>
        </details>
    }
}

/// A formula with its subscripts and superscripts.
pub fn formula_view(formula: &str) -> impl IntoView + use<> {
    let piece = |piece| match piece {
        Piece::Plain(text) => text.to_owned().into_any(),
        Piece::Low(text) => view! { <sub>{text.to_owned()}</sub> }.into_any(),
        Piece::High(text) => view! { <sup>{text.to_owned()}</sup> }.into_any(),
    };
    pieces(formula).into_iter().map(piece).collect_view()
}

/// A kernel's source, once it was asked for; the lines that match the formula's parts are marked.
fn source(page: Page, lines: &'static Lines) -> impl IntoView {
    let (w, kernel) = (page.words(), lines.kernel);
    let text = Memo::new(move |_| {
        page.network.sources.with(|all| all.iter().find(|(name, _)| *name == kernel).map(|(_, source)| source.clone()))
    });
    let line = move |line: &str| match lines.part(line) {
        Some(part) => {
            let is_shown = move || page.network.shown.with(|shown| shown.is_some_and(|(_, of)| of == part));
            view! {
                <mark aria-current=move || is_shown().then_some("true")>
                    <small>{explain::part(w, part)}</small>
                    {line.to_owned()}
                </mark>
            }
            .into_any()
        }
        None => view! { <span>{line.to_owned()}</span> }.into_any(),
    };
    move || match text.get() {
        None => ().into_any(),
        Some(Source::Loading) => view! { <p class="note">{fill(w.explain_loading, &[kernel])}</p> }.into_any(),
        Some(Source::Missing) => view! { <p class="note">{fill(w.explain_missing, &[kernel])}</p> }.into_any(),
        Some(Source::Text(text)) => view! {
            <pre class="kernel" tabindex="0" role="region" aria-label=kernel>
                {text.lines().map(line).collect_view()}
            </pre>
        }
        .into_any(),
    }
}
