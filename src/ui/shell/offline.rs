//! The page without a network, and a newer version of it: the service worker (`assets/service-worker.js`) keeps one
//! whole version; the page says when another is ready, and changes over when the visitor says so.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};

use crate::ui::page::Page;
use crate::ui::worker::link;

/// The newer version's service worker, while it waits.
type Waiting = RwSignal<Option<web_sys::ServiceWorker>, LocalStorage>;

/// Where service workers are to be had: over https or on localhost.
fn container() -> Option<ServiceWorkerContainer> {
    let navigator = window().navigator();
    let there = js_sys::Reflect::has(&navigator, &JsValue::from_str("serviceWorker")).unwrap_or(false);
    (there && window().is_secure_context()).then(|| navigator.service_worker())
}

/// Says that a newer version is ready, with a button that changes over to it.
#[component]
pub fn NewVersion(page: Page) -> impl IntoView {
    let w = page.words();
    let waiting: Waiting = RwSignal::new_local(None);
    let crowded = RwSignal::new(false);
    let asked = StoredValue::new(false);
    let ready = Memo::new(move |_| page.runs.state.with(|s| s.worker.ready()));
    Effect::new(move |kept: Option<bool>| {
        let kept = kept.unwrap_or(false);
        // Keeping the page for later must not slow down its start.
        if ready.get() && !kept {
            leptos::task::spawn_local(async move {
                if let Err(error) = keep(waiting, crowded, asked).await {
                    leptos::logging::warn!("The page is not kept for visits without a network: {error:?}");
                }
            });
        }
        kept || ready.get()
    });
    let change = move |_| {
        asked.set_value(true);
        if let Some(worker) = waiting.get_untracked() {
            let _ = worker.post_message(&JsValue::from_str("take over"));
        }
    };
    view! {
        <p class="notice" role="status" data-testid="new-version">
            {move || waiting.with(Option::is_some).then(|| view! {
                {w.version_ready} " "
                <button type="button" class="quiet" on:click=change>{w.version_change}</button>
                {move || crowded.get().then(|| format!(" {}", w.version_other_tabs))}
            })}
        </p>
    }
}

/// Registers the service worker and listens for newer versions of it.
async fn keep(waiting: Waiting, crowded: RwSignal<bool>, asked: StoredValue<bool>) -> Result<(), JsValue> {
    let Some(container) = container() else { return Ok(()) };
    let address = format!("./service-worker.js?trainer={}", link::build());
    let registration = JsFuture::from(container.register(&address)).await?;
    let registration: ServiceWorkerRegistration = registration.unchecked_into();
    look(&registration, waiting);
    let found = {
        let registration = registration.clone();
        Closure::<dyn FnMut()>::new(move || {
            let Some(installing) = registration.installing() else { return };
            let registration = registration.clone();
            let changed = Closure::<dyn FnMut()>::new(move || look(&registration, waiting)).into_js_value();
            installing.set_onstatechange(Some(changed.unchecked_ref()));
        })
    };
    registration.set_onupdatefound(Some(found.into_js_value().unchecked_ref()));
    let taken_over = Closure::<dyn FnMut()>::new(move || {
        if asked.get_value() {
            let _ = window().location().reload();
        }
    });
    container.set_oncontrollerchange(Some(taken_over.into_js_value().unchecked_ref()));
    let told = Closure::<dyn FnMut(MessageEvent)>::new(move |_| crowded.set(true));
    container.set_onmessage(Some(told.into_js_value().unchecked_ref()));
    Ok(())
}

/// Whether a newer version waits behind the one in use.
fn look(registration: &ServiceWorkerRegistration, waiting: Waiting) {
    let worker = registration.waiting().filter(|worker| worker.state() == ServiceWorkerState::Installed);
    waiting.set(worker.filter(|_| registration.active().is_some()));
}
