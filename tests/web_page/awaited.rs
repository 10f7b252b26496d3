//! What is pressed before the worker is ready.

use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::protocol::{Command, Event, StartFrom};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Mounted, book, train};

fn device() -> Event {
    Event::Device { name: "a test’s GPU".into(), race: Vec::new() }
}

#[wasm_bindgen_test]
async fn what_is_pressed_before_the_worker_is_ready_is_obeyed_then() {
    let page = Mounted::open("#epochs=12").await;
    page.press("One epoch").await;
    let is_disabled = |button| page.button(button).has_attribute("disabled");
    assert_eq!((page.text("status"), page.status()), ("Loading to train…".into(), "loading".into()));
    assert!(["Train", "One epoch"].into_iter().all(is_disabled), "once");
    page.press("Reset").await;
    assert!(!is_disabled("Train") && page.text("status") == "Loading…", "what was pressed is forgotten");
    page.press("Train").await;
    page.receive([Event::Ready, device()]).await;
    assert_eq!((page.text("status"), page.sent()), ("Loading to train…".into(), vec![Command::Reset]));
    page.receive([book(true)]).await;
    let config = Config { epochs: 12, ..Config::default() };
    assert_eq!(page.sent()[1..], [train(1, config, StartFrom::default())]);
    assert_eq!(page.text("status"), "Preparing the run…");
}

#[wasm_bindgen_test]
async fn what_cannot_be_obeyed_is_not_kept() {
    let page = Mounted::open("").await;
    page.fill("Hidden units", "0").await;
    page.press("Train").await;
    assert_eq!(page.text("status"), "Loading…", "settings that are wrong are not kept");
    page.fill("Hidden units", "16").await;
    page.press("Train").await;
    page.receive([Event::Broken { error: Error::WorkerNotLoaded }]).await;
    assert_eq!(page.status(), "failed");
    page.press("Reset").await;
    page.receive([Event::Ready, device(), book(true)]).await;
    assert_eq!((page.status(), page.sent()), ("idle".into(), vec![]), "another worker is not asked");
}
