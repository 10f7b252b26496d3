//! A list of samples that is much longer than what is written of it: following its end, scrolling, choosing an epoch.

use leptos::prelude::*;
use time_traveller::ui::samples::rows::PIECE;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use super::{Mounted, epoch};

const EPOCHS: u32 = 1000;

/// A run so far, with the list in the size that it has on a screen.
async fn long_run() -> Mounted {
    let page = Mounted::training("#epochs=2000").await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    list.style().set_css_text("height: 300px; overflow-y: auto; overflow-anchor: none");
    page.hear((1..=EPOCHS).map(|number| epoch(number, 9.0))).await;
    page
}

/// The first and the last epoch of those that are written.
fn written(page: &Mounted) -> [u32; 2] {
    let rows = page.test_id("samples").children();
    assert!(rows.length() as usize <= 2 * PIECE, "{} rows", rows.length());
    [0, rows.length() - 1].map(|i| rows.item(i).unwrap().get_attribute("data-epoch").unwrap().parse().unwrap())
}

/// How far down the row of an epoch is in the list.
fn place(page: &Mounted, epoch: u32) -> f64 {
    let row = page.find(&format!("[data-testid=samples] [data-epoch='{epoch}']"));
    row.get_bounding_client_rect().top() - page.test_id("samples").get_bounding_client_rect().top()
}

#[wasm_bindgen_test]
async fn of_a_long_list_the_end_is_written_and_stays_in_sight() {
    let page = long_run().await;
    assert_eq!(written(&page), [EPOCHS - PIECE as u32 + 1, EPOCHS]);
    page.hear([epoch(EPOCHS + 1, 9.0)]).await;
    assert_eq!(written(&page)[1], EPOCHS + 1);
    assert!((0.0..300.0).contains(&place(&page, EPOCHS + 1)), "{}", place(&page, EPOCHS + 1));
}

#[wasm_bindgen_test]
async fn scrolling_back_writes_what_was_before_and_moves_nothing() {
    let page = long_run().await;
    let list = page.test_id("samples");
    list.set_scroll_top(0);
    let first = written(&page)[0];
    page.settle().await;
    assert_eq!(written(&page), [first - PIECE as u32, EPOCHS]);
    assert!(place(&page, first).abs() < 9.0, "it was the first in sight, and is at {}", place(&page, first));
    page.hear([epoch(EPOCHS + 1, 9.0)]).await;
    assert_eq!(written(&page)[1], EPOCHS, "whoever reads is not disturbed");
    assert!(place(&page, first).abs() < 9.0);
    list.set_scroll_top(list.scroll_height());
    page.settle().await;
    assert_eq!(written(&page)[1], EPOCHS + 1);
}

#[wasm_bindgen_test]
async fn a_chosen_epoch_is_written_marked_and_in_sight() {
    let page = long_run().await;
    for chosen in [7, 500, EPOCHS] {
        page.page.runs.pinned.set(Some(chosen));
        page.settle().await;
        let marked = page.find("[data-testid=samples] [aria-current]");
        assert_eq!(marked.get_attribute("data-epoch"), Some(chosen.to_string()));
        assert!((0.0..300.0).contains(&place(&page, chosen)), "epoch {chosen} is at {}", place(&page, chosen));
        page.hear([epoch(EPOCHS + chosen, 9.0)]).await;
    }
    page.page.runs.pinned.set(None);
    page.settle().await;
    assert_eq!(written(&page)[1], 2 * EPOCHS, "the newest");
    assert_eq!(page.root.query_selector_all("[data-testid=samples] [aria-current]").unwrap().length(), 0);
}
