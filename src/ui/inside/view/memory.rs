//! What the network remembers.

use leptos::prelude::*;

use super::passage::{Shaded, characters};
use crate::ui::browser;
use crate::ui::chart::view::save::{Save, with_colours};
use crate::ui::inside::{memory, shaded};
use crate::ui::page::Page;

#[component]
pub fn Memory(page: Page) -> impl IntoView {
    let w = page.words();
    let watch = page.inside.watch;
    let characters = characters(page);
    let found = Memo::new(move |_| watch.with(|watch| watch.connectivity.clone()));
    let shades = Memo::new(move |_| {
        found.with(|found| found.as_ref().map_or(Vec::new(), |(_, _, magnitudes)| memory::shades(magnitudes)))
    });
    let said = move || found.with(|found| found.as_ref().map(|(_, of, magnitudes)| memory::said(w, *of, magnitudes)));
    let svg = move || {
        let colour = browser::colour("--run-1");
        let shades: Vec<(String, f32)> =
            shades.get_untracked().into_iter().map(|shade| (colour.clone(), shade)).collect();
        let title = untrack(said).unwrap_or_default();
        with_colours(|colours| shaded::text(&title, &characters.get_untracked(), &shades, colours))
    };
    let csv = move || {
        let magnitudes = found.with_untracked(|found| found.as_ref().map_or(Vec::new(), |found| found.2.clone()));
        memory::csv(&characters.get_untracked(), &magnitudes)
    };
    view! {
        <Shaded page label=w.memory_title shades />
        <p data-testid="memory-said" aria-live="polite">{said}</p>
        <div class="tools">
            <Save w name="memory" svg csv />
        </div>
    }
}
