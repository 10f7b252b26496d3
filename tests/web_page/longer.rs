//! Runs that go on to more epochs: one that ended in this tab, one from a file, a stored one.

use js_sys::{Function, Uint8Array};
use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::protocol::{Command, Event, Hyperparameters, StartFrom, Stretch, Summary};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use super::saved::{asked, in_storage, keeping, orphan};
use super::workbench::{after_a_run, finished, names};
use super::{Mounted, epoch, report};

const LONGER: &str = "Resume to 12 epochs";

fn config(epochs: u32) -> Config {
    Config { hidden: 64, epochs, ..Config::default() }
}

/// A run of two epochs that has finished with a perplexity of 12, as in `after_a_run`.
fn summary() -> Summary {
    let prefix = Some("time traveller".to_owned());
    Summary { config: config(2), window_offset: None, epoch: 2, perplexity: Some(12.0), text: "1234".into(), prefix }
}

fn train_from(run: u32, epochs: u32, file: &[u8]) -> Command {
    let beginning = StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() };
    let (config, prefix) = (config(epochs), "time traveller".into());
    Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole }
}

/// Opens a checkpoint file of this name, which the worker accepts.
async fn open(page: &Mounted, name: &str, summary: Summary) {
    let make = Function::new_with_args("name, bytes", "return new File([bytes], name)");
    let file = make.call2(&JsValue::NULL, &name.into(), &Uint8Array::from(&b"file"[..])).unwrap();
    page.page.checkpoints.open(Some(file.unchecked_into()));
    page.settle().await;
    let request = page.sent().iter().rev().find_map(|command| match command {
        Command::Examine { request, .. } => Some(*request),
        _ => None,
    });
    page.receive([Event::Examined { request: request.unwrap(), summary }]).await;
}

fn can_press(page: &Mounted, name: &str) -> bool {
    !page.button(name).has_attribute("disabled")
}

fn says(page: &Mounted, selector: &str) -> String {
    page.find(selector).text_content().unwrap()
}

/// The events of a run that resumes after two epochs.
fn opened(run: u32, epochs: u32) -> [Event; 2] {
    let opened = Event::Opened { run, config: config(epochs), reports: vec![report(1, 24.0), report(2, 12.0)] };
    [Event::Started { run, minibatches: 8, bytes: 9 }, opened]
}

#[wasm_bindgen_test]
async fn a_finished_run_goes_on_in_its_place() {
    let page = after_a_run("#epochs=2&hidden=64").await;
    assert!(!can_press(&page, "Pause"));
    page.fill("Epochs", "12").await;
    page.press(LONGER).await;
    assert_eq!(page.sent()[1..], [Command::Resume { stretch: Stretch::To(12) }]);
    let told = Event::Opened { run: 1, config: config(12), reports: Vec::new() };
    page.receive([told, Event::Resumed { run: 1 }, epoch(3, 9.0)]).await;
    assert_eq!((page.status(), page.text("epoch")), ("training".into(), "3 of 12".into()));
    assert_eq!(page.test_id("runs").child_element_count(), 1);
    assert_eq!((page.test_id("samples").child_element_count(), page.field("Epochs").value()), (3, "12".into()));
    assert!(page.root.query_selector("[data-testid=final]").unwrap().is_none(), "it has no result yet");
    assert!(can_press(&page, "Pause"));
}

#[wasm_bindgen_test]
async fn more_epochs_are_offered_only_where_nothing_else_needs_a_new_run() {
    let page = after_a_run("#epochs=2&hidden=64").await;
    for (label, text, is_offered) in [
        ("Epochs", "1", false),
        ("Epochs", "2", false),
        ("Epochs", "", false),
        ("Epochs", "12", true),
        ("Hidden units", "65", false),
        ("Hidden units", "64", true),
        ("Window offset", "3", false),
        ("Window offset", "", true),
        ("Learning rate", "0.5", true),
    ] {
        page.fill(label, text).await;
        assert_eq!(says(&page, "button.hold") == LONGER, is_offered, "{label} {text}");
        assert_eq!(page.find("button.hold").has_attribute("disabled"), !is_offered, "{label} {text}");
    }
    page.press(LONGER).await;
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
    let resume = Command::Resume { stretch: Stretch::To(12) };
    assert_eq!(page.sent()[1..], [resume, Command::SetHyperparameters { hyperparameters }]);
    let page = after_a_run("#epochs=2&hidden=64").await;
    page.fill("Epochs", "12").await;
    page.press("Reset").await;
    assert!(!can_press(&page, "Pause"), "there is no run");
}

#[wasm_bindgen_test]
async fn a_paused_run_gets_more_epochs_too() {
    let page = Mounted::training("#epochs=4&hidden=64").await;
    page.receive([epoch(1, 24.0)]).await;
    page.fill("Epochs", "12").await;
    let said = page.text("settings-note");
    assert!(said.contains("12 epochs") && said.contains("Pause"), "{said}");
    assert_eq!(says(&page, "button.hold"), "Pause");
    page.receive([Event::Paused { run: 1 }]).await;
    page.press(LONGER).await;
    page.fill("Epochs", "3").await;
    page.press("Resume").await;
    let resume = |stretch| Command::Resume { stretch };
    assert_eq!(page.sent()[1..], [resume(Stretch::To(12)), resume(Stretch::Whole)]);
}

#[wasm_bindgen_test]
async fn a_finished_file_goes_on_to_the_forms_epochs() {
    let page = Mounted::ready("#epochs=2").await;
    open(&page, "mine.safetensors", summary()).await;
    let said = says(&page, "#opened");
    assert!(said.contains("set Epochs to more than 2"), "{said}");
    page.fill("Epochs", "12").await;
    page.press(LONGER).await;
    assert_eq!(page.sent().last(), Some(&train_from(1, 12, b"file")));
    assert_eq!((page.field("Epochs").value(), page.field("Hidden units").value()), ("12".into(), "64".into()));
    page.receive(opened(1, 12)).await;
    assert_eq!(names(&page), ["mine"]);
}

#[wasm_bindgen_test]
async fn a_file_of_a_listed_run_goes_on_in_its_place() {
    let page = after_a_run("#epochs=2&hidden=64").await;
    page.page.runs.state.update(|s| s.rename(1, "the small one".into()));
    open(&page, "time-traveller-hidden-64-epoch-2.safetensors", summary()).await;
    page.press("Open this run").await;
    assert_eq!(page.sent().last(), Some(&train_from(2, 2, b"file")), "as it is");
    page.receive(opened(2, 2)).await;
    page.receive([finished(2)]).await;
    assert_eq!(page.test_id("runs").child_element_count(), 1, "it is there twice");
    page.page
        .runs
        .state
        .with_untracked(|s| assert_eq!((s.runs[0].name.as_str(), s.runs[0].from_file), ("the small one", false)));
    // A run that ended elsewhere is another one.
    open(&page, "other.safetensors", Summary { perplexity: Some(11.0), ..summary() }).await;
    page.press("Open this run").await;
    page.receive(opened(3, 2)).await;
    assert_eq!(page.test_id("runs").child_element_count(), 2);
}

#[wasm_bindgen_test]
async fn a_run_is_not_named_after_the_epoch_of_its_file() {
    let page = Mounted::ready("").await;
    open(&page, "time-traveller-hidden-64-epoch-2 (1).safetensors", summary()).await;
    page.press("Open this run").await;
    page.receive(opened(1, 2)).await;
    page.page.runs.state.with_untracked(|s| assert_eq!(s.runs[0].name, ""));
}

#[wasm_bindgen_test]
async fn a_stored_finished_run_goes_on_too() {
    in_storage("records.clear(); files.clear();").await;
    let page = keeping(after_a_run("#epochs=2&hidden=64").await).await;
    page.page.checkpoints.begin();
    page.receive([finished(1)]).await;
    let request = asked(&page).expect("a finished run is saved");
    page.receive([Event::Checkpoint { request, summary: summary(), file: b"stored".to_vec() }]).await;
    for _ in 0..4 {
        page.settle().await;
    }
    drop(page);
    orphan().await;
    let page = keeping(Mounted::ready("#epochs=2").await).await;
    assert!(!says(&page, "[data-testid=finished-runs]").contains("Resume"));
    page.fill("Epochs", "12").await;
    page.press(LONGER).await;
    page.settle().await;
    assert_eq!(page.sent(), [train_from(1, 12, b"stored")]);
    page.receive(opened(1, 12)).await;
    page.receive([Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    assert!(page.text("offers").contains("epoch 2 of 12"), "what is longer now is unfinished: {}", page.text("offers"));
}
