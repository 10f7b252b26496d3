//! The visitor's own text: chosen, pasted, dropped or offered by a link; described, refused, and replaced by the
//! book's.

use std::sync::Arc;

use js_sys::{Function, Reflect, Uint8Array};
use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::model::config::Cleaning;
use time_traveller::protocol::{Command, Event, FinalReport, TextChoice, TextFacts, js};
use time_traveller::ui::language::Language;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use super::files::until;
use super::{Mounted, book, epoch, sample};

/// Longer than the page waits for typing to end.
pub const A_WHILE: u32 = 600;

pub fn choice(choice: TextChoice, cleaning: Cleaning) -> Command {
    Command::Text { choice, cleaning, vocab: Config::default().vocab }
}

pub fn own(name: &str, bytes: &[u8]) -> Command {
    choice(TextChoice::Own { name: name.into(), bytes: bytes.into() }, Cleaning::Book)
}

/// What the worker reports of a Chinese text.
pub fn told(name: &str, cleaning: Cleaning) -> TextFacts {
    let is_verbatim = cleaning == Cleaning::Verbatim;
    TextFacts {
        name: name.into(),
        own: true,
        characters: 4321,
        cleaning,
        vocab: Config::default().vocab,
        tokens: if is_verbatim { 4321 } else { 12 },
        vocabulary: if is_verbatim { 612 } else { 5 },
        unknown: if is_verbatim { 20 } else { 0 },
        rare: 7,
        beginning: "时光机器".into(),
        counts: vec![('时', 1234), ('\n', 56), (' ', 3), ('光', 2), ('机', 1), ('器', 1)],
        ..TextFacts::default()
    }
}

pub async fn receive_text(page: &Mounted, facts: TextFacts) {
    page.receive([Event::Text { facts }]).await;
}

/// Chooses this file in the text's field, as a visitor does.
pub async fn choose(page: &Mounted, name: &str, bytes: &[u8]) {
    let choose = Function::new_with_args(
        "field, name, bytes",
        "const list = new DataTransfer(); list.items.add(new File([bytes], name)); field.files = list.files;
         field.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    choose.call3(&JsValue::NULL, &page.field("Choose a text"), &name.into(), &Uint8Array::from(bytes)).unwrap();
    let is_chosen = |text: Arc<TextChoice>| matches!(&*text, TextChoice::Own { name: chosen, .. } if chosen == name);
    until(page, || page.page.text.chosen().is_some_and(is_chosen), true).await;
    page.settle().await;
}

/// Sends a drag event of this kind, with a file. Returns whether the page handled it.
async fn drag(page: &Mounted, kind: &str) -> bool {
    let drag = Function::new_with_args(
        "kind",
        "const data = new DataTransfer(); data.items.add(new File(['dropped words'], 'dropped.txt'));
         return !document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }))",
    );
    let handled = drag.call1(&JsValue::NULL, &kind.into()).unwrap();
    page.settle().await;
    handled.is_truthy()
}

fn is_hidden(page: &Mounted, id: &str) -> bool {
    page.test_id(id).has_attribute("hidden")
}

#[wasm_bindgen_test]
async fn a_chosen_text_is_read_described_and_adjusts_the_settings() {
    let page = Mounted::ready("").await;
    assert_eq!(page.text("text-facts"), "the book’s edition; 5,000 tokens, vocabulary of 28");
    assert!(page.button("Back to the book’s text").has_attribute("hidden"));
    choose(&page, "mine.txt", "时光机器".as_bytes()).await;
    assert_eq!(page.sent(), [own("mine.txt", "时光机器".as_bytes())]);
    assert_eq!(page.text("text-facts"), "Reading mine.txt…");
    assert!(page.button("Train").has_attribute("disabled"), "the text is not known yet");
    page.page.train();
    assert_eq!(page.sent().len(), 1);
    receive_text(&page, told("mine.txt", Cleaning::Book)).await;
    assert_eq!(page.field("Cleaning").value(), "verbatim", "the book’s cleaning would leave nearly nothing");
    gloo_timers::future::TimeoutFuture::new(A_WHILE).await;
    assert_eq!(page.sent()[1..], [choice(TextChoice::Present, Cleaning::Verbatim)]);
    receive_text(&page, told("mine.txt", Cleaning::Verbatim)).await;
    assert_eq!(
        (page.field("Training tokens").value(), page.field("Prefix").value()),
        ("4321".into(), "时光机器".into())
    );
    assert_eq!(
        page.text("text-facts"),
        "mine.txt; 4,321 tokens, vocabulary of 612, the 7 rarest characters (20 tokens) read as <unk>"
    );
    assert_eq!(page.text("text-adapted"), "Adjusted for this text: Cleaning, Training tokens.");
    assert!(page.text("text-part").starts_with("Text (mine.txt)"), "{}", page.text("text-part"));
    page.press("Train").await;
    let Some(Command::Train { config, prefix, .. }) = page.sent().pop() else { panic!("{:?}", page.sent()) };
    assert_eq!((config.cleaning, config.tokens, &prefix[..]), (Cleaning::Verbatim, 4321, "时光机器"));
    page.press("Reset").await;
    page.press("Back to the book’s text").await;
    assert_eq!(page.sent().pop(), Some(choice(TextChoice::Book, Cleaning::Verbatim)));
    page.receive([book(true)]).await;
    assert_eq!(
        (page.field("Cleaning").value(), page.field("Training tokens").value()),
        ("book".into(), "10000".into())
    );
    assert_eq!(page.field("Prefix").value(), "time traveller");
}

#[wasm_bindgen_test]
async fn the_vocabulary_is_shown_with_counts_when_it_is_opened() {
    let page = Mounted::ready("#cleaning=verbatim").await;
    receive_text(&page, told("mine.txt", Cleaning::Verbatim)).await;
    assert_eq!(page.text("vocabulary"), "Vocabulary");
    page.find("[data-testid=vocabulary] summary").unchecked_into::<HtmlElement>().click();
    page.settle().await;
    assert_eq!(page.text("vocabulary"), "Vocabulary时 1,234newline 56space 3光 2机 1器 1and 605 more");
    page.page.language.set(Language::Chinese);
    page.settle().await;
    assert!(page.text("text-facts").contains("mine.txt；4,321 个词元，词表大小 612"), "{}", page.text("text-facts"));
}

#[wasm_bindgen_test]
async fn a_text_can_be_pasted() {
    let page = Mounted::ready("").await;
    assert!(page.button("Use this text").has_attribute("disabled"));
    page.fill("Paste a text", "Some words.\n").await;
    page.press("Use this text").await;
    assert_eq!(page.sent(), [own("pasted text", b"Some words.\n")]);
    assert_eq!(page.field("Paste a text").value(), "");
}

#[wasm_bindgen_test]
async fn a_file_that_is_not_a_text_is_refused_and_the_previous_text_stays() {
    let page = Mounted::ready("").await;
    choose(&page, "photo.jpg", b"\xff\xd8").await;
    page.receive([Event::TextRefused { error: Error::NotUtf8 { offset: 0 } }]).await;
    assert!(page.text("error").starts_with("The text is neither UTF-8 nor UTF-16"), "{}", page.text("error"));
    assert_eq!(page.text("text-facts"), "the book’s edition; 5,000 tokens, vocabulary of 28");
    assert!(!page.button("Train").has_attribute("disabled"));
    choose(&page, "mine.txt", b"words").await;
    assert_eq!(page.text("error"), "", "a new choice clears the error");
    // A file that is too large is not read.
    let large = Function::new_no_args("return new File([new Uint8Array(20_000_001)], 'large.txt')");
    page.page.text.choose(large.call0(&JsValue::NULL).unwrap().unchecked_into());
    page.settle().await;
    assert!(page.text("error").contains("more than 20 MB"), "{}", page.text("error"));
    let gone = Function::new_no_args(
        "const file = new File([], 'gone.txt'); file.arrayBuffer = () => Promise.reject(new Error('it has gone')); return file",
    );
    page.page.text.choose(gone.call0(&JsValue::NULL).unwrap().unchecked_into());
    page.settle().await;
    assert_eq!(page.text("error"), "gone.txt could not be read (it has gone): choose it again, or another file.");
    assert_eq!(page.sent(), [own("photo.jpg", b"\xff\xd8"), own("mine.txt", b"words")]);
}

#[wasm_bindgen_test]
async fn a_file_can_be_dropped_anywhere() {
    let page = Mounted::ready("").await;
    assert!(is_hidden(&page, "drop-hint"));
    assert!(drag(&page, "dragover").await && !is_hidden(&page, "drop-hint"));
    drag(&page, "dragleave").await;
    assert!(is_hidden(&page, "drop-hint"));
    drag(&page, "dragover").await;
    assert!(drag(&page, "drop").await, "the browser is not to open it");
    assert!(is_hidden(&page, "drop-hint"));
    until(&page, || page.sent(), vec![own("dropped.txt", b"dropped words")]).await;
}

#[wasm_bindgen_test]
async fn a_links_text_is_named_and_waits_for_consent() {
    let link = "https://example.org/a/long%20story.txt?x=<b>";
    let page = Mounted::ready("").await;
    assert!(is_hidden(&page, "offer"));
    page.page.text.own.update(|own| own.offer(Some(link.into())));
    page.settle().await;
    let said = page.text("offer");
    assert!(said.contains(link) && said.contains("it is fetched from example.org and trained on here"), "{said}");
    assert_eq!(page.sent(), []);
    page.press("Fetch this text").await;
    assert!(is_hidden(&page, "offer"));
    assert_eq!(page.sent(), [choice(TextChoice::Address(link.into()), Cleaning::Book)]);
    assert_eq!(page.text("text-facts"), format!("Reading {link}…"));
    page.receive([Event::TextRefused { error: Error::AddressUnreachable(link.into()) }]).await;
    assert!(page.text("error").contains("does not let other pages read it (CORS)"), "{}", page.text("error"));

    let page = Mounted::ready("").await;
    page.page.text.own.update(|own| own.offer(Some(link.into())));
    page.settle().await;
    page.press("Keep the book’s text").await;
    assert!(is_hidden(&page, "offer") && page.sent().is_empty());
    for bad in
        ["javascript:alert(1)", "data:text/plain,a", "file:///etc/hosts", "ftp://x/y", "story.txt", "//x/y", "https://"]
    {
        page.page.text.own.update(|own| own.offer(Some(bad.into())));
        page.settle().await;
        assert!(page.text("offer").contains(&format!("{bad} is not the address of a text")), "{}", page.text("offer"));
        assert!(page.button("Fetch this text").has_attribute("disabled"), "{bad}");
    }
}

#[wasm_bindgen_test]
async fn names_and_characters_are_never_markup() {
    let page = Mounted::ready("#cleaning=verbatim").await;
    let name = "<img src=x onerror=alert(1)>.txt";
    choose(&page, name, b"x").await;
    receive_text(&page, TextFacts { counts: vec![('<', 9), ('&', 8)], ..told(name, Cleaning::Verbatim) }).await;
    page.page.text.own.update(|own| own.offer(Some(format!("https://x/{name}"))));
    page.receive([Event::TextRefused { error: Error::AddressUnreachable(name.into()) }]).await;
    page.find("[data-testid=vocabulary] summary").unchecked_into::<HtmlElement>().click();
    page.settle().await;
    assert!(page.text("text-part").contains(name) && page.text("offer").contains(name));
    assert_eq!(page.root.query_selector_all("img").unwrap().length(), 0);
}

#[wasm_bindgen_test]
async fn a_run_on_the_visitors_own_text_is_not_compared_with_the_book() {
    let page = Mounted::ready("").await;
    choose(&page, "mine.txt", b"words").await;
    receive_text(&page, TextFacts { tokens: 20_000, ..told("mine.txt", Cleaning::Book) }).await;
    page.train().await;
    page.receive([epoch(1, 24.0), epoch(2, 12.0)]).await;
    assert!(is_hidden(&page, "legend"));
    // Also after switching back to the book's text.
    page.receive([book(true)]).await;
    let report = FinalReport {
        epochs: 500,
        perplexity: 1.04,
        tokens_per_second: 1500.0,
        device: "a test’s GPU".into(),
        samples: vec![sample("time", " and")],
    };
    page.receive([Event::Finished { run: 1, report }]).await;
    assert!(page.root.query_selector("[data-testid=comparison]").unwrap().is_none());
    assert_eq!(page.text("speed"), "");
}

#[wasm_bindgen_test]
async fn validation_perplexity_is_shown_with_training_perplexity() {
    let page = Mounted::training("#epochs=9&validation=100").await;
    assert!(is_hidden(&page, "legend-held-out"));
    let Event::Epochs { mut reports, .. } = epoch(1, 24.0) else { unreachable!() };
    reports[0].validation = Some(26.5);
    page.receive([Event::Epochs { run: 1, reports }]).await;
    assert!(!is_hidden(&page, "legend-held-out"));
    assert_eq!(page.text("moment-title"), "Epoch 1: perplexity 24.00, validation 26.50");
    let label = page.test_id("chart").get_attribute("aria-label").unwrap();
    assert!(label.starts_with("Perplexity is 24.0 after epoch 1; validation: 26.5"), "{label}");
    page.page.runs.pinned.set(Some(1));
    page.settle().await;
    assert_eq!(page.text("reading"), "Epoch 124.00 26.50");
}

#[wasm_bindgen_test]
async fn a_new_worker_gets_the_text_too() {
    let page = Mounted::ready("").await;
    choose(&page, "mine.txt", b"words").await;
    receive_text(&page, TextFacts { tokens: 20_000, ..told("mine.txt", Cleaning::Book) }).await;
    page.receive([Event::Broken { error: Error::WorkerBroke("no".into()) }]).await;
    page.press("Reset").await;
    page.receive([Event::Ready, book(true)]).await;
    assert_eq!(page.sent(), [own("mine.txt", b"words"), own("mine.txt", b"words")]);
    assert_eq!(page.text("text-facts"), "Reading mine.txt…");
    receive_text(&page, TextFacts { tokens: 20_000, ..told("mine.txt", Cleaning::Book) }).await;
    assert!(page.text("text-facts").starts_with("mine.txt; 20,000 tokens"), "{}", page.text("text-facts"));
}

/// As an array of numbers they would take about ten times the memory and time.
#[wasm_bindgen_test]
fn a_texts_bytes_are_sent_as_bytes() {
    let command = own("mine.txt", &[0, 128, 255]);
    let value = js::write(&command).unwrap();
    let path = ["Text", "choice", "Own", "bytes"];
    let bytes = path.iter().fold(value.clone(), |value, key| Reflect::get(&value, &(*key).into()).unwrap());
    assert!(bytes.is_instance_of::<Uint8Array>());
    assert_eq!(js::read::<Command>(value).unwrap(), command);
}
