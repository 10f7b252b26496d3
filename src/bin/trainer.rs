//! The dedicated Web Worker: owns the devices and the training loop, receives commands, posts events.

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
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
    use futures_util::future::{Either, join};
    use time_traveller::cpu::Cores;
    use time_traveller::engine::{Device, Devices};
    use time_traveller::error::{Error, Result};
    use time_traveller::model::Config;
    use time_traveller::protocol::{Command, Event, TextChoice, js};
    use time_traveller::text::Text;
    use time_traveller::text::fetch::{self, Limits};
    use time_traveller::train::{Outbox, Texts, Trainer, wait_for_text};
    use wasm_bindgen::{JsCast, prelude::*};
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// The book's text, next to the worker's script.
    const TEXT: &str = "timemachine.txt";

    /// The milliseconds from the page's answer to the next epochs: enough for the page to draw, and to rest.
    const REST: i32 = 100;

    type ToPage = Rc<RefCell<Outbox<fn(Event)>>>;

    pub fn start() {
        std::panic::set_hook(Box::new(|panic| {
            console_error_panic_hook::hook(panic);
            post(&Event::Broken { error: Error::WorkerBroke(panic.to_string()) });
        }));
        let (sender, receiver) = unbounded();
        let outbox = Rc::new(RefCell::new(Outbox::new((|event| post(&event)) as fn(Event))));
        listen(sender, outbox.clone());
        spawn_local(work(receiver, outbox));
    }

    fn scope() -> DedicatedWorkerGlobalScope {
        js_sys::global().unchecked_into()
    }

    /// Forwards the page's commands to the channel.
    fn listen(commands: UnboundedSender<Command>, outbox: ToPage) {
        // The number of texts that the page has chosen, so that a fetched text that is outdated can be dropped.
        let choices = Rc::new(Cell::new(0));
        let rested = outbox.clone();
        let on_rested = Closure::<dyn FnMut()>::new(move || rested.borrow_mut().seen());
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match js::read(message.data()) {
                Ok(Command::Text { choice, cleaning, vocab }) => {
                    choices.set(choices.get() + u32::from(choice != TextChoice::Present));
                    let fetched = fetch_text(choice, choices.clone());
                    let commands = commands.clone();
                    spawn_local(async move {
                        if let Some(choice) = fetched.await {
                            _ = commands.unbounded_send(Command::Text { choice, cleaning, vocab });
                        }
                    });
                }
                // What waits is sent after a rest, unless that is too much already.
                Ok(Command::Seen) => {
                    let rest = if outbox.borrow().is_behind() { 0 } else { REST };
                    let timer = scope().set_timeout_with_callback_and_timeout_and_arguments_0(
                        on_rested.as_ref().unchecked_ref(),
                        rest,
                    );
                    timer.expect("a worker has timers");
                }
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

    /// Fetches the text of [`TextChoice::Address`] while the trainer continues; `None` if that fails, or if the page
    /// has chosen another text in the meantime.
    async fn fetch_text(choice: TextChoice, choices: Rc<Cell<u32>>) -> Option<TextChoice> {
        let TextChoice::Address(name) = choice else { return Some(choice) };
        let this = choices.get();
        let fetched = fetch::fetch(&name, Limits::default()).await;
        match fetched {
            _ if choices.get() != this => None,
            Ok(bytes) => Some(TextChoice::Own { name, bytes }),
            Err(error) => {
                post(&Event::TextRefused { error });
                None
            }
        }
    }

    /// Opens the devices and fetches the book's text meanwhile, then trains. If the text can't be loaded, the next Train
    /// command tries again, and a visitor's own text can replace it. Without a GPU the CPU trains.
    async fn work(mut commands: UnboundedReceiver<Command>, outbox: ToPage) {
        let (devices, mut fetched) = join(open(), fetch::beside(TEXT)).await;
        let mut devices = match devices {
            Ok(devices) => devices,
            Err(error) => return post(&Event::Broken { error }),
        };
        if devices.gpu.is_err() {
            post(&Event::NoGpu);
        }
        let name = devices.gpu.as_ref().map_or_else(|_| Device::cpu().name(), |gpu| gpu.name.clone());
        post(&Event::Device { name, race: Vec::new() });
        let mut train = None;
        let texts = loop {
            match book(fetched) {
                Ok(texts) => break texts,
                Err(error) => post(&Event::Failed { run: run_of(train.take()), error }),
            }
            match wait_for_text(&mut commands, &mut devices, |event| post(&event)).await {
                Some(Either::Left(command)) => train = Some(command),
                Some(Either::Right(texts)) => break texts,
                None => return, // the page is gone
            }
            fetched = fetch::beside(TEXT).await;
        };
        Trainer::new(devices, texts, |event| outbox.borrow_mut().emit(event)).serve(train, &mut commands).await;
    }

    /// Opens the devices, after the module in which the CPU engine's operations run.
    async fn open() -> Result<Devices> {
        if let Some(module) = Cores::module() {
            Cores::start(&fetch::beside(&module).await.map_err(Error::NoCores)?)?;
        }
        Ok(Devices::open().await)
    }

    /// The number of the run that a Train command starts.
    fn run_of(train: Option<Command>) -> Option<u32> {
        match train {
            Some(Command::Train { run, .. }) => Some(run),
            _ => None,
        }
    }

    /// Reads the book's text and tells the page about it.
    fn book(fetched: Result<Vec<u8>, String>) -> Result<Texts> {
        let Config { cleaning, vocab, .. } = Config::default();
        let mut texts = Texts::of_book(Text::known(&fetched.map_err(Error::TextMissing)?)?);
        let facts = texts.facts(cleaning, vocab)?;
        post(&Event::Text { facts });
        Ok(texts)
    }

    fn post(event: &Event) {
        if let Err(error) = js::write(event).and_then(|event| scope().post_message(&event)) {
            web_sys::console::error_1(&error);
        }
    }
}
