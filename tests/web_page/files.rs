//! Files, chosen or dropped: each is taken wherever it falls, by the part of the page that it is for.

use std::fmt::Debug;

use js_sys::{Array, Function, Uint8Array};
use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::FileFault;
use time_traveller::protocol::{Command, Event, TextChoice, TextFacts};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, File};

use super::{Mounted, book};

const CHECKPOINT: &str = "Open a checkpoint";
const PARAMETERS: &str = "Initial parameters";

/// Waits until `look` gives this: reading a file takes a while on a busy machine.
pub async fn until<T: PartialEq + Debug>(page: &Mounted, look: impl Fn() -> T, wanted: T) {
    for _ in 0..200 {
        if look() == wanted {
            return;
        }
        page.settle().await;
    }
    assert_eq!(look(), wanted);
}

fn file(name: &str, bytes: &[u8]) -> File {
    let make = Function::new_with_args("name, bytes", "return new File([bytes], name)");
    make.call2(&JsValue::NULL, &name.into(), &Uint8Array::from(bytes)).unwrap().unchecked_into()
}

/// A safetensors file with this header and no data.
fn safetensors(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()
}

fn checkpoint() -> Vec<u8> {
    safetensors(r#"{"__metadata__":{"samples":"[]","format":"time-traveller checkpoint 1"}}"#)
}

/// Chooses a file in a file field, or none, as in a dialog that is cancelled.
async fn choose(page: &Mounted, label: &str, file: Option<&File>) {
    let choose = Function::new_with_args(
        "field, file",
        "const list = new DataTransfer(); if (file) list.items.add(file); field.files = list.files;
         field.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    let file = file.map_or(JsValue::UNDEFINED, JsValue::from);
    choose.call2(&JsValue::NULL, &page.field(label), &file).unwrap();
    page.settle().await;
}

/// Drags `data`, a script that fills a DataTransfer of this name, over an element and drops it there. Returns whether
/// the page prevented the browser's own action at the first and at the second, and the effect that it chose.
async fn drag(page: &Mounted, target: &Element, data: &str, files: &[File]) -> (bool, bool, String) {
    let drag = Function::new_with_args(
        "target, files",
        &format!(
            "const data = new DataTransfer(); files.forEach(file => data.items.add(file)); {data};
             const send = kind => !target.dispatchEvent(
                 new DragEvent(kind, {{ dataTransfer: data, bubbles: true, cancelable: true, composed: true }}));
             const over = send('dragover');
             return [over, send('drop'), data.dropEffect]"
        ),
    );
    let files: Array = files.iter().map(JsValue::from).collect();
    let told: Array = drag.call2(&JsValue::NULL, target, &files).unwrap().unchecked_into();
    page.settle().await;
    (told.get(0).is_truthy(), told.get(1).is_truthy(), told.get(2).as_string().unwrap_or_default())
}

async fn drop_files(page: &Mounted, target: &Element, files: &[File]) {
    let (over, dropped, _) = drag(page, target, "", files).await;
    assert!(over && dropped, "the browser would open the file: {}", target.outer_html());
}

/// The text that was sent last.
fn own(page: &Mounted) -> Option<(String, Vec<u8>)> {
    page.sent().into_iter().rev().find_map(|command| match command {
        Command::Text { choice: TextChoice::Own { name, bytes }, .. } => Some((name, bytes)),
        _ => None,
    })
}

/// The worker has read the last text that was sent.
async fn answer(page: &Mounted) {
    if let Some((name, _)) = own(page) {
        let facts = TextFacts { name, own: true, tokens: 20_000, vocab: 4000, vocabulary: 9, ..TextFacts::default() };
        page.receive([Event::Text { facts }]).await;
    }
}

/// The files that were sent to be examined.
fn examined(page: &Mounted) -> Vec<(u32, Vec<u8>)> {
    let examined = page.sent().into_iter().filter_map(|command| match command {
        Command::Examine { request, file } => Some((request, file)),
        _ => None,
    });
    examined.collect()
}

#[wasm_bindgen_test]
async fn a_file_dropped_on_any_control_is_the_text() {
    let page = Mounted::ready("").await;
    let controls = [
        "#setting-hidden",
        "#prefix",
        "input[type=radio]",
        "input[type=range]",
        "input[type=checkbox]",
        "select",
        "button",
        "button[disabled]",
        "textarea",
        "summary",
        "canvas",
        "label",
        "h2",
        "main",
    ];
    for (number, selector) in controls.into_iter().enumerate() {
        let name = format!("{number}.txt");
        drop_files(&page, &page.find(selector), &[file(&name, b"words")]).await;
        until(&page, || own(&page), Some((name, b"words".to_vec()))).await;
        answer(&page).await;
    }
    drop_files(&page, &document().document_element().unwrap(), &[file("outside.txt", b"words")]).await;
    until(&page, || own(&page).unwrap().0, "outside.txt".into()).await;
}

#[wasm_bindgen_test]
async fn dragged_words_go_where_they_fall_and_a_link_leaves_the_page_alone() {
    let page = Mounted::ready("").await;
    let (words, link) =
        ("data.setData('text/plain', 'the machine')", "data.setData('text/uri-list', 'https://x.org/')");
    for what in [words, link] {
        for field in ["#prefix", "#setting-hidden", "textarea"] {
            let (over, dropped, _) = drag(&page, &page.find(field), what, &[]).await;
            assert!(!over && !dropped, "{field} takes no {what}");
        }
    }
    for place in ["canvas", "input[type=radio]", "main"] {
        let (over, _, effect) = drag(&page, &page.find(place), link, &[]).await;
        assert!(over && effect == "none", "{place}: the browser would follow the link");
    }
    assert_eq!((page.sent(), page.text("error")), (vec![], String::new()));
}

#[wasm_bindgen_test]
async fn a_file_field_takes_what_is_dropped_on_it() {
    let page = Mounted::ready("").await;
    drop_files(&page, &page.field(PARAMETERS), &[file("mine.bin", b"1")]).await;
    until(&page, || page.text("chosen"), "mine.bin, 0.0 kB".into()).await;
    drop_files(&page, &page.field(CHECKPOINT), &[file("mine.bin", b"2")]).await;
    until(&page, || examined(&page).pop().map(|(_, file)| file), Some(b"2".to_vec())).await;
    drop_files(&page, &page.field("Choose a text"), &[file("mine.bin", b"3")]).await;
    until(&page, || own(&page), Some(("mine.bin".into(), b"3".to_vec()))).await;
}

#[wasm_bindgen_test]
async fn the_same_file_is_read_again_and_a_cancelled_dialog_keeps_it() {
    let page = Mounted::ready("").await;
    let read = |label| match label {
        PARAMETERS => page.page.settings.file.with_untracked(|file| file.bytes()),
        CHECKPOINT => examined(&page).pop().map(|(_, file)| file),
        _ => own(&page).map(|(_, bytes)| bytes),
    };
    for label in [PARAMETERS, CHECKPOINT, "Choose a text"] {
        for bytes in [b"1", b"2"] {
            choose(&page, label, Some(&file("mine.bin", bytes))).await;
            assert_eq!(page.field(label).value(), "", "{label}: the same file again would send no event");
            until(&page, || read(label), Some(bytes.to_vec())).await;
            answer(&page).await;
        }
        choose(&page, label, None).await;
        assert_eq!(read(label), Some(b"2".to_vec()));
    }
    assert!(page.text("opened").contains("mine.bin"), "{}", page.text("opened"));
}

#[wasm_bindgen_test]
async fn of_several_dropped_files_none_is_taken() {
    let page = Mounted::ready("").await;
    let two = [file("a.txt", b"a"), file("b.txt", b"b")];
    for place in [page.find("main"), page.field("Choose a text").into(), page.field(CHECKPOINT).into()] {
        drop_files(&page, &place, &two).await;
        assert_eq!(page.text("error"), "2 files were dropped, and one can be taken at a time: drop a single file.");
        assert_eq!(page.sent(), []);
    }
    drop_files(&page, &page.find("main"), &two[1..]).await;
    until(&page, || (page.text("error"), own(&page).map(|own| own.0)), (String::new(), Some("b.txt".into()))).await;
    drop_files(&page, &page.find("main"), &two).await;
    choose(&page, CHECKPOINT, Some(&file("c", b"c"))).await;
    assert_eq!(page.text("error"), "");
}

#[wasm_bindgen_test]
async fn a_checkpoint_is_opened_and_parameters_are_kept_wherever_they_fall() {
    let parameters = safetensors(r#"{"b_h":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
    for is_dropped in [true, false] {
        let page = Mounted::ready("").await;
        let take = async |name: &str, bytes: &[u8]| {
            if is_dropped {
                drop_files(&page, &page.find("canvas"), &[file(name, bytes)]).await;
            } else {
                choose(&page, "Choose a text", Some(&file(name, bytes))).await;
            }
        };
        // Also under another name.
        take("download (1)", &checkpoint()).await;
        until(&page, || examined(&page).pop().map(|(_, file)| file), Some(checkpoint())).await;
        assert!(page.text("opened").contains("download (1)"), "{}", page.text("opened"));
        assert_eq!(document().active_element().unwrap().id(), page.field(CHECKPOINT).id(), "it is scrolled to");
        take("page.safetensors", b"<!doctype html>").await;
        until(&page, || examined(&page).pop().map(|(_, file)| file), Some(b"<!doctype html>".to_vec())).await;
        take("init.safetensors", &parameters).await;
        until(&page, || page.text("chosen").starts_with("init.safetensors, "), true).await;
        assert_eq!(document().active_element().unwrap().id(), page.field(PARAMETERS).id());
        assert!(page.test_id("start").has_attribute("open"));
        assert_eq!((own(&page), page.text("error")), (None, String::new()), "neither is a text");
        take("short.txt", b"{}").await;
        until(&page, || own(&page).map(|own| own.0), Some("short.txt".into())).await;
        answer(&page).await;
    }
}

#[wasm_bindgen_test]
async fn an_opened_checkpoint_is_examined_again_when_the_text_changes() {
    let page = Mounted::open("").await;
    choose(&page, CHECKPOINT, Some(&file("mine.safetensors", &checkpoint()))).await;
    until(&page, || examined(&page).len(), 1).await;
    let refuse = Event::Refused { request: examined(&page)[0].0, error: Error::NoNetwork };
    page.receive([refuse]).await;
    assert!(page.text("opened").contains("no network"), "{}", page.text("opened"));
    page.receive([book(true)]).await;
    let [first, second] = &examined(&page)[..] else { panic!("{:?}", page.sent()) };
    assert!(first.0 != second.0 && first.1 == second.1);
    assert!(page.text("opened").contains("Reading mine.safetensors"), "{}", page.text("opened"));
    let gone = Error::CheckpointGone;
    page.receive([Event::Refused { request: first.0, error: Error::NoNetwork }]).await;
    assert!(page.text("opened").contains("Reading mine.safetensors"), "an answer about the text before");
    page.receive([Event::Refused { request: second.0, error: gone }]).await;
    assert!(page.text("opened").contains("no longer exists"), "{}", page.text("opened"));
    page.press("Discard").await;
    page.receive([book(true)]).await;
    assert_eq!(examined(&page).len(), 2, "what is discarded is left alone");
}

#[wasm_bindgen_test]
async fn parameters_that_did_not_fit_are_not_refused_any_more_after_a_change() {
    let misfit = FileFault::Shape { name: "w_xh".into(), given: vec![28, 64], wanted: vec![28, 256] };
    let failed = |run| Event::Failed { run: Some(run), error: Error::BadParameters(misfit.clone()) };
    let page = Mounted::ready("").await;
    choose(&page, PARAMETERS, Some(&file("init", b"1"))).await;
    until(&page, || page.text("chosen"), "init, 0.0 kB".into()).await;
    let refused = |page: &Mounted| page.text("error").contains("w_xh has the shape");
    for run in 1..4 {
        page.press("Train").await;
        page.receive([failed(run)]).await;
        assert!(refused(&page), "{}", page.text("error"));
        match run {
            1 => page.fill("Hidden units", "64").await,
            2 => page.press("Remove").await,
            _ => page.receive([Event::Text { facts: TextFacts { vocabulary: 5, ..TextFacts::default() } }]).await,
        }
        assert!(!refused(&page), "{run}");
    }
}
