//! The stored runs: an IndexedDB database with one store for [`Record`]s and one for their files, both by the run's id,
//! and one for the visitor's own texts.
//!
//! A save is one transaction over all stores, so a crash during a save leaves the previous checkpoint intact.

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode,
};

use super::record::Record;
use super::trouble::Trouble;
use crate::protocol::{TextChoice, js};
use crate::ui::browser::message;

type Result<T> = std::result::Result<T, Trouble>;

const NAME: &str = "time-traveller";
const VERSION: u32 = 1;
/// [`Record`]s: apart from the files, since all of them are listed.
const RECORDS: &str = "records";
/// The checkpoint files, as bytes.
const FILES: &str = "files";
/// The visitor's own texts as sent to the worker, by the SHA-1 in the checkpoints.
const TEXTS: &str = "texts";
const STORES: [&str; 3] = [RECORDS, FILES, TEXTS];

/// Milliseconds to wait for other tabs to close an older database; they may have a save to finish.
const BLOCKED_AFTER: i32 = 2000;

/// The database, open.
pub struct Storage(IdbDatabase);

impl Drop for Storage {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Storage {
    /// Opens the database, and creates it at the first visit.
    ///
    /// # Errors
    /// If the browser refuses, as some do in private windows, or if another tab has an older version open.
    pub async fn open() -> Result<Self> {
        let factory = window().indexed_db().map_err(why)?;
        let factory = factory.ok_or_else(|| Trouble::Refused("there is no IndexedDB".into()))?;
        let request = factory.open_with_u32(NAME, VERSION).map_err(why)?;
        let new = request.clone();
        let make = Closure::once(move || make_stores(&new));
        request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
        let opened = done(&request);
        let reject = request.onerror().unwrap_or_default();
        let wait = Closure::once(move || {
            _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&reject, BLOCKED_AFTER);
        });
        request.set_onblocked(Some(wait.as_ref().unchecked_ref()));
        let opened = opened.await;
        if let Err(Trouble::Blocked) = opened {
            // The request stays pending: when it succeeds, too late for this page, the stores are still created.
            make.forget();
        }
        let database = opened?.unchecked_into();
        close_for_upgrade(&database);
        Ok(Self(database))
    }

    /// All records.
    pub async fn records(&self) -> Result<Vec<Record>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(RECORDS).map_err(why)?;
        Ok(read(&done(&store.get_all().map_err(why)?).await?))
    }

    /// The checkpoint file of a run, if it is stored.
    pub async fn file(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(FILES).map_err(why)?;
        let file = done(&store.get(&id.into()).map_err(why)?).await?;
        Ok(file.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
    }

    /// The text with this SHA-1, if it is stored.
    pub async fn text(&self, sha1: &str) -> Result<Option<TextChoice>> {
        let store = self.transaction(IdbTransactionMode::Readonly)?.object_store(TEXTS).map_err(why)?;
        let text = done(&store.get(&sha1.into()).map_err(why)?).await?;
        Ok(js::read(text).ok())
    }

    /// Saves a checkpoint, replacing the run's previous one and the record `replaces`; and its `text`, if given.
    pub async fn keep(
        &self,
        record: &Record,
        file: &[u8],
        replaces: Option<&str>,
        text: Option<&TextChoice>,
    ) -> Result<()> {
        let transaction = self.transaction(IdbTransactionMode::Readwrite)?;
        let value = js::write(record).map_err(why)?;
        let put = |name, value: &JsValue, key: &str| {
            let store: IdbObjectStore = transaction.object_store(name)?;
            store.put_with_key(value, &key.into())
        };
        put(RECORDS, &value, &record.id).and_then(|_| put(FILES, &Uint8Array::from(file), &record.id)).map_err(why)?;
        if let Some(text) = text {
            let text = js::write(text).map_err(why)?;
            put(TEXTS, &text, &record.summary.text).map_err(why)?;
        }
        replaces.map_or(Ok(()), |id| delete(&transaction, id))?;
        complete(&transaction).await
    }

    /// Deletes these runs, and the texts that no other run trains on.
    pub async fn forget(&self, ids: &[String]) -> Result<()> {
        let transaction = self.transaction(IdbTransactionMode::Readwrite)?;
        ids.iter().try_for_each(|id| delete(&transaction, id))?;
        let store = |name| transaction.object_store(name).map_err(why);
        let (records, texts) = (store(RECORDS)?, store(TEXTS)?);
        let remaining = read(&done(&records.get_all().map_err(why)?).await?);
        for key in Array::from(&done(&texts.get_all_keys().map_err(why)?).await?) {
            if !remaining.iter().any(|record| key == *record.summary.text) {
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

/// The records among these values. Those of another version of the page can't be read and are skipped.
fn read(all: &JsValue) -> Vec<Record> {
    Array::from(all).iter().filter_map(|record| js::read(record).ok()).collect()
}

fn make_stores(request: &IdbOpenDbRequest) {
    let database = request.result().expect("an upgrade has a database").unchecked_into();
    close_for_upgrade(&database);
    for name in STORES {
        // Fails for an existing store, which is then kept.
        _ = database.create_object_store(name);
    }
}

/// Makes a database close itself when another tab wants to upgrade it.
fn close_for_upgrade(database: &IdbDatabase) {
    let close = Reflect::get(database, &"close".into()).expect("a database can be closed");
    database.set_onversionchange(Some(&close.unchecked_into::<Function>().bind0(database)));
}

fn delete(transaction: &IdbTransaction, id: &str) -> Result<()> {
    for name in [RECORDS, FILES] {
        transaction.object_store(name).and_then(|store| store.delete(&id.into())).map_err(why)?;
    }
    Ok(())
}

/// The result of a request.
fn done(request: &IdbRequest) -> impl Future<Output = Result<JsValue>> {
    let answer = Promise::new(&mut |resolve: Function, reject: Function| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    async move {
        match JsFuture::from(answer).await {
            Ok(_) => request.result().map_err(why),
            // Rejected by the timeout, the request is still pending and has no error.
            Err(_) => Err(request.error().map_or(Trouble::Blocked, reason)),
        }
    }
}

/// Waits until a transaction is complete.
async fn complete(transaction: &IdbTransaction) -> Result<()> {
    let answer = Promise::new(&mut |resolve: Function, reject: Function| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(answer).await.map(drop).map_err(|_| reason(transaction.error()))
}

/// The name of an exception, such as `QuotaExceededError`, and its message.
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
