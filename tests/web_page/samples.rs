//! A list of samples much longer than its rows in the document: following its end, scrolling, choosing an epoch.

use leptos::prelude::*;
use time_traveller::ui::samples::rows::PIECE;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use super::{Mounted, epoch};

const EPOCHS: u32 = 1000;

/// A run after [`EPOCHS`] epochs, with the list in a realistic size.
async fn long_run() -> Mounted {
    let page = Mounted::training("#epochs=2000").await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    list.style().set_css_text("height: 300px; overflow-y: auto; overflow-anchor: none");
    page.receive((1..=EPOCHS).map(|number| epoch(number, 9.0))).await;
    page
}

/// The first and last epoch in the document.
fn written(page: &Mounted) -> [u32; 2] {
    let rows = page.test_id("samples").children();
    assert!(rows.length() as usize <= 2 * PIECE, "{} rows", rows.length());
    [0, rows.length() - 1].map(|i| rows.item(i).unwrap().get_attribute("data-epoch").unwrap().parse().unwrap())
}

/// The vertical position of an epoch's row in the list, in pixels.
fn offset(page: &Mounted, epoch: u32) -> f64 {
    let row = page.find(&format!("[data-testid=samples] [data-epoch='{epoch}']"));
    row.get_bounding_client_rect().top() - page.test_id("samples").get_bounding_client_rect().top()
}

#[wasm_bindgen_test]
async fn the_end_of_a_long_list_stays_visible() {
    let page = long_run().await;
    assert_eq!(written(&page), [EPOCHS - PIECE as u32 + 1, EPOCHS]);
    page.receive([epoch(EPOCHS + 1, 9.0)]).await;
    assert_eq!(written(&page)[1], EPOCHS + 1);
    assert!((0.0..300.0).contains(&offset(&page, EPOCHS + 1)), "{}", offset(&page, EPOCHS + 1));
}

#[wasm_bindgen_test]
async fn scrolling_back_adds_earlier_rows_and_moves_nothing() {
    let page = long_run().await;
    let list = page.test_id("samples");
    list.set_scroll_top(0);
    let first = written(&page)[0];
    page.settle().await;
    assert_eq!(written(&page), [first - PIECE as u32, EPOCHS]);
    assert!(offset(&page, first).abs() < 9.0, "it was the first visible row, and is at {}", offset(&page, first));
    page.receive([epoch(EPOCHS + 1, 9.0)]).await;
    assert_eq!(written(&page)[1], EPOCHS, "the visitor who reads is not disturbed");
    assert!(offset(&page, first).abs() < 9.0);
    list.set_scroll_top(list.scroll_height());
    page.settle().await;
    assert_eq!(written(&page)[1], EPOCHS + 1);
}

#[wasm_bindgen_test]
async fn a_chosen_epoch_is_marked_and_visible() {
    let page = long_run().await;
    for chosen in [7, 500, EPOCHS] {
        page.page.runs.pinned.set(Some(chosen));
        page.settle().await;
        let marked = page.find("[data-testid=samples] [aria-current]");
        assert_eq!(marked.get_attribute("data-epoch"), Some(chosen.to_string()));
        assert!((0.0..300.0).contains(&offset(&page, chosen)), "epoch {chosen} is at {}", offset(&page, chosen));
        page.receive([epoch(EPOCHS + chosen, 9.0)]).await;
    }
    page.page.runs.pinned.set(None);
    page.settle().await;
    assert_eq!(written(&page)[1], 2 * EPOCHS, "the newest");
    assert_eq!(page.root.query_selector_all("[data-testid=samples] [aria-current]").unwrap().length(), 0);
}
