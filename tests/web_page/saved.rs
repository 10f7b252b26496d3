//! What becomes of checkpoints between a stand-in for the worker and the browser's storage: when they are asked for,
//! what is kept, what is offered, and what a storage that refuses comes to.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Command, Event, StartFrom, Stretch, Summary, TextChoice, TextFacts};
use time_traveller::ui::checkpoints::orders;
use time_traveller::ui::checkpoints::saved::FIRST_REQUEST;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::IdbDatabase;

use super::{Mounted, book, epoch};

fn config() -> Config {
    Config { hidden: 64, epochs: 20, engine: EngineChoice::Cpu, ..Config::default() }
}

const SETTINGS: &str = "#hidden=64&epochs=20&engine=cpu";

fn summary(epoch: u32) -> Summary {
    let prefix = Some("the machine".to_owned());
    Summary { config: config(), window_offset: None, epoch, perplexity: Some(8.5), text: "1234".into(), prefix }
}

fn run(script: &str) -> JsValue {
    Function::new_no_args(script).call0(&JsValue::NULL).unwrap()
}

/// What a script's promise gives, which has the open database as `db`.
async fn in_storage(script: &str) -> JsValue {
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

/// The ids of what is saved.
async fn saved() -> Vec<String> {
    let keys = in_storage("given = records.getAllKeys();").await;
    Array::from(&keys).iter().filter_map(|key| key.as_string()).collect()
}

/// Makes of what is saved what a page left that is gone.
async fn be_left_by_a_page_that_is_gone() {
    in_storage(
        "const all = records.getAll();
         all.onsuccess = () => all.result.forEach(record => records.put({ ...record, page: 'gone' }, record.id));",
    )
    .await;
}

/// A page that saves, with an empty storage but for what is left there on purpose.
async fn keeping(page: Mounted) -> Mounted {
    orders::start(page.page.checkpoints);
    page.settle().await;
    page.settle().await;
    page
}

async fn fresh() -> Mounted {
    in_storage("records.clear(); files.clear();").await;
    keeping(Mounted::training(SETTINGS).await).await
}

/// The number of the latest request for a checkpoint.
fn asked(page: &Mounted) -> Option<u32> {
    page.sent().iter().rev().find_map(|command| match command {
        Command::Checkpoint { request } => Some(*request),
        _ => None,
    })
}

/// Finishes an epoch, pauses, and has the worker give this file.
async fn save(page: &Mounted, number: u32, file: &[u8]) {
    page.hear([epoch(number, 9.0), Event::Paused { run: 1 }]).await;
    let request = asked(page).expect("a pause saves");
    page.hear([Event::Checkpoint { request, summary: summary(number), file: file.to_vec() }]).await;
    for _ in 0..4 {
        page.settle().await;
    }
}

fn train_from(run: u32, file: &[u8]) -> Command {
    let beginning = StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() };
    Command::Train { run, config: config(), prefix: "the machine".into(), beginning, stretch: Stretch::Whole }
}

#[wasm_bindgen_test]
async fn what_rests_is_saved_and_nothing_to_save_is_no_news() {
    let page = fresh().await;
    page.hear([Event::Paused { run: 1 }]).await;
    assert_eq!(asked(&page), None, "there is no epoch to keep");
    page.hear([Event::Resumed { run: 1 }, epoch(1, 9.0)]).await;
    assert_eq!(asked(&page), None, "not after every epoch");
    page.hear([Event::Paused { run: 1 }]).await;
    let request = asked(&page).unwrap();
    assert!(request >= FIRST_REQUEST);
    page.hear([Event::Refused { request, error: Error::NothingToSave }]).await;
    assert_eq!((page.text("error"), page.text("kept")), (String::new(), String::new()));
    page.press("Download checkpoint").await;
    page.hear([Event::Refused { request: asked(&page).unwrap(), error: Error::NothingToSave }]).await;
    assert!(page.text("error").contains("no network to save"), "what was asked for is answered");
}

#[wasm_bindgen_test]
async fn a_tab_that_is_hidden_saves() {
    let page = fresh().await;
    page.hear([epoch(1, 9.0)]).await;
    run("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });
         document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
         delete document.hidden;");
    page.settle().await;
    assert!(asked(&page).is_some());
}

#[wasm_bindgen_test]
async fn two_pages_keep_their_own_and_only_what_nobody_trains_is_offered() {
    let first = fresh().await;
    save(&first, 3, b"first").await;
    let second = keeping(Mounted::training(SETTINGS).await).await;
    save(&second, 4, b"second").await;
    assert_eq!(saved().await.len(), 2, "one overwrote the other");
    second.press("Reset").await;
    second.settle().await;
    assert_eq!(saved().await.len(), 1, "what is given up is forgotten");
    assert_eq!(second.text("offers"), "", "the other page's run is offered");
    drop((first, second));

    be_left_by_a_page_that_is_gone().await;
    let third = keeping(Mounted::ready("#hidden=8").await).await;
    let offer = third.text("offers");
    assert!(offer.contains("hidden 64") && offer.contains("epoch 3 of 20, perplexity 8.50"), "{offer}");
    assert_eq!(third.sent(), [], "nothing begins by itself");
    third.press("Resume this run").await;
    third.settle().await;
    assert_eq!(third.sent(), [train_from(1, b"first")]);
    assert_eq!(third.field("Hidden units").value(), "64");
    assert_eq!(third.text("offers"), "");
    let before = saved().await;
    third.hear([Event::Started { run: 1, minibatches: 8, bytes: 9 }]).await;
    save(&third, 4, b"third").await;
    let after = saved().await;
    assert!(after.len() == 1 && after != before, "the run's own record is in place of the one it went on from");
    third.press("Reset").await;
    third.settle().await;
    assert_eq!(saved().await, [""; 0]);
}

#[wasm_bindgen_test]
async fn a_run_that_fails_is_offered_from_its_last_save() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    page.hear([Event::Resumed { run: 1 }, epoch(4, 9.0)]).await;
    assert_eq!(page.text("offers"), "");
    page.hear([Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    assert_eq!(page.sent().last(), Some(&train_from(2, b"kept")));
}

#[wasm_bindgen_test]
async fn what_is_discarded_is_gone() {
    let page = fresh().await;
    save(&page, 3, b"first").await;
    drop(page);
    be_left_by_a_page_that_is_gone().await;
    let page = keeping(Mounted::ready("").await).await;
    page.press("Discard").await;
    page.settle().await;
    assert_eq!((page.text("offers"), saved().await), (String::new(), Vec::new()));
}

/// Saves twice where `body` stands in for a way into the storage, and gives what the page says.
async fn saved_with(object: &str, key: &str, body: &str) -> String {
    let object = run(&format!("return {object}"));
    let real = run("return Object.getOwnPropertyDescriptor").unchecked_into::<Function>();
    let real = real.call2(&JsValue::NULL, &object, &key.into()).unwrap();
    let stand_in = run(&format!("return {{ configurable: true, {body} }}"));
    let way = run("return Object.defineProperty").unchecked_into::<Function>();
    let define = |descriptor: &JsValue| _ = way.call3(&JsValue::NULL, &object, &key.into(), descriptor).unwrap();
    in_storage("records.clear(); files.clear();").await;
    define(&stand_in);
    let page = keeping(Mounted::training(SETTINGS).await).await;
    save(&page, 3, b"a file").await;
    page.hear([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"a file").await;
    define(&real);
    assert_eq!(page.status(), "paused");
    assert_eq!(page.root.query_selector_all("[data-testid=kept] p").unwrap().length(), 1, "it is said once");
    let said = page.text("kept");
    page.hear([Event::Resumed { run: 1 }]).await;
    save(&page, 5, b"a file").await;
    said + "|" + &page.text("kept")
}

#[wasm_bindgen_test]
async fn a_storage_that_is_forbidden_or_full_is_told_and_training_goes_on() {
    let body = "get() { throw new DOMException('not in this window', 'SecurityError'); }";
    let said = saved_with("window", "indexedDB", body).await;
    assert!(said.contains("SecurityError: not in this window") && said.contains("download a checkpoint"), "{said}");
    let full = "writable: true, value() { throw new DOMException('', 'QuotaExceededError'); }";
    let said = saved_with("IDBObjectStore.prototype", "put", full).await;
    assert!(said.contains("(QuotaExceededError)") && said.ends_with('|'), "with room again, all is well: {said}");
    assert_eq!(saved().await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_save_that_breaks_off_leaves_the_one_before() {
    let page = fresh().await;
    save(&page, 3, b"before").await;
    // The file's part fails when the record's part is done already.
    let real = run("const real = IDBObjectStore.prototype.put;
         IDBObjectStore.prototype.put = function (value, key) {
             const request = real.call(this, value, key);
             if (this.name === 'files') { this.transaction.abort(); }
             return request;
         };
         return real;");
    page.hear([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"after").await;
    Reflect::set(&run("return IDBObjectStore.prototype"), &"put".into(), &real).unwrap();
    assert!(page.text("kept").contains("AbortError"), "{}", page.text("kept"));
    let record = Array::from(&in_storage("given = records.getAll();").await).get(0);
    let summary = Reflect::get(&record, &"summary".into()).unwrap();
    assert_eq!(Reflect::get(&summary, &"epoch".into()).unwrap().as_f64(), Some(3.0));
    let file = Array::from(&in_storage("given = files.getAll();").await).get(0);
    assert_eq!(js_sys::Uint8Array::new(&file).to_vec(), b"before");
}

/// What a request of another tab for the database gives. One that is blocked is an error.
async fn in_another_tab(request: &str) -> JsValue {
    let promise = run(&format!(
        "return new Promise((resolve, reject) => {{
            const request = {request};
            request.onblocked = () => reject('another tab holds the database');
            request.onerror = () => reject(request.error);
            request.onsuccess = () => resolve(request.result);
        }});"
    ));
    JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap()
}

/// Has pages ask for the next version of the database from now on, until what this gives is called.
fn raise_version() -> Function {
    let raised = "const real = IDBFactory.prototype.open;
         IDBFactory.prototype.open = function (name, version) { return real.call(this, name, version + 1); };
         return () => { IDBFactory.prototype.open = real; };";
    run(raised).unchecked_into()
}

/// Deletes the database, so that the next page makes version 1 of it.
async fn start_anew() {
    in_another_tab("indexedDB.deleteDatabase('time-traveller')").await;
}

#[wasm_bindgen_test]
async fn a_newer_database_keeps_what_was_saved() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    drop(page);
    be_left_by_a_page_that_is_gone().await;
    let lower = raise_version();
    let page = keeping(Mounted::ready("").await).await;
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    page.settle().await;
    lower.call0(&JsValue::NULL).unwrap();
    assert_eq!(page.sent(), [train_from(1, b"kept")]);
    drop(page);
    start_anew().await;
}

#[wasm_bindgen_test]
async fn a_page_lets_go_of_the_database_for_a_newer_one_and_says_so() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    let newer = in_another_tab("indexedDB.open('time-traveller', 2)").await;
    assert_eq!(page.text("kept"), "", "there is nothing to lose yet");
    page.hear([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"lost").await;
    assert!(page.text("kept").contains("newer version of this page"), "{}", page.text("kept"));
    assert_eq!(page.status(), "paused");
    newer.unchecked_into::<IdbDatabase>().close();
    start_anew().await;
}

#[wasm_bindgen_test]
async fn a_page_that_others_keep_from_the_database_asks_to_close_them() {
    start_anew().await;
    let older = in_another_tab("indexedDB.open('time-traveller', 1)").await;
    let lower = raise_version();
    let page = keeping(Mounted::ready(SETTINGS).await).await;
    lower.call0(&JsValue::NULL).unwrap();
    for _ in 0..200 {
        if !page.text("kept").is_empty() {
            break;
        }
        page.settle().await;
    }
    assert!(page.text("kept").contains("close the other tabs of this page"), "{}", page.text("kept"));
    page.train().await;
    save(&page, 3, b"lost").await;
    assert!(page.text("kept").contains("close the other tabs of this page"), "{}", page.text("kept"));
    older.unchecked_into::<IdbDatabase>().close();
    let made = in_another_tab("indexedDB.open('time-traveller', 2)").await;
    let stores = Reflect::get(&made, &"objectStoreNames".into()).unwrap();
    assert_eq!(Array::from(&stores).length(), 3, "what comes too late for this page is whole for the next");
    made.unchecked_into::<IdbDatabase>().close();
    start_anew().await;
}

#[wasm_bindgen_test]
async fn a_broken_worker_is_replaced_twice_and_then_the_page_asks() {
    let page = fresh().await;
    let restarts = Rc::new(Cell::new(0));
    let count = restarts.clone();
    page.page.worker.on_restart(move || count.set(count.get() + 1));
    save(&page, 3, b"kept").await;
    let broken = || Event::Broken { error: Error::WorkerBroke("a test".into()) };
    page.hear([broken()]).await;
    assert_eq!((restarts.get(), page.status()), (0, "failed".into()), "a run that is held asks");
    page.press("Resume this run").await;
    assert_eq!((restarts.get(), page.sent().last()), (1, Some(&train_from(2, b"kept"))));
    let started = |run| [Event::Ready, Event::Started { run, minibatches: 8, bytes: 9 }];
    page.hear(started(2)).await;
    for run in 3..5 {
        page.hear([broken()]).await;
        page.settle().await;
        assert_eq!(page.sent().last(), Some(&train_from(run, b"kept")));
        let said = page.text("kept");
        assert!(said.contains("from the end of epoch 3") && said.contains("a test"), "{said}");
        page.hear(started(run)).await;
        assert_eq!((page.status(), page.text("error")), ("training".into(), String::new()));
        assert_eq!(page.root.query_selector_all(".run-list > li").unwrap().length(), 2, "a run for every worker");
    }
    page.hear([broken()]).await;
    page.settle().await;
    assert_eq!((restarts.get(), page.status()), (3, "failed".into()));
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    assert_eq!((restarts.get(), page.sent().last()), (4, Some(&train_from(5, b"kept"))));
}

/// The runs and the texts that the page sent, in order: of a text its name, of the book's nothing.
fn sent_in_order(page: &Mounted) -> Vec<String> {
    let told = |command: Command| match command {
        Command::Text { choice: TextChoice::Own { name, .. }, .. } => Some(name),
        Command::Text { choice: TextChoice::Book, .. } => Some(String::new()),
        Command::Train { run, .. } => Some(format!("run {run}")),
        _ => None,
    };
    page.sent().into_iter().filter_map(told).collect()
}

/// A text of the visitor's own is chosen, and the worker has it.
async fn paste(page: &Mounted) {
    page.page.text.paste("pasted text", "words".into());
    page.settle().await;
    let facts = TextFacts { name: "pasted text".into(), own: true, tokens: 20_000, ..TextFacts::default() };
    page.hear([Event::Text { facts }]).await;
}

/// The worker breaks down in mid-run, and another takes its place.
async fn replace_worker(page: &Mounted) {
    page.hear([Event::Resumed { run: 1 }, Event::Broken { error: Error::WorkerBroke("a test".into()) }]).await;
    page.settle().await;
}

#[wasm_bindgen_test]
async fn another_worker_gets_the_text_of_the_next_run_after_the_present_one() {
    let page = fresh().await;
    paste(&page).await;
    save(&page, 3, b"kept").await;
    replace_worker(&page).await;
    assert_eq!(sent_in_order(&page), ["run 1", "pasted text", "", "run 2", "pasted text"]);
}

#[wasm_bindgen_test]
async fn another_worker_gets_the_runs_text_before_the_book_that_was_gone_back_to() {
    in_storage("records.clear(); files.clear();").await;
    let page = keeping(Mounted::ready(SETTINGS).await).await;
    paste(&page).await;
    page.train().await;
    save(&page, 3, b"kept").await;
    page.page.text.book();
    page.hear([book(true)]).await;
    replace_worker(&page).await;
    assert_eq!(sent_in_order(&page), ["pasted text", "run 1", "", "pasted text", "run 2", ""]);
}
