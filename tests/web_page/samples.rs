//! A list of samples much longer than its rows in the document: following its end, scrolling, choosing an epoch;
//! copying; texts from right to left.

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use time_traveller::protocol::{Continuation, EpochReport, Event, Sample, Written};
use time_traveller::ui::samples::rows::PIECE;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

use super::files::until;
use super::{Mounted, epoch, report, sample};

const EPOCHS: u32 = 1000;

/// A run after [`EPOCHS`] epochs, with the list in a realistic size.
async fn long_run() -> Mounted {
    let page = Mounted::training("#epochs=2000").await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    list.style().set_css_text("height: 300px; overflow-y: auto; overflow-anchor: none");
    page.receive((1..=EPOCHS).map(|number| epoch(number, 9.0))).await;
    until(&page, || written(&page)[1], EPOCHS).await;
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
    // The list rests after it was drawn.
    until(&page, || written(&page)[1], EPOCHS + 1).await;
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

/// Whether an epoch's row is in the visible part of the list.
fn is_visible(page: &Mounted, epoch: u32) -> bool {
    let height = f64::from(page.test_id("samples").client_height());
    (-1.0..height).contains(&offset(page, epoch))
}

#[wasm_bindgen_test]
async fn the_newest_stays_visible_whatever_moves_the_list_but_the_visitor() {
    let page = long_run().await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    // A bar or a continuation takes some of the height, and a phone is turned.
    let sizes = [("height", "120px"), ("height", "400px"), ("width", "200px"), ("width", "600px")];
    for (number, (side, size)) in (EPOCHS + 1..).zip(sizes) {
        list.style().set_property(side, size).unwrap();
        page.receive([epoch(number, 9.0)]).await;
        until(&page, || written(&page)[1], number).await;
        page.settle().await;
        assert!(is_visible(&page, number), "{side} {size}: epoch {number} is at {}", offset(&page, number));
    }
    // Many at once, as after a while in a hidden tab.
    page.receive([Event::Epochs { run: 1, reports: (EPOCHS + 5..=2 * EPOCHS).map(|n| report(n, 9.0)).collect() }])
        .await;
    until(&page, || written(&page)[1], 2 * EPOCHS).await;
    assert!(is_visible(&page, 2 * EPOCHS));
}

#[wasm_bindgen_test]
async fn a_list_that_was_scrolled_back_stays_at_what_is_read_until_it_is_to_follow() {
    let page = long_run().await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    let follow: HtmlElement = page.find(".samples .heading button").unchecked_into();
    assert!(follow.has_attribute("hidden"));
    list.set_scroll_top(list.scroll_top() - 1000);
    page.settle().await;
    assert!(!follow.has_attribute("hidden"));
    let read = (1..=EPOCHS).rev().find(|n| written(&page)[0] <= *n && offset(&page, *n) <= 0.0).unwrap();
    let before = offset(&page, read);
    for (side, size) in [("height", "150px"), ("width", "200px"), ("width", "700px")] {
        list.style().set_property(side, size).unwrap();
        let newest = page.page.runs.state.with_untracked(|s| s.figures.epoch);
        page.receive([epoch(newest + 1, 9.0)]).await;
        assert!((offset(&page, read) - before).abs() < 2.0, "{side} {size}: it is at {}", offset(&page, read));
        assert_eq!(written(&page)[1], EPOCHS);
    }
    follow.click();
    until(&page, || written(&page)[1], EPOCHS + 3).await;
    page.settle().await;
    assert!(is_visible(&page, EPOCHS + 3) && follow.has_attribute("hidden"));
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

/// Has the browser's clipboard and its older command for copying do this.
fn browser_copies(clipboard: &str, command: &str) {
    Function::new_no_args(&format!(
        "window.copied = null;
         Object.defineProperty(navigator, 'clipboard', {{ configurable: true, value: {clipboard} }});
         document.execCommand = () => {{
             const area = document.activeElement;
             window.copied = area.value.slice(area.selectionStart, area.selectionEnd);
             return {command};
         }}"
    ))
    .call0(&JsValue::NULL)
    .unwrap();
}

const GRANTED: &str = "{ writeText: text => { window.copied = text; return Promise.resolve() } }";
const DENIED: &str = "{ writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }";

/// What a button called `name` copies, what it is called then, and the sentence beside it.
async fn copied(page: &Mounted, name: &str) -> (Option<String>, bool, Vec<String>) {
    let button = page.button(name);
    button.click();
    page.settle().await;
    let copied = Reflect::get(&window(), &"copied".into()).unwrap().as_string();
    let said = page.root.query_selector_all("[data-testid=by-hand]:not([hidden]) p").unwrap();
    let said = (0..said.length()).filter_map(|i| said.item(i)?.text_content()).collect();
    (copied, button.text_content().as_deref() == Some("Copied"), said)
}

#[wasm_bindgen_test]
async fn copied_is_said_only_where_something_was_copied() {
    let by_hand = "Copying is not allowed here: copy the selected text by hand.";
    for (name, begins) in [("Copy", "time traveller and the 1"), ("Copy link", "http")] {
        for (clipboard, command, is_copied) in [
            (GRANTED, "false", true),
            (DENIED, "true", true),
            ("undefined", "true", true),
            (DENIED, "false", false),
            ("undefined", "false", false),
        ] {
            let page = Mounted::training("#epochs=12").await;
            page.receive([epoch(1, 24.0)]).await;
            browser_copies(clipboard, command);
            if name == "Copy link" {
                page.find(".menu > summary").unchecked_into::<HtmlElement>().click();
            }
            let (text, says_so, said) = copied(&page, name).await;
            assert!(text.is_some_and(|text| text.starts_with(begins)), "{name}, {clipboard}, {command}");
            assert_eq!(says_so, is_copied, "{name}, {clipboard}, {command}");
            assert_eq!(said, if is_copied { vec![] } else { vec![by_hand.to_owned()] });
            if is_copied {
                assert_ne!(document().active_element().unwrap().tag_name(), "TEXTAREA", "the focus is back");
                gloo_timers::future::TimeoutFuture::new(2300).await;
                assert!(page.button(name).is_connected());
            } else {
                let area: HtmlTextAreaElement = document().active_element().unwrap().unchecked_into();
                assert!(area.value().starts_with(begins), "what is to be copied is selected");
                assert_eq!(area.selection_end().unwrap(), Some(area.value().len() as u32));
                browser_copies(GRANTED, "false");
                assert_eq!(copied(&page, name).await.2, Vec::<String>::new(), "the next time it may work");
            }
        }
    }
    Function::new_no_args("delete navigator.clipboard; delete document.execCommand").call0(&JsValue::NULL).unwrap();
}

/// Where the first and the last character of an element's text are: the right edge of the first and the left edge of the
/// last, from the element's left edge, and the element's width.
fn ends(element: &Element) -> [f64; 3] {
    let measure = Function::new_with_args(
        "element",
        "const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
         const texts = []; while (walker.nextNode()) if (walker.currentNode.data) texts.push(walker.currentNode);
         const rect = (text, at) => { range.setStart(text, at); range.setEnd(text, at + 1); return range.getBoundingClientRect() };
         const last = texts[texts.length - 1], { left, width } = element.getBoundingClientRect();
         return [rect(texts[0], 0).right - left, rect(last, last.length - 1).left - left, width]",
    );
    let ends: Array = measure.call1(&JsValue::NULL, element).unwrap().unchecked_into();
    [0, 1, 2].map(|i| ends.get(i).as_f64().unwrap())
}

#[wasm_bindgen_test]
async fn texts_from_right_to_left_begin_on_the_right() {
    let page = Mounted::training("#epochs=12").await;
    let style = document().create_element("style").unwrap();
    style.set_text_content(Some(concat!(
        include_str!("../../assets/parts.css"),
        include_str!("../../assets/words.css")
    )));
    page.root.append_child(&style).unwrap();
    page.root.set_attribute("style", "width: 900px").unwrap();
    // The full stop has no direction of its own: it stands at the text's end, on the left.
    let (arabic, english) = (sample("كان مسافر", " الزمن، 12 نقطة."), sample("it is", " so."));
    page.receive([Event::Untrained { run: 1, sample: arabic.clone() }]).await;
    let with = |number, sample: &Sample| EpochReport { sample: sample.clone(), ..report(number, 9.0) };
    page.receive([Event::Epochs { run: 1, reports: vec![with(1, &english), with(2, &arabic)] }]).await;
    page.press("Generate").await;
    let written = |character| Written { character: Some(character), surprise: 1.0, guesses: vec![] };
    let continuation = arabic.text.strip_prefix(&arabic.prefix).unwrap().chars().map(written).collect();
    let continuation = Continuation { sample: arabic.clone(), written: continuation, next: vec![] };
    page.receive([Event::Generated { request: 1, continuation }]).await;
    for place in ["[data-testid=untrained]", "[data-testid=samples] [data-epoch='2']", "[data-testid=moment]"]
        .into_iter()
        .chain(["[data-testid=generated]"])
    {
        let [first, last, width] = ends(&page.find(place));
        assert!(first > width - 20.0 && last < first - 50.0, "{place}: {first}, {last} of {width}");
    }
    let [first, last, width] = ends(&page.find("[data-testid=samples] [data-epoch='1']"));
    assert!(first < last && last < width / 2.0, "{first}, {last} of {width}");
    for field in ["#prefix", ".run-name", "#text-paste"] {
        assert_eq!(page.find(field).get_attribute("dir").as_deref(), Some("auto"), "{field}");
    }
}
