//! A change of language: what the visitor has opened, typed, chosen and selected stays, and everything is translated.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use time_traveller::model::config::Cleaning;
use time_traveller::protocol::{Continuation, Event, TextFacts, Written};
use time_traveller::ui::language::{CHINESE, Language};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, HtmlInputElement};

use super::{Mounted, epoch, sample};

async fn switch(page: &Mounted, language: Language) {
    page.page.language.set(language);
    page.settle().await;
}

/// Opens or closes the `details` element that matches.
async fn toggle(page: &Mounted, details: &str) {
    page.find(&format!("{details} > summary")).unchecked_into::<HtmlElement>().click();
    page.settle().await;
}

/// The selectors of all `details` elements that are open.
fn open(page: &Mounted) -> Vec<u32> {
    let all = page.root.query_selector_all("details").unwrap();
    let is_open = |i: &u32| all.item(*i).unwrap().unchecked_into::<web_sys::Element>().has_attribute("open");
    (0..all.length()).filter(is_open).collect()
}

fn script(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
}

#[wasm_bindgen_test]
async fn an_open_vocabulary_and_a_pasted_text_stay() {
    let page = Mounted::ready("#cleaning=verbatim").await;
    let facts = TextFacts {
        name: "mine.txt".into(),
        own: true,
        cleaning: Cleaning::Verbatim,
        tokens: 20_000,
        vocabulary: 3,
        counts: vec![('a', 9), (' ', 8)],
        ..TextFacts::default()
    };
    page.receive([Event::Text { facts }]).await;
    toggle(&page, "[data-testid=text-part]").await;
    toggle(&page, "[data-testid=vocabulary]").await;
    page.fill("Paste a text", "Some words.").await;
    let opened = open(&page);
    for language in [Language::Chinese, Language::English] {
        switch(&page, language).await;
        let w = language.words();
        let space = w.space;
        assert_eq!(page.text("vocabulary"), format!("{}a 9{space} 8", w.vocabulary));
        assert_eq!((open(&page), page.field(w.text_paste).value()), (opened.clone(), "Some words.".into()));
        assert!(!page.button(w.text_use).has_attribute("disabled"), "the pasted text can be used");
    }
    page.press("Use this text").await;
    assert!(page.button("Use this text").has_attribute("disabled"));
}

#[wasm_bindgen_test]
async fn an_open_kernel_stays_and_is_not_fetched_again() {
    script(
        "window.realFetch = window.fetch; window.fetches = 0;
         window.fetch = () => { window.fetches++; return Promise.resolve(new Response('fn main() {}')) }",
    );
    let page = Mounted::ready("").await;
    toggle(&page, ".curve .explain").await;
    let kernels = |page: &Mounted| page.root.query_selector_all("pre.kernel").unwrap().length();
    let shown = kernels(&page);
    let fetches = || Reflect::get(&window(), &"fetches".into()).unwrap().as_f64().unwrap();
    let fetched = fetches();
    assert!(shown > 0 && f64::from(shown) == fetched);
    switch(&page, Language::Chinese).await;
    assert_eq!((kernels(&page), fetches()), (shown, fetched));
    assert!(page.find(".curve .explain").text_content().unwrap().contains("fn main() {}"));
    // Closed and opened again.
    toggle(&page, ".curve .explain").await;
    toggle(&page, ".curve .explain").await;
    assert_eq!((kernels(&page), fetches()), (shown, fetched));
    // What could not be fetched is tried again.
    script("window.fetch = () => { window.fetches++; return Promise.reject(new Error('no network')) }");
    toggle(&page, ".network > .explain").await;
    assert!(page.find(".network > .explain").text_content().unwrap().contains("请重新加载本页"));
    script("window.fetch = () => Promise.resolve(new Response('fn again() {}'))");
    toggle(&page, ".network > .explain").await;
    toggle(&page, ".network > .explain").await;
    assert!(page.find(".network > .explain").text_content().unwrap().contains("fn again() {}"));
    script("window.fetch = window.realFetch");
}

#[wasm_bindgen_test]
async fn an_emptied_field_does_not_close_over_the_visitor() {
    let page = Mounted::ready("#window-offset=3").await;
    page.fill("Window offset", "").await;
    let opened = open(&page);
    assert!(page.test_id("start").has_attribute("open"));
    switch(&page, Language::Chinese).await;
    assert_eq!(open(&page), opened);
    // Neither does it open.
    toggle(&page, "[data-testid=start]").await;
    page.fill(CHINESE.labels.iter().find(|label| label.0 == "window-offset").unwrap().1, "4").await;
    let opened = open(&page);
    switch(&page, Language::English).await;
    assert_eq!(open(&page), opened);
}

#[wasm_bindgen_test]
async fn runs_speak_the_new_language_and_keep_names_and_menus() {
    let page = Mounted::training("#epochs=12").await;
    page.receive([epoch(1, 24.0)]).await;
    toggle(&page, ".menu").await;
    let name: HtmlInputElement = page.find(".run-name").unchecked_into();
    name.set_value("half a na");
    // As when the focus leaves it.
    name.dispatch_event(&web_sys::Event::new("change").unwrap()).unwrap();
    switch(&page, Language::Chinese).await;
    let name: HtmlInputElement = page.find(".run-name").unchecked_into();
    assert_eq!((name.value(), page.find(".menu").has_attribute("open")), ("half a na".into(), true));
    let runs = page.test_id("runs").text_content().unwrap();
    for term in [CHINESE.run_open, CHINESE.run_delete, "轮次 1，困惑度 24.00"] {
        assert!(runs.contains(term), "{runs}");
    }
    page.receive([epoch(2, 12.0)]).await;
    assert!(page.test_id("runs").text_content().unwrap().contains("轮次 2，困惑度 12.00"), "it goes on");
    page.find(".swatch").unchecked_into::<HtmlElement>().click();
    page.settle().await;
    assert!(page.page.runs.state.with_untracked(|s| !s.runs[0].visible));
}

#[wasm_bindgen_test]
async fn samples_stay_where_they_are_scrolled_to() {
    let page = Mounted::training("#epochs=2000").await;
    let list: HtmlElement = page.test_id("samples").unchecked_into();
    list.style().set_css_text("height: 300px; overflow-y: auto; overflow-anchor: none");
    page.receive((1..=500).map(|number| epoch(number, 9.0))).await;
    page.page.runs.pinned.set(Some(250));
    page.settle().await;
    let look = || {
        let marked = page.find("[data-testid=samples] [aria-current]").get_attribute("data-epoch");
        (page.test_id("samples").scroll_top(), page.test_id("samples").child_element_count(), marked)
    };
    let before = look();
    switch(&page, Language::Chinese).await;
    assert_eq!(look(), before);
    page.receive([epoch(501, 9.0)]).await;
    assert_eq!(look(), before, "the visitor who reads is not disturbed");
}

#[wasm_bindgen_test]
async fn a_character_stays_selected() {
    let page = Mounted::training("").await;
    page.press("Generate").await;
    let written =
        |c, surprise| Written { character: Some(c), surprise, guesses: vec![(Some(c), 0.5), (Some('z'), 0.25)] };
    let continuation = Continuation {
        sample: sample("time traveller", "ab"),
        written: vec![written('a', 0.0), written('b', 3.0)],
        next: vec![(Some('c'), 0.5)],
    };
    page.receive([Event::Generated { request: 1, continuation }]).await;
    let key = Function::new_with_args("to", "to.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home' }))");
    key.call1(&JsValue::NULL, &page.test_id("generated")).unwrap();
    page.settle().await;
    assert!(page.text("guesses").starts_with('a'));
    switch(&page, Language::Chinese).await;
    assert!(page.text("guesses").starts_with('a'), "{}", page.text("guesses"));
    assert_eq!(page.root.query_selector_all(".looked").unwrap().length(), 1);
}
