//! The browser's storage of runs: an IndexedDB database with a store of [`Record`]s and one of their files, by the
//! run's id, and one of the visitor's own texts.
//!
//! A save is one transaction over all stores. The browser makes all of it count or nothing, so a crash in the midst of
//! a save leaves the one before.

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode,
};

use super::record::Record;
use super::trouble::Trouble;
use crate::protocol::TextChoice;
use crate::ui::browser::message;

type Result<T> = std::result::Result<T, Trouble>;

const NAME: &str = "time-traveller";
const VERSION: u32 = 1;
/// [`Record`]s, which are small, so that all can be listed.
const RECORDS: &str = "records";
/// The checkpoints themselves, as bytes.
const FILES: &str = "files";
/// The visitor's own texts as they went to the worker, by the SHA-1 that checkpoints name.
const TEXTS: &str = "texts";
const STORES: [&str; 3] = [RECORDS, FILES, TEXTS];

/// A tab that gives way may have a save to finish first. In milliseconds.
const TO_GIVE_WAY: i32 = 2000;

/// The database, open.
pub struct Storage(IdbDatabase);

impl Drop for Storage {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Storage {
    /// Opens the database, which is made at the first visit.
    ///
    /// # Errors
    /// What the browser has against it; in private windows some forbid it. That another tab holds an older version.
    pub async fn open() -> Result<Self> {
        let factory = window().indexed_db().map_err(why)?;
        let factory = factory.ok_or_else(|| Trouble::Refused("there is no IndexedDB".into()))?;
        let request = factory.open_with_u32(NAME, VERSION).map_err(why)?;
        let new = request.clone();
        let make = Closure::once(move || make_stores(&new));
        request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
        let opened = done(&request);
        let give_up = request.onerror().unwrap_or_default();
        let wait = Closure::once(move || {
            _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&give_up, TO_GIVE_WAY);
        });
        request.set_onblocked(Some(wait.as_ref().unchecked_ref()));
        let opened = opened.await;
        if let Err(Trouble::Blocked) = opened {
            // The browser goes on trying: what comes too late for this page makes its stores all the same.
            make.forget();
        }
        let database = opened?.unchecked_into();
        give_way(&database);
        Ok(Self(database))
    }

    /// Everything that is saved.
    pub async fn records(&self) -> Result<Vec<Record>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(RECORDS).map_err(why)?;
        Ok(read(&done(&store.get_all().map_err(why)?).await?))
    }

    /// The checkpoint of a run, if it is there.
    pub async fn file(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(FILES).map_err(why)?;
        let file = done(&store.get(&id.into()).map_err(why)?).await?;
        Ok(file.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
    }

    /// The text of this SHA-1, if it is there.
    pub async fn text(&self, sha1: &str) -> Result<Option<TextChoice>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(TEXTS).map_err(why)?;
        let text = done(&store.get(&sha1.into()).map_err(why)?).await?;
        Ok(serde_wasm_bindgen::from_value(text).ok())
    }

    /// Saves a checkpoint in place of the run's one before, and of the record `replaces`; and the text that it learns, if
    /// one is given.
    pub async fn keep(
        &self,
        record: &Record,
        file: &[u8],
        replaces: Option<&str>,
        text: Option<&TextChoice>,
    ) -> Result<()> {
        let transaction = self.transaction(IdbTransactionMode::Readwrite)?;
        let value = serde_wasm_bindgen::to_value(record).map_err(|error| why(error.into()))?;
        let put = |name, value: &JsValue, key: &str| {
            let store: IdbObjectStore = transaction.object_store(name)?;
            store.put_with_key(value, &key.into())
        };
        put(RECORDS, &value, &record.id).and_then(|_| put(FILES, &Uint8Array::from(file), &record.id)).map_err(why)?;
        if let Some(text) = text {
            let text = serde_wasm_bindgen::to_value(text).map_err(|error| why(error.into()))?;
            put(TEXTS, &text, &record.summary.text).map_err(why)?;
        }
        replaces.map_or(Ok(()), |id| delete(&transaction, id))?;
        complete(&transaction).await
    }

    /// Forgets these runs, and the texts that no other run learns.
    pub async fn forget(&self, ids: &[String]) -> Result<()> {
        let transaction = self.transaction(IdbTransactionMode::Readwrite)?;
        ids.iter().try_for_each(|id| delete(&transaction, id))?;
        let store = |name| transaction.object_store(name).map_err(why);
        let (records, texts) = (store(RECORDS)?, store(TEXTS)?);
        let learnt = read(&done(&records.get_all().map_err(why)?).await?);
        for key in Array::from(&done(&texts.get_all_keys().map_err(why)?).await?) {
            if !learnt.iter().any(|record| key == *record.summary.text) {
                texts.delete(&key).map_err(why)?;
            }
        }
        complete(&transaction).await
    }

    fn transaction(&self, mode: IdbTransactionMode) -> Result<IdbTransaction> {
        let stores: Array = STORES.into_iter().map(JsValue::from_str).collect();
        self.0.transaction_with_str_sequence_and_mode(&stores, mode).map_err(|error| {
            let closed = error.dyn_ref().is_some_and(|error: &DomException| error.name() == "InvalidStateError");
            if closed { Trouble::Closed } else { why(error) }
        })
    }
}

/// The records among these; one of another version of the page can't be read, and is left alone.
fn read(all: &JsValue) -> Vec<Record> {
    Array::from(all).iter().filter_map(|record| serde_wasm_bindgen::from_value(record).ok()).collect()
}

fn make_stores(request: &IdbOpenDbRequest) {
    let database = request.result().expect("an upgrade has a database").unchecked_into();
    give_way(&database);
    for name in STORES {
        // One that is there already is refused, and stays as it is.
        _ = database.create_object_store(name);
    }
}

/// Has a database close itself when another tab wants a newer version of it.
fn give_way(database: &IdbDatabase) {
    let close = Reflect::get(database, &"close".into()).expect("a database can be closed");
    database.set_onversionchange(Some(&close.unchecked_into::<Function>().bind0(database)));
}

fn delete(transaction: &IdbTransaction, id: &str) -> Result<()> {
    for name in [RECORDS, FILES] {
        transaction.object_store(name).and_then(|store| store.delete(&id.into())).map_err(why)?;
    }
    Ok(())
}

/// What a request gives.
fn done(request: &IdbRequest) -> impl Future<Output = Result<JsValue>> {
    let answer = Promise::new(&mut |resolve: Function, reject: Function| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    async move {
        match JsFuture::from(answer).await {
            Ok(_) => request.result().map_err(why),
            // One that is under way still has no error.
            Err(_) => Err(request.error().map_or(Trouble::Blocked, reason)),
        }
    }
}

/// Waits until a transaction counts.
async fn complete(transaction: &IdbTransaction) -> Result<()> {
    let answer = Promise::new(&mut |resolve: Function, reject: Function| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(answer).await.map(drop).map_err(|_| reason(transaction.error()))
}

/// Why something was refused: `QuotaExceededError`, say, and what the browser adds.
fn reason(exception: Option<DomException>) -> Trouble {
    Trouble::Refused(exception.map_or_else(
        || "AbortError".to_owned(),
        |exception| {
            let said = exception.message();
            if said.is_empty() { exception.name() } else { format!("{}: {said}", exception.name()) }
        },
    ))
}

fn why(error: JsValue) -> Trouble {
    match error.dyn_into::<DomException>() {
        Ok(exception) => reason(Some(exception)),
        Err(error) => Trouble::Refused(message(&error)),
    }
}

#[wasm_bindgen]
extern "C" {
    /// The Web Locks of all pages from here, which web-sys does not count among what is stable yet.
    type Locks;

    #[wasm_bindgen(method)]
    fn request(this: &Locks, name: &str, holder: &Closure<dyn FnMut() -> Promise>) -> Promise;

    #[wasm_bindgen(method)]
    fn query(this: &Locks) -> Promise;

    /// A navigator that may have locks: without https there are none.
    type WithLocks;

    #[wasm_bindgen(method, getter)]
    fn locks(this: &WithLocks) -> Option<Locks>;

    type Snapshot;

    #[wasm_bindgen(method, getter)]
    fn held(this: &Snapshot) -> Vec<Held>;

    type Held;

    #[wasm_bindgen(method, getter)]
    fn name(this: &Held) -> String;
}

fn locks() -> Option<Locks> {
    window().navigator().unchecked_into::<WithLocks>().locks()
}

/// Holds a lock of this name as long as the page lives, however it ends, or until what this gives is called: a page that
/// the browser only puts by, to come back to, does not live.
pub fn live_as(name: &str) -> Option<Function> {
    let mut end = None;
    let held = Promise::new(&mut |resolve, _| end = Some(resolve));
    let holder = Closure::new(move || held.clone());
    let _ = locks()?.request(name, &holder);
    holder.forget();
    end
}

/// The names of the locks that pages hold which are open now.
pub async fn living() -> Vec<String> {
    let Some(locks) = locks() else { return Vec::new() };
    let snapshot = JsFuture::from(locks.query()).await.map(JsCast::unchecked_into::<Snapshot>);
    snapshot.map(|snapshot| snapshot.held().iter().map(Held::name).collect()).unwrap_or_default()
}
