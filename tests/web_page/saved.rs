//! Checkpoints, with a fake worker and the browser's real storage: when they are requested, what is stored and offered,
//! and how a lost worker is replaced.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Promise};
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, StartFrom, Stretch, Summary, TextChoice, TextFacts};
use time_traveller::ui::checkpoints::orders;
use time_traveller::ui::checkpoints::saved::FIRST_REQUEST;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Mounted, book, epoch};

fn config() -> Config {
    Config { hidden: 64, epochs: 20, engine: EngineChoice::Cpu, ..Config::default() }
}

pub const SETTINGS: &str = "#hidden=64&epochs=20&engine=cpu";

fn summary(epoch: u32) -> Summary {
    let prefix = Some("the machine".to_owned());
    Summary { config: config(), window_offset: None, epoch, perplexity: Some(8.5), text: "1234".into(), prefix }
}

pub fn run(script: &str) -> JsValue {
    Function::new_no_args(script).call0(&JsValue::NULL).unwrap()
}

/// Runs a script with the stores `records` and `files` in one transaction. Returns the result of its request `given`.
pub async fn in_storage(script: &str) -> JsValue {
    let promise = run(&format!(
        "return new Promise((resolve, reject) => {{
            const open = indexedDB.open('time-traveller', 1);
            open.onupgradeneeded = () =>
                ['records', 'files', 'texts'].forEach(name => open.result.createObjectStore(name));
            open.onerror = () => reject(open.error);
            open.onsuccess = () => {{
                const work = open.result.transaction(['records', 'files'], 'readwrite');
                const [records, files] = ['records', 'files'].map(name => work.objectStore(name));
                let given;
                {script}
                work.oncomplete = () => {{ open.result.close(); resolve(given && given.result); }};
            }};
        }});"
    ));
    JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap()
}

/// The ids of the stored runs.
pub async fn saved() -> Vec<String> {
    let keys = in_storage("given = records.getAllKeys();").await;
    Array::from(&keys).iter().filter_map(|key| key.as_string()).collect()
}

/// Marks all stored runs as those of a page that is closed.
pub async fn orphan() {
    in_storage(
        "const all = records.getAll();
         all.onsuccess = () => all.result.forEach(record => records.put({ ...record, page: 'gone' }, record.id));",
    )
    .await;
}

/// Makes a page store its runs, and list the stored ones.
pub async fn keeping(page: Mounted) -> Mounted {
    orders::start(page.page.checkpoints);
    page.settle().await;
    page.settle().await;
    page
}

pub async fn fresh() -> Mounted {
    in_storage("records.clear(); files.clear();").await;
    keeping(Mounted::training(SETTINGS).await).await
}

/// The number of the page's latest request for a checkpoint.
pub fn asked(page: &Mounted) -> Option<u32> {
    page.sent().iter().rev().find_map(|command| match command {
        Command::Checkpoint { request } => Some(*request),
        _ => None,
    })
}

/// Finishes an epoch, pauses, and has the worker answer the request with this file.
pub async fn save(page: &Mounted, number: u32, file: &[u8]) {
    page.receive([epoch(number, 8.5), Event::Paused { run: 1 }]).await;
    let request = asked(page).expect("a pause saves");
    page.receive([Event::Checkpoint { request, summary: summary(number), file: file.to_vec() }]).await;
    for _ in 0..4 {
        page.settle().await;
    }
}

pub fn train_from(run: u32, file: &[u8]) -> Command {
    let beginning = StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() };
    Command::Train { run, config: config(), prefix: "the machine".into(), beginning, stretch: Stretch::Whole }
}

#[wasm_bindgen_test]
async fn a_paused_run_is_saved_and_a_refused_save_is_not_reported() {
    let page = fresh().await;
    page.receive([Event::Paused { run: 1 }]).await;
    assert_eq!(asked(&page), None, "there is no epoch to keep");
    page.receive([Event::Resumed { run: 1 }, epoch(1, 9.0)]).await;
    assert_eq!(asked(&page), None, "not after every epoch");
    page.receive([Event::Paused { run: 1 }]).await;
    let request = asked(&page).unwrap();
    assert!(request >= FIRST_REQUEST);
    page.receive([Event::Refused { request, error: Error::NothingToSave }]).await;
    assert_eq!((page.text("error"), page.text("kept")), (String::new(), String::new()));
    page.press("Download checkpoint").await;
    page.receive([Event::Refused { request: asked(&page).unwrap(), error: Error::NothingToSave }]).await;
    assert!(page.text("error").contains("no network to save"), "a request of the visitor's is answered");
}

#[wasm_bindgen_test]
async fn a_hidden_tab_saves() {
    let page = fresh().await;
    page.receive([epoch(1, 9.0)]).await;
    run("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
         document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
         delete document.hidden;");
    page.settle().await;
    assert!(asked(&page).is_some());
}

#[wasm_bindgen_test]
async fn a_run_is_saved_after_a_second_and_then_at_growing_distances() {
    let page = fresh().await;
    TimeoutFuture::new(1100).await;
    page.receive([epoch(1, 9.0)]).await;
    let first = asked(&page).expect("a run of some seconds is lost with the page");
    page.receive([epoch(2, 9.0)]).await;
    TimeoutFuture::new(1100).await;
    page.receive([epoch(3, 9.0)]).await;
    assert_eq!(asked(&page), Some(first), "not every second");
}

/// As on an origin without https.
#[wasm_bindgen_test]
async fn without_locks_too_only_orphaned_runs_are_offered() {
    run("Object.defineProperty(navigator, 'locks', { get: () => undefined, configurable: true });");
    let first = fresh().await;
    save(&first, 3, b"first").await;
    let second = keeping(Mounted::ready("").await).await;
    TimeoutFuture::new(1000).await;
    assert_eq!(second.text("offers"), "", "the other page's run is offered");
    run("dispatchEvent(new Event('pagehide'));");
    let third = keeping(Mounted::ready("").await).await;
    TimeoutFuture::new(1000).await;
    run("delete navigator.locks;");
    assert!(third.text("offers").contains("epoch 3 of 20"), "{}", third.text("offers"));
}

#[wasm_bindgen_test]
async fn two_pages_store_their_runs_and_only_orphaned_ones_are_offered() {
    let first = fresh().await;
    save(&first, 3, b"first").await;
    let second = keeping(Mounted::training(SETTINGS).await).await;
    save(&second, 4, b"second").await;
    assert_eq!(saved().await.len(), 2, "one overwrote the other");
    second.press("Reset").await;
    second.settle().await;
    assert_eq!(saved().await.len(), 1, "a reset deletes the run");
    assert_eq!(second.text("offers"), "", "the other page's run is offered");
    drop((first, second));

    orphan().await;
    let third = keeping(Mounted::ready("#hidden=8").await).await;
    let offer = third.text("offers");
    assert!(offer.contains("hidden 64") && offer.contains("epoch 3 of 20, perplexity 8.50"), "{offer}");
    assert_eq!(third.sent(), [], "nothing resumes automatically");
    third.press("Resume this run").await;
    third.settle().await;
    assert_eq!(third.sent(), [train_from(1, b"first")]);
    assert_eq!(third.field("Hidden units").value(), "64");
    assert_eq!(third.text("offers"), "");
    let before = saved().await;
    third.receive([Event::Started { run: 1, minibatches: 8, bytes: 9 }]).await;
    save(&third, 4, b"third").await;
    let after = saved().await;
    assert!(after.len() == 1 && after != before, "the run's record replaces the one it resumed from");
    third.press("Reset").await;
    third.settle().await;
    assert_eq!(saved().await, [""; 0]);
}

#[wasm_bindgen_test]
async fn a_run_that_fails_is_offered_from_its_last_save() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    page.receive([Event::Resumed { run: 1 }, epoch(4, 9.0)]).await;
    assert_eq!(page.text("offers"), "");
    page.receive([Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    assert_eq!(page.sent().last(), Some(&train_from(2, b"kept")));
}

#[wasm_bindgen_test]
async fn a_discarded_run_is_deleted() {
    let page = fresh().await;
    save(&page, 3, b"first").await;
    drop(page);
    orphan().await;
    let page = keeping(Mounted::ready("").await).await;
    page.press("Discard").await;
    page.settle().await;
    assert_eq!((page.text("offers"), saved().await), (String::new(), Vec::new()));
}

#[wasm_bindgen_test]
async fn a_lost_worker_is_replaced_twice_and_then_the_page_asks() {
    let page = fresh().await;
    let restarts = Rc::new(Cell::new(0));
    let count = restarts.clone();
    page.page.worker.on_restart(move || count.set(count.get() + 1));
    save(&page, 3, b"kept").await;
    let broken = || Event::Broken { error: Error::WorkerBroke("a test".into()) };
    page.receive([broken()]).await;
    assert_eq!((restarts.get(), page.status()), (0, "failed".into()), "for a paused run the page asks");
    page.press("Resume this run").await;
    assert_eq!((restarts.get(), page.sent().last()), (1, Some(&train_from(2, b"kept"))));
    let started = |run| [Event::Ready, Event::Started { run, minibatches: 8, bytes: 9 }];
    page.receive(started(2)).await;
    for run in 3..5 {
        page.receive([broken()]).await;
        page.settle().await;
        assert_eq!(page.sent().last(), Some(&train_from(run, b"kept")));
        let said = page.text("kept");
        assert!(said.contains("from the end of epoch 3") && said.contains("a test"), "{said}");
        page.receive(started(run)).await;
        assert_eq!((page.status(), page.text("error")), ("training".into(), String::new()));
        assert_eq!(page.root.query_selector_all(".run-list > li").unwrap().length(), 1, "a run for every worker");
    }
    page.receive([broken()]).await;
    page.settle().await;
    assert_eq!((restarts.get(), page.status()), (3, "failed".into()));
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    assert_eq!((restarts.get(), page.sent().last()), (4, Some(&train_from(5, b"kept"))));
}

/// The runs and texts that the page sent, in order: a text by its name, the book's as an empty string.
fn sent_in_order(page: &Mounted) -> Vec<String> {
    let told = |command: Command| match command {
        Command::Text { choice: TextChoice::Own { name, .. }, .. } => Some(name),
        Command::Text { choice: TextChoice::Book, .. } => Some(String::new()),
        Command::Train { run, .. } => Some(format!("run {run}")),
        _ => None,
    };
    page.sent().into_iter().filter_map(told).collect()
}

/// Chooses a text of the visitor's own, which the worker accepts.
async fn paste(page: &Mounted) {
    page.page.text.paste("pasted text", "words".into());
    page.settle().await;
    let (name, vocab) = ("pasted text".into(), Config::default().vocab);
    let facts = TextFacts { name, own: true, vocab, tokens: 20_000, ..TextFacts::default() };
    page.receive([Event::Text { facts }]).await;
}

/// Loses the worker in mid-run, so that the page replaces it.
async fn replace_worker(page: &Mounted) {
    page.receive([Event::Resumed { run: 1 }, Event::Broken { error: Error::WorkerBroke("a test".into()) }]).await;
    page.settle().await;
}

#[wasm_bindgen_test]
async fn a_new_worker_gets_the_text_of_the_next_run_after_the_current_ones() {
    let page = fresh().await;
    paste(&page).await;
    save(&page, 3, b"kept").await;
    replace_worker(&page).await;
    assert_eq!(sent_in_order(&page), ["run 1", "pasted text", "", "run 2", "pasted text"]);
}

#[wasm_bindgen_test]
async fn a_new_worker_gets_the_runs_text_before_the_books_that_was_chosen_since() {
    in_storage("records.clear(); files.clear();").await;
    let page = keeping(Mounted::ready(SETTINGS).await).await;
    paste(&page).await;
    page.train().await;
    save(&page, 3, b"kept").await;
    page.page.text.book();
    page.receive([book(true)]).await;
    replace_worker(&page).await;
    assert_eq!(sent_in_order(&page), ["pasted text", "run 1", "", "pasted text", "run 2", ""]);
}
