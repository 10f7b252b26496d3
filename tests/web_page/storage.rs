//! The browser's storage in trouble: forbidden, full, interrupted, or of another version of the page.

use js_sys::{Array, Function, Promise, Reflect};
use time_traveller::protocol::Event;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::IdbDatabase;

use super::Mounted;
use super::saved::{SETTINGS, fresh, in_storage, keeping, orphan, run, save, saved, train_from};

/// Saves twice while `body` replaces the property `key` of `object`, then once more. Returns what the page says.
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
    page.receive([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"a file").await;
    define(&real);
    assert_eq!(page.status(), "paused");
    assert_eq!(page.root.query_selector_all("[data-testid=kept] p").unwrap().length(), 1, "it is said once");
    let said = page.text("kept");
    page.receive([Event::Resumed { run: 1 }]).await;
    save(&page, 5, b"a file").await;
    said + "|" + &page.text("kept")
}

#[wasm_bindgen_test]
async fn a_forbidden_or_full_storage_is_reported_and_training_continues() {
    let body = "get() { throw new DOMException('not in this window', 'SecurityError'); }";
    let said = saved_with("window", "indexedDB", body).await;
    assert!(said.contains("SecurityError: not in this window") && said.contains("download a checkpoint"), "{said}");
    let full = "writable: true, value() { throw new DOMException('', 'QuotaExceededError'); }";
    let said = saved_with("IDBObjectStore.prototype", "put", full).await;
    assert!(said.contains("(QuotaExceededError)") && said.ends_with('|'), "with room again, all is well: {said}");
    assert_eq!(saved().await.len(), 1);
}

#[wasm_bindgen_test]
async fn an_interrupted_save_leaves_the_previous_one() {
    let page = fresh().await;
    save(&page, 3, b"before").await;
    // The file fails after the record has been written.
    let real = run("const real = IDBObjectStore.prototype.put;
         IDBObjectStore.prototype.put = function (value, key) {
             const request = real.call(this, value, key);
             if (this.name === 'files') { this.transaction.abort(); }
             return request;
         };
         return real;");
    page.receive([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"after").await;
    Reflect::set(&run("return IDBObjectStore.prototype"), &"put".into(), &real).unwrap();
    assert!(page.text("kept").contains("AbortError"), "{}", page.text("kept"));
    let record = Array::from(&in_storage("given = records.getAll();").await).get(0);
    let summary = Reflect::get(&record, &"summary".into()).unwrap();
    assert_eq!(Reflect::get(&summary, &"epoch".into()).unwrap().as_f64(), Some(3.0));
    let file = Array::from(&in_storage("given = files.getAll();").await).get(0);
    assert_eq!(js_sys::Uint8Array::new(&file).to_vec(), b"before");
}

/// The result of another tab's request for the database; panics if it is blocked.
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

/// Makes pages open the next version of the database, until the returned function is called.
fn raise_version() -> Function {
    let raised = "const real = IDBFactory.prototype.open;
         IDBFactory.prototype.open = function (name, version) { return real.call(this, name, version + 1); };
         return () => { IDBFactory.prototype.open = real; };";
    run(raised).unchecked_into()
}

/// Deletes the database, so that the next page creates version 1.
async fn delete_database() {
    in_another_tab("indexedDB.deleteDatabase('time-traveller')").await;
}

#[wasm_bindgen_test]
async fn a_newer_database_keeps_what_was_saved() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    drop(page);
    orphan().await;
    let lower = raise_version();
    let page = keeping(Mounted::ready("").await).await;
    assert!(page.text("offers").contains("epoch 3 of 20"), "{}", page.text("offers"));
    page.press("Resume this run").await;
    page.settle().await;
    lower.call0(&JsValue::NULL).unwrap();
    assert_eq!(page.sent(), [train_from(1, b"kept")]);
    drop(page);
    delete_database().await;
}

#[wasm_bindgen_test]
async fn a_page_closes_the_database_for_a_newer_version_and_says_so() {
    let page = fresh().await;
    save(&page, 3, b"kept").await;
    let newer = in_another_tab("indexedDB.open('time-traveller', 2)").await;
    assert_eq!(page.text("kept"), "", "there is nothing to lose yet");
    page.receive([Event::Resumed { run: 1 }]).await;
    save(&page, 4, b"lost").await;
    assert!(page.text("kept").contains("newer version of this page"), "{}", page.text("kept"));
    assert_eq!(page.status(), "paused");
    newer.unchecked_into::<IdbDatabase>().close();
    delete_database().await;
}

#[wasm_bindgen_test]
async fn a_page_that_is_blocked_by_other_tabs_asks_to_close_them() {
    delete_database().await;
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
    assert_eq!(Array::from(&stores).length(), 3, "the stores are created although this page has given up");
    made.unchecked_into::<IdbDatabase>().close();
    delete_database().await;
}
