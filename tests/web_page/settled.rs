//! Nothing starts before the text is settled: read as the form says, with the settings and the prefix that suit it.

use gloo_timers::future::TimeoutFuture;
use js_sys::Function;
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::model::config::Cleaning;
use time_traveller::protocol::{Command, Event, FinalReport, Summary, TextChoice, TextFacts};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::text::{A_WHILE, choice, choose, own, receive_text, told};
use super::{Mounted, book, epoch, sample};

fn is_disabled(page: &Mounted, button: &str) -> bool {
    page.button(button).has_attribute("disabled")
}

/// Whether nothing can be started: no button, and no other way to start a run.
fn nothing_starts(page: &Mounted) -> bool {
    let before = page.sent().len();
    page.page.train();
    let buttons = ["Train", "One epoch", "One minibatch", "Generate", "Measure"];
    let disabled = buttons.iter().all(|button| is_disabled(page, button));
    disabled && page.sent().len() == before
}

/// The prefix of the latest command that has one.
fn sent_prefix(page: &Mounted) -> Option<String> {
    page.sent().into_iter().rev().find_map(|command| match command {
        Command::Train { prefix, .. } | Command::Generate { prefix, .. } | Command::SamplePrefix { prefix } => {
            Some(prefix)
        }
        _ => None,
    })
}

/// Chooses the Chinese text, which is read twice.
async fn choose_chinese(page: &Mounted) {
    choose(page, "mine.txt", "时光机器".as_bytes()).await;
    receive_text(page, told("mine.txt", Cleaning::Book)).await;
    receive_text(page, told("mine.txt", Cleaning::Verbatim)).await;
}

#[wasm_bindgen_test]
async fn nothing_starts_between_the_two_readings_of_a_text() {
    let page = Mounted::ready("").await;
    choose(&page, "mine.txt", "时光机器".as_bytes()).await;
    assert!(nothing_starts(&page));
    receive_text(&page, told("mine.txt", Cleaning::Book)).await;
    assert!(nothing_starts(&page), "the text is still to be read as it stands");
    assert_eq!(
        (page.text("text-facts"), page.text("status")),
        ("Reading mine.txt…".into(), "Loading the text…".into())
    );
    TimeoutFuture::new(A_WHILE).await;
    assert!(nothing_starts(&page));
    receive_text(&page, told("mine.txt", Cleaning::Verbatim)).await;
    assert_eq!((page.field("Prefix").value(), page.text("status")), ("时光机器".into(), "Ready to train".into()));
    page.press("Generate").await;
    assert_eq!(sent_prefix(&page).as_deref(), Some("时光机器"));
    page.press("Train").await;
    let Some(Command::Train { config, prefix, .. }) = page.sent().pop() else { panic!("{:?}", page.sent()) };
    assert_eq!((config.cleaning, config.tokens, &prefix[..]), (Cleaning::Verbatim, 4321, "时光机器"));
}

#[wasm_bindgen_test]
async fn nothing_starts_before_the_text_is_read_as_the_form_says() {
    let page = Mounted::ready("").await;
    let read = |cleaning, vocab| {
        let Event::Text { facts } = book(true) else { unreachable!() };
        Event::Text { facts: TextFacts { cleaning, vocab, ..facts } }
    };
    page.fill("Cleaning", "verbatim").await;
    assert!(nothing_starts(&page));
    page.receive([read(Cleaning::Verbatim, 4000)]).await;
    assert!(!is_disabled(&page, "Train"));
    page.fill("Maximum vocabulary size", "20").await;
    assert!(nothing_starts(&page));
    page.receive([read(Cleaning::Verbatim, 20)]).await;
    assert!(!is_disabled(&page, "Train"));
    page.press("Train").await;
    assert!(matches!(page.sent().pop(), Some(Command::Train { .. })));
}

#[wasm_bindgen_test]
async fn of_two_texts_the_one_chosen_last_counts() {
    let page = Mounted::ready("#cleaning=verbatim").await;
    let read = |name| receive_text(&page, TextFacts { tokens: 3000, ..told(name, Cleaning::Verbatim) });
    choose(&page, "first.txt", b"one").await;
    choose(&page, "second.txt", b"two").await;
    read("first.txt").await;
    assert!(nothing_starts(&page), "the second one is not read yet");
    assert_eq!(
        (page.text("text-facts"), page.field("Training tokens").value()),
        ("Reading second.txt…".into(), "10000".into())
    );
    read("second.txt").await;
    assert!(!is_disabled(&page, "Train"));
    assert_eq!(page.field("Training tokens").value(), "3000");
    // The refusal of one that was given up is of no interest.
    choose(&page, "third.jpg", b"\xff\xd8").await;
    choose(&page, "fourth.txt", b"four").await;
    page.receive([Event::TextRefused { error: Error::NotUtf8 { offset: 0 } }]).await;
    assert_eq!((page.text("error"), page.text("text-facts")), (String::new(), "Reading fourth.txt…".into()));
    assert!(nothing_starts(&page));
    read("fourth.txt").await;
    assert!(!is_disabled(&page, "Train") && page.text("text-facts").starts_with("fourth.txt; 3,000 tokens"));
    let own_ones = page
        .sent()
        .into_iter()
        .filter(|command| matches!(command, Command::Text { choice: TextChoice::Own { .. }, .. }));
    assert_eq!(own_ones.count(), 4);
}

#[wasm_bindgen_test]
async fn on_the_way_back_to_the_books_text_nothing_starts() {
    let page = Mounted::ready("").await;
    choose_chinese(&page).await;
    page.press("Back to the book’s text").await;
    assert!(nothing_starts(&page));
    let Event::Text { facts } = book(true) else { unreachable!() };
    receive_text(&page, TextFacts { cleaning: Cleaning::Verbatim, ..facts }).await;
    assert!(nothing_starts(&page), "the form has the book's cleaning again");
    page.receive([book(true)]).await;
    assert!(!is_disabled(&page, "Train"));
    assert_eq!(page.field("Prefix").value(), "time traveller");
    // Also while the visitor's text is on its way.
    choose(&page, "mine.txt", b"words").await;
    page.fill("Runs of the book", "rnn").await;
    assert_eq!(page.sent().pop(), Some(choice(TextChoice::Book, Cleaning::Book)));
    receive_text(&page, told("mine.txt", Cleaning::Book)).await;
    assert!(nothing_starts(&page));
    page.receive([book(true)]).await;
    assert!(!is_disabled(&page, "Train"));
    assert_eq!(page.field("Cleaning").value(), "book");
}

#[wasm_bindgen_test]
async fn field_samples_and_conversation_speak_of_one_prefix() {
    let page = Mounted::training("#hidden=64").await;
    page.receive([epoch(1, 24.0)]).await;
    choose_chinese(&page).await;
    assert_eq!(page.field("Prefix").value(), "time traveller", "the network is still that of the book's text");
    page.press("Generate").await;
    assert_eq!(sent_prefix(&page).as_deref(), Some("time traveller"));
    page.press("Reset").await;
    assert_eq!(page.field("Prefix").value(), "时光机器");
    page.press("Generate").await;
    assert_eq!(sent_prefix(&page).as_deref(), Some("时光机器"));
    page.press("Train").await;
    page.receive([Event::Started { run: 2, minibatches: 8, bytes: 9 }]).await;
    page.press("Back to the book’s text").await;
    page.receive([book(true)]).await;
    assert_eq!(page.field("Prefix").value(), "时光机器", "the network is still that of the visitor's text");
    let (device, samples) = (String::new(), vec![sample("时光", "机器")]);
    let report = FinalReport { epochs: 500, perplexity: 1.04, tokens_per_second: 9.0, device, samples };
    page.receive([Event::Finished { run: 2, report }]).await;
    assert_eq!(page.field("Prefix").value(), "时光机器");
    page.press("Train").await;
    assert_eq!(
        (page.field("Prefix").value(), sent_prefix(&page)),
        ("time traveller".into(), Some("time traveller".into()))
    );
}

#[wasm_bindgen_test]
async fn a_text_is_fitted_beside_a_bad_setting_too() {
    let page = Mounted::ready("#hidden=many&cleaning=verbatim").await;
    choose(&page, "mine.txt", "时光机器".as_bytes()).await;
    let bytes = "时光机器".as_bytes().into();
    assert_eq!(page.sent().pop(), Some(choice(TextChoice::Own { name: "mine.txt".into(), bytes }, Cleaning::Verbatim)));
    receive_text(&page, told("mine.txt", Cleaning::Verbatim)).await;
    assert_eq!(
        (page.field("Training tokens").value(), page.field("Prefix").value()),
        ("4321".into(), "时光机器".into())
    );
}

#[wasm_bindgen_test]
async fn a_checkpoint_is_not_resumed_while_a_text_is_read() {
    let page = Mounted::ready("").await;
    let file = Function::new_no_args("return new File(['a run'], 'run.safetensors')");
    page.page.checkpoints.open(Some(file.call0(&JsValue::NULL).unwrap().unchecked_into()));
    page.settle().await;
    let Some(Command::Examine { request, .. }) = page.sent().pop() else { panic!("{:?}", page.sent()) };
    let (config, text) = (Config::default(), "1234".into());
    let summary = Summary { config, window_offset: None, epoch: 3, perplexity: Some(8.5), text, prefix: None };
    page.receive([Event::Examined { request, summary: summary.clone() }]).await;
    assert!(!is_disabled(&page, "Resume this run"));
    choose(&page, "mine.txt", b"words").await;
    assert!(is_disabled(&page, "Resume this run"));
    let sent = page.sent().len();
    page.press("Resume this run").await;
    assert_eq!(page.sent().len(), sent);
    receive_text(&page, TextFacts { tokens: 3000, ..told("mine.txt", Cleaning::Book) }).await;
    let Some(Command::Examine { request, .. }) = page.sent().pop() else { panic!("{:?}", page.sent()) };
    page.receive([Event::Examined { request, summary }]).await;
    assert!(!is_disabled(&page, "Resume this run"));
}

/// Pastes a text into the field as a visitor does. Returns whether the page took it out of the browser's hands.
fn paste(page: &Mounted, text: &str) -> bool {
    let paste = Function::new_with_args(
        "field, text",
        "const data = new DataTransfer(); data.setData('text/plain', text);
         const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
         return !field.dispatchEvent(event)",
    );
    paste.call2(&JsValue::NULL, &page.field("Paste a text"), &text.into()).unwrap().is_truthy()
}

/// A field with megabytes of text takes seconds to lay out.
#[wasm_bindgen_test]
async fn a_long_text_is_pasted_without_the_field() {
    let page = Mounted::ready("").await;
    assert!(!paste(&page, "a few words"), "the field shows a short text, to be changed");
    let long = "Once upon a time. ".repeat(300_000);
    page.fill("Paste a text", "Title. ").await;
    assert!(paste(&page, &long));
    page.settle().await;
    assert_eq!(page.field("Paste a text").value(), "");
    let said = page.text("pasted");
    assert!(said.contains("Title. Once upon a time. Once") && said.contains("5,400,007"), "{said}");
    assert!(said.chars().count() < 200, "only its beginning is shown: {said}");
    page.press("Use this text").await;
    assert_eq!(page.sent(), [own("pasted text", format!("Title. {long}").as_bytes())]);
    assert!(page.root.query_selector("[data-testid=pasted]").unwrap().is_none() && is_disabled(&page, "Use this text"));
    // What would be refused anyway is not sent.
    receive_text(&page, TextFacts { tokens: 3000, ..told("pasted text", Cleaning::Book) }).await;
    assert!(paste(&page, &"x".repeat(20_000_001)));
    page.settle().await;
    page.press("Use this text").await;
    assert!(page.text("error").contains("more than 20 MB"), "{}", page.text("error"));
    assert_eq!(page.sent().len(), 1);
}
