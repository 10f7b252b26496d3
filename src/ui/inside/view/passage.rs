//! The passage, each character with a colour of its own. Pointer and arrow keys choose a character.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::text::UNKNOWN_TEXT;
use crate::ui::language::{fill, words};
use crate::ui::page::Page;

/// The characters that the network has read.
pub fn characters(page: Page) -> Memo<Vec<Option<char>>> {
    Memo::new(move |_| {
        page.inside.watch.with(|watch| watch.insight.as_ref().map_or(Vec::new(), |insight| insight.characters.clone()))
    })
}

/// The passage with these shades, from −1 to 1, of which there may be fewer. `but_last`: its last character can't be
/// chosen, as nothing comes after it.
#[component]
pub fn Shaded(
    page: Page,
    label: &'static str,
    shades: Memo<Vec<f32>>,
    #[prop(optional)] but_last: bool,
) -> impl IntoView {
    let w = page.words();
    let look = page.inside.look;
    let characters = characters(page);
    let count = move || characters.with(Vec::len).saturating_sub(usize::from(but_last));
    let at = Memo::new(move |_| look.with(|look| look.position(count())) as usize);
    let choose = move |at: usize| look.update(|look| look.at = Some(at as u32));
    let point = move |event: leptos::ev::PointerEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if let Some(at) = target.and_then(|target| target.get_attribute("data-at")?.parse().ok())
            && at != look.with_untracked(|look| look.at.unwrap_or(u32::MAX)) as usize
        {
            choose(at);
        }
    };
    let step = move |event: leptos::ev::KeyboardEvent| {
        let last = untrack(count).saturating_sub(1);
        let at = at.get_untracked();
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1).min(last),
            "ArrowLeft" => at.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        choose(to);
    };
    let character = move |(i, character): (usize, Option<char>)| {
        let shade = move || shades.with(|shades| shades.get(i).copied().unwrap_or(0.0));
        let text =
            character.map_or(UNKNOWN_TEXT.to_owned(), |c| if c == '\n' { "↵\n".to_owned() } else { c.to_string() });
        view! {
            <span
                data-at=i
                style=move || format!("--shade: {:.2}", shade().abs())
                class:negative=move || shade() < 0.0
                class:looked=move || at.get() == i
            >
                {text}
            </span>
        }
    };
    let chosen = move || {
        characters.with(|characters| {
            let character = words::character(w, *characters.get(at.get())?);
            Some(fill(w.inside_chosen, &[&character, &(at.get() + 1).to_string(), &characters.len().to_string()]))
        })
    };
    view! {
        <div class="output shaded" role="group" tabindex="0" aria-label=label on:pointerover=point on:keydown=step>
            {move || characters.get().into_iter().enumerate().map(character).collect_view()}
        </div>
        <p class="note" aria-live="polite">{chosen} " · " {w.inside_keys}</p>
    }
}
