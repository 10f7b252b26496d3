//! The samples: the continuation of the prefix before training and after every epoch.

use std::ops::Range;
use std::rc::Rc;

use leptos::html::Ol;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Element, HtmlElement, Node, ResizeObserver};

use super::parts::parts;
use super::preview::{PREFIX as PREVIEW_PREFIX, PREVIEW};
use super::rows;
use crate::protocol::Sample;
use crate::ui::browser;
use crate::ui::page::Page;
use crate::ui::runs::run::EpochSample;
use crate::ui::runs::signals::Runs;

/// A list scrolled to within this many pixels of its end counts as being at the end.
const END: i32 = 48;

/// The untrained sample, and the list of samples by epoch. The list follows the newest until the visitor scrolls back or
/// chooses an epoch; only the rows around the visible ones are in the document.
#[component]
pub fn Samples(page: Page, list: List) -> impl IntoView {
    let w = page.words();
    let available =
        Memo::new(move |_| page.runs.state.with(|s| (s.shown, s.live().map_or(0, |run| run.samples.len()))));
    let follow = browser::drawn_in_frames(Rc::new(move || list.follow()));
    Effect::new(move |_| {
        available.get();
        follow();
    });
    Effect::new(move |_| {
        if let Some(element) = list.element.get() {
            list.watch(&element);
        }
    });
    Effect::new(move |before: Option<Option<u32>>| {
        let pinned = page.runs.pinned.get();
        if list.element.get().is_some() && before.is_some_and(|before| before != pinned) {
            list.go_to(pinned);
        }
        pinned
    });
    let untrained = Memo::new(move |_| page.runs.state.with(|s| s.live().and_then(|run| run.untrained.clone())));
    let pin = move |event: leptos::ev::MouseEvent| {
        let row = event.target().and_then(|target| target.dyn_into::<Element>().ok()?.closest("[data-epoch]").ok()?);
        if let Some(epoch) = row.and_then(|row| row.get_attribute("data-epoch")?.parse().ok()) {
            page.runs.pinned.set(Some(epoch));
        }
    };
    let first_row = move || {
        let sample = untrained.get()?;
        Some(view! { <p class="row" data-testid="untrained" data-epoch="0">{sample_view(&sample)}</p> })
    };
    view! {
        <section class="panel samples" aria-labelledby="samples-title">
            <div class="heading">
                <h2 id="samples-title">{w.samples}</h2>
                <button
                    type="button"
                    class="quiet"
                    hidden=move || list.follows.get()
                    on:click=move |_| {
                        page.runs.pinned.set(None);
                        list.go_to(None);
                    }
                >
                    {w.newest}
                </button>
            </div>
            {first_row}
            <div class="hint empty" hidden=move || { available.get().1 > 0 } data-testid="preview">
                <p>{w.samples_empty}</p>
                {PREVIEW.map(preview_row).into_iter().collect_view()}
            </div>
            <ol
                class="rows"
                data-testid="samples"
                tabindex="0"
                aria-label=w.samples_by_epoch
                node_ref=list.element
                on:click=pin
                on:scroll=move |_| list.scrolled()
            ></ol>
        </section>
    }
}

/// An epoch of the book's first run, and what it says then.
fn preview_row((epoch, continuation): (u32, &'static str)) -> impl IntoView {
    view! {
        <p class="row" data-epoch=epoch>
            <span class="prefix">{PREVIEW_PREFIX}</span>
            <span class="continuation">{continuation}</span>
        </p>
    }
}

/// The run whose rows are in the document, which rows, and the number of samples when they were written.
#[derive(Clone, Default)]
struct Written {
    run: u32,
    rows: Range<usize>,
    count: usize,
}

/// Where a list was: its size, and how far it was scrolled.
#[derive(Clone, Copy, Default, PartialEq)]
struct Place {
    size: (i32, i32),
    length: i32,
    top: i32,
    /// The first visible row, counted from the first in the document, and how much of it is above.
    row: (usize, i32),
}

/// The list's element, and its rows in the document, which stay when the language changes.
#[derive(Clone, Copy)]
pub struct List {
    runs: Runs,
    element: NodeRef<Ol>,
    written: StoredValue<Written>,
    place: StoredValue<Place>,
    /// Whether the list stays at its end when samples are added, whatever else scrolls it or changes its size.
    follows: RwSignal<bool>,
}

impl List {
    pub fn new(runs: Runs) -> Self {
        Self {
            runs,
            element: NodeRef::new(),
            written: StoredValue::new(Written::default()),
            place: StoredValue::new(Place::default()),
            follows: RwSignal::new(true),
        }
    }

    /// Writes new samples, if the list follows them.
    fn follow(self) {
        let Some(list) = self.element.try_get_untracked().flatten() else { return };
        let Written { run, count, .. } = self.written.get_value();
        let (shown, available) =
            self.runs.state.with_untracked(|s| (s.shown, s.live().map_or(0, |run| run.samples.len())));
        if run != shown || count > available {
            self.follows.set(true);
        }
        if self.follows.get_untracked() {
            self.write(&list, rows::last(available));
            self.scroll(&list, list.scroll_height());
        } else {
            self.written.update_value(|written| written.count = available);
        }
    }

    /// Scrolls to the chosen epoch and marks it; follows the newest for `None`.
    fn go_to(self, epoch: Option<u32>) {
        let Some(list) = self.element.get_untracked() else { return };
        self.follows.set(epoch.is_none());
        let find =
            |samples: &[EpochSample]| epoch.and_then(|epoch| samples.binary_search_by_key(&epoch, |s| s.epoch).ok());
        let (row, count) = self
            .runs
            .state
            .with_untracked(|s| s.live().map_or((None, 0), |run| (find(&run.samples), run.samples.len())));
        let rows = self.written.with_value(|written| written.rows.clone());
        match row {
            Some(row) if rows.contains(&row) => self.mark(&list),
            Some(row) => self.write(&list, rows::around(row, count)),
            None => self.write(&list, rows::last(count)),
        }
        let marked = list.query_selector("[aria-current]").ok().flatten();
        let top = match marked {
            Some(row) => offset(&row, &list) - list.client_height() / 2,
            None => list.scroll_height(),
        };
        self.scroll(&list, top);
    }

    /// The list was scrolled: by the visitor, if it is where nothing else has put it and its size is what it was. Ends or
    /// begins following, and writes another piece near the first or last row in the document.
    fn scrolled(self) {
        let Some(list) = self.element.get_untracked() else { return };
        let (before, now) = (self.place.get_value(), place(&list));
        let Written { rows, count, .. } = self.written.get_value();
        if now.size != before.size {
            // The observer of its size puts it in its place.
            return;
        }
        let is_at_end = below(&list) < END && rows.end + rows::PIECE >= count;
        if now.top != before.top && is_at_end && !self.follows.get_untracked() {
            self.follows.set(true);
            return self.follow();
        }
        if now.top < before.top && now.length == before.length && !is_at_end {
            self.follows.set(false);
        }
        self.place.set_value(now);
        let near = list.client_height() / 2;
        if list.scroll_top() < near && rows.start > 0 {
            self.write(&list, rows::with_earlier(&rows));
        } else if below(&list) < near && rows.end < count {
            self.write(&list, rows::with_later(&rows, count));
        }
    }

    /// Scrolls the list, and notes where it is then.
    fn scroll(self, list: &Element, top: i32) {
        list.set_scroll_top(top);
        self.place.set_value(place(list));
    }

    /// Keeps the list at its end, or at the row that is read, when its size changes.
    fn watch(self, list: &Element) {
        let resized = move || {
            let Some(list) = self.element.try_get_untracked().flatten() else { return };
            let (row, above) = self.place.get_value().row;
            let top = match list.children().item(row as u32).filter(|_| !self.follows.get_untracked()) {
                Some(row) => offset(&row, &list) + above,
                None => list.scroll_height(),
            };
            self.scroll(&list, top);
        };
        let resized = Closure::<dyn FnMut()>::new(resized).into_js_value();
        let observer = ResizeObserver::new(resized.unchecked_ref()).expect("a browser with WebAssembly has it");
        observer.observe(list);
        let observer = StoredValue::new_local(observer);
        on_cleanup(move || _ = observer.try_with_value(ResizeObserver::disconnect));
    }

    /// Replaces the rows in the document by these; rows in both keep their position on the screen.
    fn write(self, list: &Element, rows: Range<usize>) {
        let before = self.written.get_value();
        self.runs.state.with_untracked(|s| {
            let samples = s.live().map_or(&[][..], |run| &run.samples);
            let is_same = before.run == s.shown && before.count <= samples.len();
            let stay = before.rows.start.max(rows.start)..before.rows.end.min(rows.end);
            let written = if is_same && !stay.is_empty() {
                replace(list, samples, &before.rows, &stay, &rows)
            } else {
                list.set_text_content(None);
                insert(list, &samples[rows.clone()], None)
            };
            written.expect("rows can be written");
            self.written.set_value(Written { run: s.shown, rows, count: samples.len() });
        });
        self.mark(list);
        self.place.set_value(place(list));
    }

    /// Marks the row of the chosen epoch.
    fn mark(self, list: &Element) {
        if let Ok(Some(marked)) = list.query_selector("[aria-current]") {
            let _ = marked.remove_attribute("aria-current");
        }
        let pinned = self.runs.pinned.get_untracked();
        let row = pinned.and_then(|epoch| list.query_selector(&format!("[data-epoch='{epoch}']")).ok()?);
        if let Some(row) = row {
            let _ = row.set_attribute("aria-current", "true");
        }
    }
}

/// The height of the list below its visible part, in pixels.
fn below(list: &Element) -> i32 {
    list.scroll_height() - list.scroll_top() - list.client_height()
}

/// How far a row is below the beginning of the list, in pixels.
fn offset(row: &Element, list: &Element) -> i32 {
    row.unchecked_ref::<HtmlElement>().offset_top() - list.unchecked_ref::<HtmlElement>().offset_top()
}

/// Where the list is now.
fn place(list: &Element) -> Place {
    let (size, length, top) = ((list.client_width(), list.client_height()), list.scroll_height(), list.scroll_top());
    let rows = list.children();
    let offset = |row: u32| rows.item(row).map_or(0, |row| offset(&row, list));
    let first = (0..rows.length()).rev().find(|row| offset(*row) <= top).unwrap_or_default();
    Place { size, length, top, row: (first as usize, top - offset(first)) }
}

/// Removes and adds rows at both ends, so that those in `stay` keep their position on the screen.
fn replace(
    list: &Element,
    samples: &[EpochSample],
    before: &Range<usize>,
    stay: &Range<usize>,
    rows: &Range<usize>,
) -> Result<(), JsValue> {
    let first = list.children().item((stay.start - before.start) as u32).ok_or("a row is missing")?;
    let first: HtmlElement = first.unchecked_into();
    let top = first.offset_top();
    (before.start..stay.start).filter_map(|_| list.first_element_child()).for_each(|row| row.remove());
    (stay.end..before.end).filter_map(|_| list.last_element_child()).for_each(|row| row.remove());
    insert(list, &samples[stay.end..rows.end], None)?;
    insert(list, &samples[rows.start..stay.start], Some(&first))?;
    let moved = first.offset_top() - top;
    if moved != 0 {
        list.set_scroll_top(list.scroll_top() + moved);
    }
    Ok(())
}

/// Inserts rows before another or at the end. The style sheet draws the epoch's number, so the text is only the sample.
fn insert(list: &Element, rows: &[EpochSample], before: Option<&Node>) -> Result<(), JsValue> {
    let document = document();
    for row in rows {
        let item = document.create_element("li")?;
        item.set_attribute("data-epoch", &row.epoch.to_string())?;
        let (prefix, continuation) = parts(&row.sample);
        for (class, text) in [("prefix", prefix), ("continuation", continuation)] {
            let span = document.create_element("span")?;
            span.set_class_name(class);
            span.set_text_content(Some(text));
            item.append_child(&span)?;
        }
        list.insert_before(&item, before)?;
    }
    Ok(())
}

/// A sample, with prefix and continuation styled differently.
pub fn sample_view(sample: &Sample) -> impl IntoView + use<> {
    let (prefix, continuation) = parts(sample);
    view! {
        <span class="prefix">{prefix.to_owned()}</span>
        <span class="continuation">{continuation.to_owned()}</span>
    }
}
