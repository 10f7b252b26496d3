//! The page's end of the line to the worker that trains.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::set_timeout_with_handle;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::memory;
use crate::error::Error;
use crate::protocol::{Command, Event};
use crate::ui::browser::message;

/// The scripts that trunk makes of `src/bin/`, beside the page; each but the last with the least module that has an
/// instruction of those it needs.
const SCRIPTS: [(&str, &[u8]); 3] = [
    (
        "./trainer_relaxed_simd_loader.js",
        &[
            0, b'a', b's', b'm', 1, 0, 0, 0, // magic number, version 1
            1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, // one type: (v128, v128, v128) -> v128
            3, 2, 1, 0, // one function of it
            10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2,
            0x0b, // local.get × 3, f32x4.relaxed_madd
        ],
    ),
    (
        "./trainer_simd_loader.js",
        &[
            0, b'a', b's', b'm', 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, // a function () -> v128
            10, 8, 1, 6, 0, 0x41, 0, 0xfd, 15, 0x0b, // i32.const 0, i8x16.splat
        ],
    ),
    ("./trainer_loader.js", &[0, b'a', b's', b'm', 1, 0, 0, 0]),
];

/// How long a worker may take to load before the page says that it seems not to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is told of the worker.
pub trait Hear: Fn(Result<Event, Error>) + Copy + 'static {}

impl<F: Fn(Result<Event, Error>) + Copy + 'static> Hear for F {}

/// The line to the present worker, which can be replaced.
#[derive(Clone, Default)]
pub struct Link {
    line: Rc<RefCell<Option<Line>>>,
}

/// One worker with what listens to it.
struct Line {
    worker: Worker,
    ready: Rc<Cell<bool>>,
    /// Commands from before the worker listens.
    waiting: Rc<RefCell<Vec<Command>>>,
    patience: Option<TimeoutHandle>,
    _listeners: Vec<Closure<dyn FnMut(JsValue)>>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onmessageerror(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
        if let Some(patience) = &self.patience {
            patience.clear();
        }
    }
}

impl Link {
    /// Sends a command, as soon as the worker listens. Without a worker it is lost: the page has said why.
    pub fn send(&self, command: Command) {
        if let Some(line) = &*self.line.borrow() {
            if line.ready.get() {
                post(&line.worker, &command);
            } else {
                line.waiting.borrow_mut().push(command);
            }
        }
    }

    /// Starts a worker, in place of the present one. `hear` is told its events, or why it can't go on.
    pub fn start(&self, hear: impl Hear) {
        let started = Worker::new(script()).map(|worker| Line::new(worker, hear));
        match started {
            Ok(line) => *self.line.borrow_mut() = Some(line),
            Err(error) => hear(Err(Error::WorkerNotStarted(message(&error)))),
        }
    }
}

impl Line {
    fn new(worker: Worker, hear: impl Hear) -> Self {
        let ready = Rc::new(Cell::new(false));
        let waiting = Rc::new(RefCell::new(vec![Command::Recall { races: memory::races() }]));
        let on_message = listen(worker.clone(), hear, ready.clone(), waiting.clone());
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_unreadable = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            hear(Err(Error::WorkerUnreadable));
        });
        worker.set_onmessageerror(Some(on_unreadable.as_ref().unchecked_ref()));
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let said = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|m| !m.is_empty());
            hear(Err(match said {
                Some(said) => Error::WorkerStopped(said),
                None => Error::WorkerNotLoaded,
            }));
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let still = ready.clone();
        let patience = set_timeout_with_handle(
            move || {
                if !still.get() {
                    hear(Err(Error::WorkerSilent { seconds: PATIENCE.as_secs() }));
                }
            },
            PATIENCE,
        );
        Self { worker, ready, waiting, patience: patience.ok(), _listeners: vec![on_message, on_unreadable, on_error] }
    }
}

/// What hears the worker: its first word opens the line for commands.
fn listen(
    worker: Worker,
    hear: impl Hear,
    ready: Rc<Cell<bool>>,
    waiting: Rc<RefCell<Vec<Command>>>,
) -> Closure<dyn FnMut(JsValue)> {
    Closure::new(move |message: JsValue| {
        let data = message.unchecked_into::<MessageEvent>().data();
        match serde_wasm_bindgen::from_value::<Event>(data) {
            Ok(event) => {
                if event == Event::Ready {
                    ready.set(true);
                    for command in waiting.borrow_mut().drain(..) {
                        post(&worker, &command);
                    }
                }
                if let Event::Raced { race } = event {
                    return memory::keep(race);
                }
                hear(Ok(event));
            }
            Err(error) => hear(Err(Error::WorkerUnknown(error.to_string()))),
        }
    })
}

fn post(worker: &Worker, command: &Command) {
    let value = serde_wasm_bindgen::to_value(command).expect("a command is plain data");
    worker.post_message(&value).expect("plain data can be posted");
}

/// The name of the build of the worker that this browser runs.
pub fn build() -> &'static str {
    script().trim_start_matches("./").trim_end_matches("_loader.js")
}

/// The fastest of the worker's scripts that this browser can run.
fn script() -> &'static str {
    let runs = |module: &[u8]| js_sys::WebAssembly::validate(&js_sys::Uint8Array::from(module)) == Ok(true);
    SCRIPTS.into_iter().find(|(_, module)| runs(module)).map_or(SCRIPTS[2].0, |(script, _)| script)
}
