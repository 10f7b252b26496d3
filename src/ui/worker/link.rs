//! The page's connection to the training worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::set_timeout_with_handle;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions};

use super::memory;
use crate::error::Error;
use crate::protocol::{Command, Event, js};
use crate::ui::browser::message;

/// The script that starts the trainer, which trunk builds from `src/bin/trainer.rs`.
const SCRIPT: &str = "./worker.js";

/// The kinds of the CPU engine's module (`cores/`), fastest first, each with a minimal WebAssembly module that uses the
/// instructions it needs.
const CORES: [(&str, &[u8]); 3] = [
    (
        "cores_relaxed_simd",
        &[
            0, b'a', b's', b'm', 1, 0, 0, 0, // magic number, version 1
            1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, // one type: (v128, v128, v128) -> v128
            3, 2, 1, 0, // one function of it
            10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2,
            0x0b, // local.get × 3, f32x4.relaxed_madd
        ],
    ),
    (
        "cores_simd",
        &[
            0, b'a', b's', b'm', 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, // a function () -> v128
            10, 8, 1, 6, 0, 0x41, 0, 0xfd, 15, 0x0b, // i32.const 0, i8x16.splat
        ],
    ),
    ("cores", &[0, b'a', b's', b'm', 1, 0, 0, 0]),
];

/// Time for a worker to load before the page reports an error.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Called with each event of the worker, or with the error that ended it.
pub trait OnEvent: Fn(Result<Event, Error>) + Copy + 'static {}

impl<F: Fn(Result<Event, Error>) + Copy + 'static> OnEvent for F {}

/// The connection to the current worker, which can be replaced.
#[derive(Clone, Default)]
pub struct Link {
    connection: Rc<RefCell<Option<Connection>>>,
}

/// A worker with its listeners.
struct Connection {
    worker: Worker,
    ready: Rc<Cell<bool>>,
    /// Commands to send when the worker is ready.
    waiting: Rc<RefCell<Vec<Command>>>,
    timeout: Option<TimeoutHandle>,
    _listeners: Vec<Closure<dyn FnMut(JsValue)>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onmessageerror(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
        if let Some(timeout) = &self.timeout {
            timeout.clear();
        }
    }
}

impl Link {
    /// Sends a command, as soon as the worker is ready. Ignored if no worker could be started, which is reported then.
    pub fn send(&self, command: Command) {
        if let Some(connection) = &*self.connection.borrow() {
            if connection.ready.get() {
                post(&connection.worker, &command);
            } else {
                connection.waiting.borrow_mut().push(command);
            }
        }
    }

    /// Starts a worker in place of the current one. `on_event` receives its events, or the error that ended it.
    pub fn start(&self, on_event: impl OnEvent) {
        // By its name, since a service worker may answer without what an address has behind its path.
        let options = WorkerOptions::new();
        options.set_name(cores());
        match Worker::new_with_options(SCRIPT, &options).map(|worker| Connection::new(worker, on_event)) {
            Ok(connection) => *self.connection.borrow_mut() = Some(connection),
            Err(error) => on_event(Err(Error::WorkerNotStarted(message(&error)))),
        }
    }
}

impl Connection {
    fn new(worker: Worker, on_event: impl OnEvent) -> Self {
        let ready = Rc::new(Cell::new(false));
        let waiting = Rc::new(RefCell::new(vec![Command::Recall { races: memory::races() }]));
        let on_message = listen(worker.clone(), on_event, ready.clone(), waiting.clone());
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_unreadable = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            on_event(Err(Error::WorkerUnreadable));
        });
        worker.set_onmessageerror(Some(on_unreadable.as_ref().unchecked_ref()));
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let said = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|m| !m.is_empty());
            on_event(Err(match said {
                Some(said) => Error::WorkerStopped(said),
                None => Error::WorkerNotLoaded,
            }));
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let is_ready = ready.clone();
        let timeout = set_timeout_with_handle(
            move || {
                if !is_ready.get() {
                    on_event(Err(Error::WorkerSilent { seconds: LOAD_TIMEOUT.as_secs() }));
                }
            },
            LOAD_TIMEOUT,
        );
        Self { worker, ready, waiting, timeout: timeout.ok(), _listeners: vec![on_message, on_unreadable, on_error] }
    }
}

/// The listener for the worker's messages. The first one, `Ready`, releases the waiting commands.
fn listen(
    worker: Worker,
    on_event: impl OnEvent,
    ready: Rc<Cell<bool>>,
    waiting: Rc<RefCell<Vec<Command>>>,
) -> Closure<dyn FnMut(JsValue)> {
    Closure::new(move |message: JsValue| {
        let data = message.unchecked_into::<MessageEvent>().data();
        match js::read(data) {
            Ok(event) => {
                if matches!(event, Event::Ready) {
                    ready.set(true);
                    for command in waiting.borrow_mut().drain(..) {
                        post(&worker, &command);
                    }
                }
                if let Event::Raced { race } = event {
                    return memory::keep(race);
                }
                let is_awaited = matches!(event, Event::Epochs { .. } | Event::Progress { .. });
                on_event(Ok(event));
                if is_awaited {
                    post(&worker, &Command::Seen);
                }
            }
            Err(error) => on_event(Err(Error::WorkerUnknown(error.to_string()))),
        }
    })
}

fn post(worker: &Worker, command: &Command) {
    let value = js::write(command).expect("a command is plain data");
    worker.post_message(&value).expect("plain data can be posted");
}

/// The fastest kind of the CPU engine's module that this browser can run.
pub fn cores() -> &'static str {
    let runs = |module: &[u8]| js_sys::WebAssembly::validate(&js_sys::Uint8Array::from(module)) == Ok(true);
    CORES.into_iter().find(|(_, module)| runs(module)).map_or(CORES[2].0, |(name, _)| name)
}
