//! Which pages are open, so that no page offers a run that another one trains. Each holds a Web Lock; on an insecure
//! origin, where there are none, each answers on a channel.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

/// The name of the channel, and what a page asks on it.
const CHANNEL: &str = "time-traveller";
const WHO: &str = "?";

/// Milliseconds in which a page answers, also one that is busy with a long frame.
const ANSWER: i32 = 400;

#[wasm_bindgen]
extern "C" {
    /// The Web Locks of this origin, which are not in web-sys's stable interfaces yet.
    type Locks;

    #[wasm_bindgen(method)]
    fn request(this: &Locks, name: &str, holder: &Closure<dyn FnMut() -> Promise>) -> Promise;

    #[wasm_bindgen(method)]
    fn query(this: &Locks) -> Promise;

    /// A navigator with locks; insecure contexts have none.
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

/// Shows that the page of this id is open until it ends, in whatever way, or until the returned function is called. A
/// page in the back/forward cache must not count as open.
pub fn begin(page: &str) -> Option<Function> {
    let Some(locks) = locks() else { return answer(page) };
    let mut end = None;
    let held = Promise::new(&mut |resolve, _| end = Some(resolve));
    let holder = Closure::new(move || held.clone());
    let _ = locks.request(page, &holder);
    holder.forget();
    end
}

/// Answers every page that asks with this id.
fn answer(page: &str) -> Option<Function> {
    let (channel, page) = (BroadcastChannel::new(CHANNEL).ok()?, JsValue::from_str(page));
    let to = channel.clone();
    let answer = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if event.data() == WHO {
            let _ = to.post_message(&page);
        }
    });
    channel.set_onmessage(Some(answer.into_js_value().unchecked_ref()));
    Some(Closure::once_into_js(move || channel.close()).unchecked_into())
}

/// The ids of all open pages.
pub async fn open_pages() -> Vec<String> {
    let Some(locks) = locks() else { return ask().await.unwrap_or_default() };
    let snapshot = JsFuture::from(locks.query()).await.map(JsCast::unchecked_into::<Snapshot>);
    snapshot.map(|snapshot| snapshot.held().iter().map(Held::name).collect()).unwrap_or_default()
}

/// The ids of the pages that answer.
async fn ask() -> Option<Vec<String>> {
    let channel = BroadcastChannel::new(CHANNEL).ok()?;
    let pages = Rc::new(RefCell::new(Vec::new()));
    let all = pages.clone();
    let note = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        all.borrow_mut().extend(event.data().as_string());
    });
    channel.set_onmessage(Some(note.as_ref().unchecked_ref()));
    channel.post_message(&WHO.into()).ok()?;
    let wait = Promise::new(&mut |resolve, _| {
        _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ANSWER);
    });
    _ = JsFuture::from(wait).await;
    channel.close();
    Some(pages.take())
}
