//! A second run that waits for the first, and what the settings mean while a run is there.

use gloo_timers::future::TimeoutFuture;
use time_traveller::error::Error;
use time_traveller::model::config::{Config, Sampling, StateMode};
use time_traveller::protocol::{
    Command, Divergence, EpochReport, Event, Hyperparameters, Quantity, StartFrom, TextChoice, TextFacts,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::workbench::{after_a_run, finished, names};
use super::{Mounted, book, epoch, report, sample, train};

const SETTINGS: &str = "#hidden=64&epochs=2&seed=7";
const RANDOM: &str = "Compare with random sampling";
const CANCEL: &str = "Don’t compare";

fn config() -> Config {
    Config { hidden: 64, epochs: 2, seed: 7, ..Config::default() }
}

fn random() -> Config {
    Config { sampling: Sampling::Random, state: StateMode::Reset, ..config() }
}

fn started(run: u32) -> Event {
    Event::Started { run, minibatches: 8, bytes: 1 }
}

/// A page whose run is under way and beside which the other sampling waits.
async fn waiting() -> Mounted {
    let page = Mounted::training(SETTINGS).await;
    page.press(RANDOM).await;
    assert_eq!(page.sent().len(), 1, "the current run continues");
    page
}

async fn finish(page: &Mounted) {
    page.receive([epoch(1, 24.0), epoch(2, 12.0), finished(1)]).await;
}

#[wasm_bindgen_test]
async fn random_and_sequential_are_compared_in_two_clicks_with_the_same_seed() {
    let page = waiting().await;
    assert!(page.text("settings-note").contains("next minibatch"), "{}", page.text("settings-note"));
    let said = page.find(".beside").text_content().unwrap();
    assert!(said.contains("Next: Random windows, state reset"), "{said}");
    finish(&page).await;
    assert_eq!(page.sent()[1..], [train(2, random(), StartFrom::default())]);
    page.receive([started(2)]).await;
    assert_eq!(names(&page), ["sequential, state carried", "random"]);
    assert!(page.button("Compare with sequential sampling").is_connected());
    assert!(page.text("settings-note").contains("next minibatch"), "the form follows: {}", page.text("settings-note"));
}

#[wasm_bindgen_test]
async fn what_is_typed_meanwhile_changes_no_waiting_run_and_stays() {
    let page = waiting().await;
    for (label, text) in [("Seed", "8"), ("Learning rate", ""), ("Hidden units", "many")] {
        page.fill(label, text).await;
    }
    page.fill("Prefix", "then").await;
    finish(&page).await;
    assert_eq!(page.sent().last(), Some(&train(2, random(), StartFrom::default())));
    page.receive([started(2)]).await;
    for (label, text) in [("Seed", "8"), ("Learning rate", ""), ("Hidden units", "many"), ("Prefix", "then")] {
        assert_eq!(page.field(label).value(), text, "{label}");
    }
    assert_eq!(page.field("Epochs").value(), "2");
    assert!(page.text("error").contains("Hidden units (hidden) is “many”"), "{}", page.text("error"));
}

#[wasm_bindgen_test]
async fn a_waiting_run_can_be_cancelled_and_goes_with_a_reset_or_a_failure() {
    let page = waiting().await;
    page.press(CANCEL).await;
    finish(&page).await;
    assert_eq!(page.sent().len(), 1);
    page.press(RANDOM).await;
    assert_eq!(page.sent()[1..], [train(2, random(), StartFrom::default())], "now at once");

    let page = waiting().await;
    page.press("Reset").await;
    assert!(page.button(RANDOM).has_attribute("hidden") || !page.button(RANDOM).has_attribute("disabled"));
    let page = waiting().await;
    page.receive([epoch(1, 24.0), Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    assert!(!page.find(".beside").text_content().unwrap().contains("Next:"));
    assert_eq!(page.sent().len(), 1);
}

#[wasm_bindgen_test]
async fn a_waiting_run_outlasts_a_divergence() {
    let page = waiting().await;
    let proposal = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
    let divergence = Divergence { quantity: Quantity::Loss, epoch: 1, minibatch: 2, proposal };
    page.receive([epoch(1, 24.0), Event::Diverged { run: 1, divergence }]).await;
    page.press("Continue with learning rate 0.5, clipping threshold 1").await;
    page.receive([Event::Resumed { run: 1 }, epoch(2, 12.0), finished(1)]).await;
    assert_eq!(page.sent().last(), Some(&train(2, random(), StartFrom::default())));
}

#[wasm_bindgen_test]
async fn a_waiting_run_trains_on_the_text_of_the_first() {
    let page = waiting().await;
    page.page.text.paste("pasted text", "words".into());
    page.settle().await;
    let facts = TextFacts {
        name: "pasted text".into(),
        own: true,
        tokens: 20_000,
        vocab: 4000,
        vocabulary: 9,
        ..TextFacts::default()
    };
    page.receive([Event::Text { facts: facts.clone() }]).await;
    let before = page.sent().len();
    finish(&page).await;
    let sent = page.sent();
    let Command::Text { choice: TextChoice::Book, .. } = &sent[before] else { panic!("{:?}", sent[before]) };
    assert_eq!(sent[before + 1], train(2, random(), StartFrom::default()));
    let Command::Text { choice: TextChoice::Own { name, .. }, .. } = &sent[before + 2] else { panic!("{sent:?}") };
    assert_eq!(name, "pasted text");
    page.receive([book(true), started(2), Event::Text { facts }]).await;
    assert!(!page.test_id("runs").text_content().unwrap().contains("pasted text"));
    assert!(page.text("text-facts").starts_with("pasted text"), "{}", page.text("text-facts"));
}

#[wasm_bindgen_test]
async fn a_rate_typed_while_the_run_is_prepared_reaches_it() {
    let page = Mounted::ready("#epochs=12").await;
    page.press("Train").await;
    page.fill("Learning rate", "0.5").await;
    TimeoutFuture::new(500).await;
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
    assert_eq!(page.sent()[1..], [Command::SetHyperparameters { hyperparameters }]);
}

#[wasm_bindgen_test]
async fn a_prefix_typed_before_the_run_has_started_reaches_it() {
    let page = Mounted::ready("").await;
    page.fill("Prefix", "the").await;
    assert_eq!(page.sent(), [], "there is no run yet");
    page.press("Train").await;
    assert_eq!(page.status(), "loading");
    page.fill("Prefix", "then").await;
    assert_eq!(page.sent()[1..], [Command::SamplePrefix { prefix: "then".into() }]);
}

#[wasm_bindgen_test]
async fn a_window_offset_needs_a_new_run_as_other_settings_do() {
    let page = Mounted::training("#epochs=12").await;
    page.fill("Window offset", "3").await;
    assert!(page.text("settings-note").contains("Window offset"), "{}", page.text("settings-note"));
}

#[wasm_bindgen_test]
async fn the_network_is_the_runs_while_one_is_there() {
    let page = Mounted::training("#epochs=2&hidden=64").await;
    page.fill("Hidden units", "256").await;
    let facts = || page.find(".network .facts").text_content().unwrap();
    assert!(facts().contains("28 → 64 → 28"), "{}", facts());
    let next = page.text("next-network");
    assert!(next.contains("28 → 256 → 28"), "{next}");
    assert!(page.text("shapes").contains("H 32 × 64"), "{}", page.text("shapes"));
    let own = TextFacts { name: "mine".into(), own: true, tokens: 9000, vocabulary: 40, ..TextFacts::default() };
    page.receive([Event::Text { facts: own }]).await;
    assert!(facts().contains("28 → 64 → 28") && !facts().contains("mine"), "{}", facts());
    assert!(page.text("next-network").contains("40 → 256 → 40"), "{}", page.text("next-network"));
    page.press("Reset").await;
    assert!(facts().contains("40 → 256 → 40") && facts().contains("mine"), "{}", facts());
    assert_eq!(page.text("next-network"), "");
}

/// A resumed run has come to other rates than it started with.
#[wasm_bindgen_test]
async fn the_form_shows_the_rates_of_a_resumed_run() {
    let page = Mounted::training("#epochs=12").await;
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 2.0 };
    let set = Event::HyperparametersSet { run: 1, epoch: 1, minibatch: 0, hyperparameters };
    let report = EpochReport { sample: sample("time traveller", " and"), ..report(1, 9.0) };
    let config = Config { epochs: 12, ..Config::default() };
    page.receive([set, Event::Opened { run: 1, config, reports: vec![report] }]).await;
    assert_eq!(
        (page.field("Learning rate").value(), page.field("Gradient clipping").value()),
        ("0.5".into(), "2".into())
    );
    let page = after_a_run("#epochs=2").await;
    assert_eq!(page.field("Learning rate").value(), "1");
}
