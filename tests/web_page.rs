//! The page's components in a real browser, with a fake worker: labels, address, events, errors.

#![cfg(target_arch = "wasm32")]

#[path = "web_page/awaited.rs"]
mod awaited;
#[path = "web_page/errors.rs"]
mod errors;
#[path = "web_page/files.rs"]
mod files;
#[path = "web_page/form.rs"]
mod form;
#[path = "web_page/language.rs"]
mod language;
#[path = "web_page/longer.rs"]
mod longer;
#[path = "web_page/messages.rs"]
mod messages;
#[path = "web_page/queue.rs"]
mod queue;
#[path = "web_page/samples.rs"]
mod samples;
#[path = "web_page/saved.rs"]
mod saved;
#[path = "web_page/settled.rs"]
mod settled;
#[path = "web_page/start.rs"]
mod start;
#[path = "web_page/storage.rs"]
mod storage;
#[path = "web_page/text.rs"]
mod text;
#[path = "web_page/workbench.rs"]
mod workbench;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use time_traveller::model::Config;
use time_traveller::protocol::{
    Command, Continuation, EpochReport, Event, FinalReport, Pick, Progress, Sample, StartFrom, Stretch, TextFacts,
};
use time_traveller::ui::page::Page;
use time_traveller::ui::settings::address;
use time_traveller::ui::shell::app::Workbench;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A mounted page, and the commands that it has sent to its worker. Removed when dropped.
struct Mounted {
    page: Page,
    root: HtmlElement,
    sent: Rc<RefCell<Vec<Command>>>,
    _handle: Box<dyn std::any::Any>,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.root.remove();
    }
}

impl Mounted {
    /// Mounts the page as opened with this fragment.
    async fn open(fragment: &str) -> Self {
        let root: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        // The charts take their colours from it.
        let style = document().create_element("style").unwrap();
        style.set_text_content(Some(include_str!("../assets/base.css")));
        root.append_child(&style).unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let sent = Rc::new(RefCell::new(Vec::new()));
        let record = sent.clone();
        let slot = Rc::new(RefCell::new(None));
        let fill = slot.clone();
        let form = address::read(fragment);
        let handle = leptos::mount::mount_to(root.clone(), move || {
            let page = Page::new(form, Box::new(move |command| record.borrow_mut().push(command)));
            *fill.borrow_mut() = Some(page);
            view! { <Workbench page /> }
        });
        let page = slot.borrow_mut().take().unwrap();
        let mounted = Self { page, root, sent, _handle: Box::new(handle) };
        mounted.settle().await;
        mounted
    }

    /// The same, with text and device.
    async fn ready(fragment: &str) -> Self {
        Self::ready_with(fragment, true).await
    }

    /// The same, with the book's edition of the text or with another.
    async fn ready_with(fragment: &str, is_books: bool) -> Self {
        let mounted = Self::open(fragment).await;
        mounted
            .receive([Event::Ready, book(is_books), Event::Device { name: "a test’s GPU".into(), race: Vec::new() }])
            .await;
        mounted
    }

    /// The same, with a run of these settings started.
    async fn training(fragment: &str) -> Self {
        let mounted = Self::ready(fragment).await;
        mounted.train().await;
        mounted
    }

    async fn train(&self) {
        self.press("Train").await;
        self.receive([Event::Started { run: 1, minibatches: 8, bytes: 9 << 20 }]).await;
    }

    /// Waits until it is so: when the next frame is drawn is the machine's affair.
    async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..500 {
            if is_so() {
                return;
            }
            TimeoutFuture::new(20).await;
        }
        panic!("waited ten seconds for {what}");
    }

    async fn settle(&self) {
        TimeoutFuture::new(30).await;
    }

    async fn receive(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.page.on_event(event);
        }
        self.settle().await;
    }

    fn find(&self, selector: &str) -> Element {
        self.root.query_selector(selector).unwrap().unwrap_or_else(|| panic!("nothing matches {selector}"))
    }

    fn test_id(&self, id: &str) -> Element {
        self.find(&format!("[data-testid={id}]"))
    }

    fn text(&self, id: &str) -> String {
        self.test_id(id).text_content().unwrap()
    }

    fn status(&self) -> String {
        self.test_id("status").get_attribute("data-status").unwrap()
    }

    fn button(&self, name: &str) -> HtmlElement {
        let buttons = self.root.query_selector_all("button").unwrap();
        (0..buttons.length())
            .filter_map(|i| buttons.item(i))
            .find(|b| b.text_content().unwrap_or_default().trim() == name)
            .unwrap_or_else(|| panic!("no button is named {name}"))
            .unchecked_into()
    }

    async fn press(&self, name: &str) {
        self.button(name).click();
        self.settle().await;
    }

    /// The field with exactly this label.
    fn field(&self, label: &str) -> HtmlInputElement {
        let labels = self.root.query_selector_all("label[for]").unwrap();
        let id = (0..labels.length())
            .filter_map(|i| labels.item(i))
            .find(|l| l.text_content().unwrap_or_default() == label)
            .and_then(|l| l.unchecked_into::<Element>().get_attribute("for"))
            .unwrap_or_else(|| panic!("no field is labelled {label}"));
        self.find(&format!("#{id}")).unchecked_into()
    }

    async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label);
        field.set_value(text);
        for kind in ["input", "change"] {
            field.dispatch_event(&web_sys::Event::new(kind).unwrap()).unwrap();
        }
        self.settle().await;
    }

    fn sent(&self) -> Vec<Command> {
        self.sent.borrow().clone()
    }
}

/// The event for the book's edition, or for another.
fn book(is_books: bool) -> Event {
    let (name, vocab) = ("a test’s edition".into(), Config::default().vocab);
    let facts = TextFacts { name, is_books, vocab, tokens: 5000, vocabulary: 28, ..TextFacts::default() };
    Event::Text { facts }
}

fn train(run: u32, config: Config, beginning: StartFrom) -> Command {
    Command::Train { run, config, prefix: "time traveller".into(), beginning, stretch: Stretch::Whole }
}

fn sample(prefix: &str, continuation: &str) -> Sample {
    Sample { prefix: prefix.into(), text: format!("{prefix}{continuation}"), unknown: Vec::new() }
}

fn epoch(epoch: u32, perplexity: f64) -> Event {
    Event::Epochs { run: 1, reports: vec![report(epoch, perplexity)] }
}

fn report(epoch: u32, perplexity: f64) -> EpochReport {
    EpochReport {
        epoch,
        perplexity,
        loss: perplexity.ln(),
        grad_norms: vec![1.0; 4],
        tokens_per_second: 1500.4,
        validation: None,
        sample: sample("time traveller", &format!(" and the {epoch}")),
    }
}

#[wasm_bindgen_test]
async fn events_are_shown() {
    let page = Mounted::open("#epochs=12").await;
    assert_eq!(
        (page.status(), page.text("perplexity"), page.text("device")),
        ("loading".into(), "–".into(), "–".into())
    );
    drop(page);
    let page = Mounted::training("#epochs=12").await;
    assert_eq!((page.status(), page.text("epoch")), ("training".into(), "0 of 12".into()));
    assert_eq!(page.text("device"), "a test’s GPU");
    page.receive([Event::Untrained { run: 1, sample: sample("time traveller", "qqjqqj") }]).await;
    let progress = Progress { epoch: 2, minibatch: 4, tokens_per_second: 1600.2, seconds_left: 200.0 };
    page.receive([epoch(1, 24.12), epoch(2, 8.531), Event::Progress { run: 1, progress }]).await;
    assert_eq!((page.text("epoch"), page.text("perplexity")), ("2 of 12".into(), "8.53".into()));
    assert_eq!((page.text("tokens-per-second"), page.text("time-left")), ("1,600".into(), "3 min".into()));
    let rows = page.test_id("samples").children();
    let row = |i| {
        let row = rows.item(i).unwrap();
        (row.get_attribute("data-epoch").unwrap(), row.text_content().unwrap())
    };
    assert_eq!(rows.length(), 2);
    assert_eq!(page.text("untrained"), "time travellerqqjqqj");
    assert_eq!(page.test_id("untrained").get_attribute("data-epoch").as_deref(), Some("0"));
    assert_eq!(row(0), ("1".into(), "time traveller and the 1".into()));
    assert_eq!(row(1), ("2".into(), "time traveller and the 2".into()));
    let chart = page.test_id("chart");
    assert_eq!(
        chart.get_attribute("aria-label").unwrap(),
        "Perplexity fell from 24.1 at epoch 1 to 8.5 at epoch 2; PyTorch, mean of four seeds: 19.6 at epoch 2"
    );
}

#[wasm_bindgen_test]
async fn the_chart_has_the_screens_resolution() {
    let page = Mounted::training("#epochs=12").await;
    page.receive([epoch(1, 24.0), epoch(2, 12.0), epoch(3, 9.0)]).await;
    let canvas: web_sys::HtmlCanvasElement = page.test_id("chart").unchecked_into();
    let density = window().device_pixel_ratio();
    let is_sharp = || f64::from(canvas.width()) == (f64::from(canvas.client_width()) * density).round();
    page.until("a picture of the screen's resolution", is_sharp).await;
    let picture = canvas.to_data_url().unwrap();
    page.receive([epoch(4, 2.0)]).await;
    page.until("another epoch's picture", || canvas.to_data_url().unwrap() != picture).await;
}

#[wasm_bindgen_test]
async fn the_reference_curve_is_drawn_only_for_the_books_settings() {
    let mut pictures = Vec::new();
    for (settings, seeds) in [("#epochs=12", "four"), ("#epochs=12&state=reset", "two"), ("#epochs=12&hidden=64", "")] {
        let page = Mounted::training(settings).await;
        assert!(page.test_id("legend").has_attribute("hidden"), "nothing is drawn yet");
        let canvas: web_sys::HtmlCanvasElement = page.test_id("chart").unchecked_into();
        let empty = canvas.to_data_url().unwrap();
        page.receive([epoch(1, 24.0), epoch(2, 12.0), epoch(3, 9.0)]).await;
        page.until("the curve", || canvas.to_data_url().unwrap() != empty).await;
        TimeoutFuture::new(200).await;
        assert_eq!(page.test_id("legend").has_attribute("hidden"), seeds.is_empty());
        if !seeds.is_empty() {
            assert_eq!(page.text("legend"), format!("PyTorch, mean of {seeds} seeds"));
        }
        pictures.push(canvas.to_data_url().unwrap());
    }
    assert_ne!(pictures[0], pictures[2]);
    let page = Mounted::ready_with("#epochs=12", false).await;
    page.train().await;
    page.receive([epoch(1, 24.0), epoch(2, 12.0), epoch(3, 9.0)]).await;
    assert!(page.test_id("legend").has_attribute("hidden"), "the other edition");
}

#[wasm_bindgen_test]
async fn the_status_follows_pause_resume_and_reset() {
    let page = Mounted::training("#epochs=12").await;
    page.receive([Event::Untrained { run: 1, sample: sample("time traveller", "qqjqqj") }, epoch(1, 24.0)]).await;
    page.press("Pause").await;
    page.receive([Event::Paused { run: 1 }]).await;
    assert_eq!(page.status(), "paused");
    page.press("Resume").await;
    page.receive([Event::Resumed { run: 1 }]).await;
    assert_eq!(page.status(), "training");
    page.press("Reset").await;
    assert_eq!(page.status(), "idle");
    assert_eq!(page.test_id("samples").child_element_count(), 0);
    assert_eq!(page.test_id("runs").child_element_count(), 1, "the run stays in the list");
    assert!(page.root.query_selector("[data-testid=untrained]").unwrap().is_none());
    assert_eq!(page.sent()[1..], [Command::Pause, Command::Resume { stretch: Stretch::Whole }, Command::Reset]);
}

#[wasm_bindgen_test]
async fn loading_says_what_the_page_waits_for() {
    let page = Mounted::open("").await;
    assert_eq!(page.text("status"), "Loading…");
    page.receive([Event::Ready]).await;
    assert_eq!(page.text("status"), "Looking for the GPU…");
    page.receive([Event::Device { name: "a test’s GPU".into(), race: Vec::new() }]).await;
    assert_eq!(page.text("status"), "Loading the text…");
}

#[wasm_bindgen_test]
async fn a_typed_prefix_is_continued_and_its_unknown_characters_named() {
    let page = Mounted::training("#epochs=12").await;
    page.fill("Prefix", "café").await;
    page.press("Generate").await;
    let sample = Sample { prefix: "café".into(), text: "caf<unk> the".into(), unknown: vec!['é'] };
    let continuation = Continuation { sample, written: vec![], next: vec![] };
    page.receive([Event::Generated { request: 1, continuation }]).await;
    assert_eq!(page.text("generated"), "caf<unk> the");
    assert_eq!(
        page.test_id("generated").query_selector(".prefix").unwrap().unwrap().text_content().unwrap(),
        "caf<unk>"
    );
    assert_eq!(page.text("unknown"), "“é” is not in the vocabulary and is read as <unk>.");
    assert_eq!(page.sent()[1], Command::SamplePrefix { prefix: "café".into() });
    let config = Config { epochs: 12, ..Config::default() };
    assert_eq!(
        page.sent()[2],
        Command::Generate { request: 1, prefix: "café".into(), length: 50, pick: Pick::Likeliest, config }
    );
}

#[wasm_bindgen_test]
async fn the_result_is_shown() {
    let page = Mounted::training("#epochs=1").await;
    let report = FinalReport {
        epochs: 1,
        perplexity: 1.034,
        tokens_per_second: 28_000.2,
        device: "a test’s GPU".into(),
        samples: vec![sample("time traveller", " for so"), sample("traveller", " with a")],
    };
    page.receive([epoch(1, 1.034), Event::Finished { run: 1, report }]).await;
    assert_eq!((page.status(), page.text("epoch")), ("finished".into(), "1 of 1".into()));
    let told = page.text("final");
    for part in ["perplexity 1.03", "28,000 tokens/s", "a test’s GPU", "time traveller for so", "traveller with a"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let compared = page.text("comparison");
    for part in
        ["1.03 after 1 epoch; PyTorch, mean of four seeds: 24.76", "0.44 times the speed of the book’s 2021 GPU"]
    {
        assert!(compared.contains(part), "{part} is not in {compared}");
    }
}
