//! Where panels stand in a window with one column.

use leptos::prelude::*;

use crate::ui::browser;

/// Windows with one column; as in the style sheets.
const COLUMN: &str = "(max-width: 59.99rem)";

/// Panels, each with the place beside an element where it is read in one column, and that in several. The panels
/// themselves move, so that whatever is open or typed in them stays, and the keyboard goes where the eye goes.
const PLACES: [(&str, [(&str, &str); 2]); 3] = [
    // The chart comes first, and what is done with it last.
    (".panel.network", [("afterbegin", ".rest"), ("afterbegin", ".middle")]),
    (".curve .tools", [("beforebegin", ".curve > .explain"), ("beforebegin", ".curve .legends")]),
    // A list that is as long as the run comes after what the visitor writes.
    (".panel.samples", [("beforeend", ".words"), ("afterbegin", ".words")]),
];

/// Arranges the panels for the window, from now on; returns whether there is one column.
pub fn column() -> Signal<bool> {
    let column = browser::matches(COLUMN);
    Effect::new(move |_| {
        let is_column = column.get();
        for (panel, [narrow, wide]) in PLACES {
            let (place, beside) = if is_column { narrow } else { wide };
            let found = |selector| document().query_selector(selector).ok().flatten();
            if let Some((panel, beside)) = found(panel).zip(found(beside)) {
                let _ = beside.insert_adjacent_element(place, &panel);
            }
        }
    });
    column
}
