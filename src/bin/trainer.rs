//! The dedicated Web Worker: owns the GPU device and the training loop, takes commands, posts events.

#[cfg(not(target_arch = "wasm32"))]
pub fn main() {
    eprintln!("This is the page's worker: build it with `cargo xtask build`. To train here, run the example `train`.");
}

#[cfg(target_arch = "wasm32")]
pub fn main() {
    worker::start();
}

#[cfg(target_arch = "wasm32")]
mod worker {
    use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
    use futures_util::StreamExt;
    use time_traveller::engine::{Device, Devices};
    use time_traveller::error::{Error, Result};
    use time_traveller::model::Config;
    use time_traveller::protocol::{Command, Event};
    use time_traveller::text::Corpus;
    use time_traveller::text::edition::{self, Edition};
    use time_traveller::train::Trainer;
    use wasm_bindgen::{JsCast, prelude::*};
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// The text, beside the worker's own script.
    const TEXT: &str = "timemachine.txt";

    pub fn start() {
        std::panic::set_hook(Box::new(|panic| {
            console_error_panic_hook::hook(panic);
            post(&Event::Broken { error: Error::WorkerBroke(panic.to_string()) });
        }));
        let (sender, receiver) = unbounded();
        listen(sender);
        wasm_bindgen_futures::spawn_local(work(receiver));
    }

    fn scope() -> DedicatedWorkerGlobalScope {
        js_sys::global().unchecked_into()
    }

    /// Puts the page's commands into the channel.
    fn listen(commands: UnboundedSender<Command>) {
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match serde_wasm_bindgen::from_value(message.data()) {
                // The receiver lives as long as the worker does.
                Ok(command) => _ = commands.unbounded_send(command),
                Err(error) => {
                    post(&Event::Failed { run: None, error: Error::NotUnderstood(error.to_string()) });
                }
            }
        });
        scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        post(&Event::Ready);
    }

    /// Gets devices and text, then trains; without the text, the next Train tries anew. That there is no GPU, or none
    /// any more, ends nothing.
    async fn work(mut commands: UnboundedReceiver<Command>) {
        let mut train = None;
        loop {
            match prepare().await {
                Ok((devices, corpus)) => {
                    let mut trainer = Trainer::new(devices, corpus, |event| post(&event));
                    return trainer.serve(train.take(), &mut commands).await;
                }
                Err(error) => post(&Event::Failed { run: run_of(train.take()), error }),
            }
            train = Some(wait_for_train(&mut commands).await);
        }
    }

    /// The run that a Train asks for.
    fn run_of(train: Option<Command>) -> Option<u32> {
        match train {
            Some(Command::Train { run, .. }) => Some(run),
            _ => None,
        }
    }

    /// Without a text nothing else can be done.
    async fn wait_for_train(commands: &mut UnboundedReceiver<Command>) -> Command {
        loop {
            match commands.next().await {
                Some(train @ Command::Train { .. }) => return train,
                Some(Command::Reset) => post(&Event::Idle),
                Some(
                    Command::Generate { request, .. }
                    | Command::Checkpoint { request }
                    | Command::Examine { request, .. },
                ) => post(&Event::Refused { request, error: Error::NoNetwork }),
                Some(_) => {}
                None => std::future::pending().await, // the page is gone, and the worker soon is
            }
        }
    }

    async fn prepare() -> Result<(Devices, Corpus)> {
        let devices = Devices::open().await;
        let name = devices.gpu.as_ref().map_or_else(|_| Device::Cpu.name(), |gpu| gpu.name.clone());
        post(&Event::Device { name, race: Vec::new() });
        let bytes = fetch(TEXT).await?;
        let edition = edition::identify(&bytes).ok_or_else(|| Error::UnknownEdition(edition::sha1_hex(&bytes)))?;
        let corpus = Corpus::new(&String::from_utf8_lossy(&bytes));
        post(&Event::Text {
            edition: edition.name().to_owned(),
            is_books: edition == Edition::Book,
            tokens: corpus.tokens.len() as u32,
            vocabulary: corpus.vocabulary.size() as u32,
        });
        if let Ok(gpu) = &devices.gpu {
            // What the GPU has against its kernels is told when a network needs them.
            _ = gpu.warm_up(Config::default().batch as usize).await;
        }
        Ok((devices, corpus))
    }

    async fn fetch(address: &str) -> Result<Vec<u8>> {
        let response = gloo_net::http::Request::get(address).send().await;
        let response = response.map_err(|error| Error::TextMissing(error.to_string()))?;
        if !response.ok() {
            return Err(Error::TextMissing(format!("the server answers {}", response.status())));
        }
        response.binary().await.map_err(|error| Error::TextMissing(error.to_string()))
    }

    fn post(event: &Event) {
        let posted =
            serde_wasm_bindgen::to_value(event).map_err(JsValue::from).and_then(|event| scope().post_message(&event));
        if let Err(error) = posted {
            web_sys::console::error_1(&error);
        }
    }
}
