//! Failures as the page shows them: a run's, a lost worker's, a panic's; and what is left after them.

use std::cell::RefCell;
use std::rc::Rc;

use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::protocol::{Command, Event, Pick};
use time_traveller::ui::shell::errors::show_panic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Mounted, epoch};

#[wasm_bindgen_test]
async fn a_failure_keeps_curve_and_samples() {
    let page = Mounted::training("#epochs=12&hidden=64").await;
    let failure = Event::Failed { run: Some(1), error: Error::OutOfMemory };
    page.receive([epoch(1, 24.0), failure]).await;
    assert_eq!((page.status(), page.text("error")), ("failed".into(), Error::OutOfMemory.to_string()));
    assert_eq!(page.find("[data-testid=error]").get_attribute("role").as_deref(), Some("alert"));
    assert_eq!(page.test_id("samples").child_element_count(), 1);
    assert_eq!(page.test_id("chart").get_attribute("aria-label").unwrap(), "Perplexity is 24.0 after epoch 1");
}

#[wasm_bindgen_test]
async fn after_a_failure_the_corrected_settings_are_used() {
    let page = Mounted::training("#hidden=8192").await;
    page.receive([Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    page.fill("Hidden units", "64").await;
    page.press("Generate").await;
    let config = Config { hidden: 64, ..Config::default() };
    let prefix = "time traveller".into();
    assert_eq!(page.sent()[1..], [Command::Generate { request: 1, prefix, length: 50, pick: Pick::Likeliest, config }]);
}

#[wasm_bindgen_test]
async fn a_lost_worker_is_reported_once_and_replaced_at_a_reset() {
    let page = Mounted::training("").await;
    let restarts = Rc::new(RefCell::new(0));
    let counted = restarts.clone();
    page.page.worker.on_restart(move || *counted.borrow_mut() += 1);
    let broken = Error::WorkerBroke("a panic".into());
    page.receive([Event::Broken { error: broken.clone() }]).await;
    page.page.lose_worker(Error::WorkerStopped("an error".into()));
    page.settle().await;
    assert_eq!((page.status(), page.text("error")), ("failed".into(), broken.to_string()));
    page.press("Reset").await;
    assert_eq!((page.status(), page.text("error"), *restarts.borrow()), ("loading".into(), String::new(), 1));
}

#[wasm_bindgen_test]
async fn a_panic_is_shown_with_the_other_errors() {
    let page = Mounted::ready("#hidden=0").await;
    show_panic("panicked at src/somewhere.rs:1:1");
    let said = page.text("error");
    assert!(
        said.contains("reload it to continue") && said.contains("src/somewhere.rs") && said.contains("(hidden)"),
        "{said}"
    );
    assert!(!page.find("#panic").has_attribute("hidden"));
}
