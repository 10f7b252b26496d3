//! Offline use and updates: the service worker (`assets/service-worker.js`) caches one complete version of the page;
//! the page says when a newer one is ready, and switches to it when the visitor asks.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};

use crate::ui::page::Page;
use crate::ui::worker::link;

/// The waiting service worker of a newer version.
type Waiting = RwSignal<Option<web_sys::ServiceWorker>, LocalStorage>;

/// The browser's service workers; `None` in an insecure context.
fn container() -> Option<ServiceWorkerContainer> {
    let navigator = window().navigator();
    let there = js_sys::Reflect::has(&navigator, &JsValue::from_str("serviceWorker")).unwrap_or(false);
    (there && window().is_secure_context()).then(|| navigator.service_worker())
}

/// How long after the page is ready it is kept for use without a network: what the visitor asks for first comes first.
const REST: Duration = Duration::from_secs(2);

/// What is known of a newer version. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Version {
    waiting: Waiting,
    /// Whether other tabs have the page open.
    crowded: RwSignal<bool>,
    /// Whether the visitor has asked for the newer version.
    asked: StoredValue<bool>,
}

impl Version {
    /// Keeps the page for use without a network as soon as it is ready, and looks for newer versions.
    pub fn new(page: Page) -> Self {
        let (waiting, crowded, asked) = (RwSignal::new_local(None), RwSignal::new(false), StoredValue::new(false));
        let ready = Memo::new(move |_| page.runs.state.with(|s| s.worker.ready()));
        Effect::new(move |kept: Option<bool>| {
            let kept = kept.unwrap_or(false);
            // Only now: caching the page must not slow down its start.
            if ready.get() && !kept {
                let kept = async move {
                    if let Err(error) = keep(waiting, crowded, asked).await {
                        leptos::logging::warn!("The page could not be cached for offline use: {error:?}");
                    }
                };
                set_timeout(move || leptos::task::spawn_local(kept), REST);
            }
            kept || ready.get()
        });
        Self { waiting, crowded, asked }
    }
}

/// Says that a newer version is ready, with a button that switches to it.
#[component]
pub fn NewVersion(page: Page, version: Version) -> impl IntoView {
    let w = page.words();
    let Version { waiting, crowded, asked } = version;
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
    let address = format!("./service-worker.js?cores={}", link::cores());
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
    let on_change = Closure::<dyn FnMut()>::new(move || {
        if asked.get_value() {
            let _ = window().location().reload();
        }
    });
    container.set_oncontrollerchange(Some(on_change.into_js_value().unchecked_ref()));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |_| crowded.set(true));
    container.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
    Ok(())
}

/// Sets `waiting` to the service worker of a newer version, if one waits behind the active one.
fn look(registration: &ServiceWorkerRegistration, waiting: Waiting) {
    let worker = registration.waiting().filter(|worker| worker.state() == ServiceWorkerState::Installed);
    waiting.set(worker.filter(|_| registration.active().is_some()));
}
