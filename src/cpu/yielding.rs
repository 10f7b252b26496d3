//! Yielding to the event loop from the thread that trains.

use web_time::Duration;

/// How long the CPU engine computes before it yields.
pub const SLICE: Duration = Duration::from_millis(25);

#[cfg(not(target_arch = "wasm32"))]
pub use native::Yield;
#[cfg(target_arch = "wasm32")]
pub use web::Yield;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    /// Does nothing: a native program has no event loop.
    pub struct Yield;

    impl Yield {
        pub fn new() -> Self {
            Self
        }

        pub async fn now(&self) {}
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use std::cell::RefCell;
    use std::rc::Rc;

    use futures_channel::oneshot;
    use wasm_bindgen::prelude::*;
    use web_sys::MessageChannel;

    /// Yields by waiting for a message to itself: a timer waits four milliseconds or more, and a microtask runs before
    /// other events.
    pub struct Yield {
        channel: MessageChannel,
        waiting: Rc<RefCell<Option<oneshot::Sender<()>>>>,
        _on_message: Closure<dyn FnMut()>,
    }

    impl Yield {
        pub fn new() -> Self {
            let channel = MessageChannel::new().expect("every browser with WebAssembly has message channels");
            let waiting = Rc::new(RefCell::new(None::<oneshot::Sender<()>>));
            let heard = waiting.clone();
            let on_message = Closure::<dyn FnMut()>::new(move || {
                if let Some(waiting) = heard.borrow_mut().take() {
                    let _ = waiting.send(()); // fails if the future was dropped
                }
            });
            channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            Self { channel, waiting, _on_message: on_message }
        }

        /// Returns after the event loop has run.
        pub async fn now(&self) {
            let (send, receive) = oneshot::channel();
            *self.waiting.borrow_mut() = Some(send);
            self.channel.port2().post_message(&JsValue::NULL).expect("null can be posted");
            let _ = receive.await;
        }
    }

    impl Drop for Yield {
        fn drop(&mut self) {
            self.channel.port1().set_onmessage(None);
            self.channel.port1().close();
        }
    }
}
