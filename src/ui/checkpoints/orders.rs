//! Carries out orders to the browser's storage, one at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::keeping::Checkpoints;
use super::life;
use super::saved::{Newest, Occasion, Order};
use super::storage::Storage;
use super::trouble::Trouble;
use crate::error::Error;

/// How long the page waits for the storage before it starts a run by itself.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Opens the storage and starts to save runs, also when the page is hidden or left.
pub fn start(checkpoints: Checkpoints) {
    let (sender, orders) = unbounded();
    checkpoints.orders.set_value(Some(sender));
    let life = StoredValue::new_local(life::begin(&checkpoints.page()));
    let hidden = window_event_listener_untyped("visibilitychange", move |_| {
        if document().hidden() {
            checkpoints.save(&Occasion::Rest);
        }
    });
    let left = window_event_listener_untyped("pagehide", move |_| {
        checkpoints.save(&Occasion::Rest);
        if let Some(end) = life.try_update_value(Option::take).flatten() {
            let _ = end.call0(&JsValue::UNDEFINED);
        }
    });
    let back = window_event_listener_untyped("pageshow", move |_| {
        life.update_value(|life| *life = life.take().or_else(|| life::begin(&checkpoints.page())));
    });
    // A storage that does not answer keeps no run waiting.
    set_timeout(move || _ = checkpoints.saved.try_update(|saved| saved.is_listed = true), ANSWERS_WITHIN);
    on_cleanup(move || [hidden, left, back].into_iter().for_each(|listener| listener.remove()));
    spawn_local(process(checkpoints, orders));
}

/// Carries out orders, and after each lists what is stored.
async fn process(checkpoints: Checkpoints, mut orders: UnboundedReceiver<Order>) {
    let (page, storage) = (checkpoints.page(), Storage::open().await);
    // Shown before there is anything to lose, since the remedy is to reload the page.
    if let Err(blocked @ Trouble::Blocked) = &storage {
        _ = checkpoints.saved.try_update(|saved| saved.trouble = Some(blocked.clone()));
    }
    let mut next = None;
    loop {
        if let Some(order) = next {
            let outcome = match &storage {
                Ok(storage) => carry_out(checkpoints, storage, order).await,
                Err(why) => without_storage(checkpoints, order, why),
            };
            // `None` if the page is gone.
            let updated = checkpoints.saved.try_update(|saved| saved.trouble = outcome.err());
            if updated.is_none() {
                return;
            }
        }
        if let Ok(storage) = &storage {
            let surplus = list(checkpoints, &page, storage).await;
            if !surplus.is_empty() && storage.forget(&surplus).await.is_ok() {
                list(checkpoints, &page, storage).await;
            }
        }
        _ = checkpoints.saved.try_update(|saved| saved.is_listed = true);
        next = orders.next().await;
        if next.is_none() {
            return;
        }
    }
}

/// Carries out an order. An error says why runs are not saved.
async fn carry_out(checkpoints: Checkpoints, storage: &Storage, order: Order) -> Result<(), Trouble> {
    match order {
        Order::Keep { newest: Newest { record, file }, replaces, text } => {
            storage.keep(&record, &file, replaces.as_deref(), text.as_deref()).await?;
            if text.is_some() {
                checkpoints.text.stored.try_update_value(|stored| *stored = record.summary.text);
            }
        }
        Order::Forget(ids) => storage.forget(&ids).await?,
        Order::Fetch(record, purpose) => match storage.file(&record.id).await? {
            Some(file) => {
                let text = if record.own_text.is_some() { storage.text(&record.summary.text).await? } else { None };
                checkpoints.fulfil(Newest { record, file: Arc::new(file) }, purpose, text.map(Arc::new));
            }
            None => {
                _ = checkpoints.saved.try_update(|saved| saved.refusal = Some(Error::CheckpointGone));
            }
        },
    }
    Ok(())
}

/// Without a storage, only an order to save a run is reported.
fn without_storage(checkpoints: Checkpoints, order: Order, why: &Trouble) -> Result<(), Trouble> {
    let before = checkpoints.saved.try_with_untracked(|saved| saved.trouble.clone()).flatten();
    match (order, before) {
        (Order::Keep { .. }, _) => Err(why.clone()),
        (_, Some(why)) => Err(why),
        (_, None) => Ok(()),
    }
}

/// Updates the list of stored runs, except those that other open pages train. Returns the ids to evict.
async fn list(checkpoints: Checkpoints, page: &str, storage: &Storage) -> Vec<String> {
    let Ok(mut records) = storage.records().await else { return Vec::new() };
    let living = life::open_pages().await;
    records.retain(|record| record.page == page || !living.contains(&record.page));
    checkpoints.saved.try_update(|saved| saved.found(records)).unwrap_or_default()
}
