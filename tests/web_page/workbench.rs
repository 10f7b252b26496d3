//! Several runs, the epoch slider, hyperparameters in mid-run, the characters of generated text, languages.

use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::config::Config;
use time_traveller::protocol::{
    Command, Continuation, Divergence, Event, FinalReport, Hyperparameters, Pick, Quantity, StartFrom, Stretch, Written,
};
use time_traveller::ui::language::Language;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::{Mounted, book, epoch, sample};

pub fn finished(run: u32) -> Event {
    let report = FinalReport {
        epochs: 2,
        perplexity: 12.0,
        tokens_per_second: 2000.0,
        device: "a test’s GPU".into(),
        samples: Vec::new(),
    };
    Event::Finished { run, report }
}

/// A page with a finished run of two epochs.
pub async fn after_a_run(fragment: &str) -> Mounted {
    let page = Mounted::training(fragment).await;
    page.receive([Event::Untrained { run: 1, sample: sample("time traveller", "qqj") }]).await;
    page.receive([epoch(1, 24.0), epoch(2, 12.0), finished(1)]).await;
    page
}

fn all(page: &Mounted, selector: &str) -> Vec<Element> {
    let list = page.root.query_selector_all(selector).unwrap();
    (0..list.length()).filter_map(|i| list.item(i)).map(|node| node.unchecked_into()).collect()
}

pub fn names(page: &Mounted) -> Vec<String> {
    let names = all(page, ".run-name").into_iter();
    names.map(|field| field.get_attribute("placeholder").unwrap_or_default()).collect()
}

#[wasm_bindgen_test]
async fn runs_are_hidden_renamed_opened_and_deleted() {
    let page = after_a_run("#hidden=64&epochs=2").await;
    page.fill("Hidden units", "32").await;
    page.press("Train").await;
    page.receive([Event::Started { run: 2, minibatches: 8, bytes: 1 }]).await;
    assert_eq!(names(&page), ["hidden 64", "hidden 32"]);
    assert!(page.test_id("runs").text_content().unwrap().contains("epoch 2, perplexity 12.00"));
    let name: HtmlInputElement = page.find(".run-name").unchecked_into();
    name.set_value("the small one");
    name.dispatch_event(&web_sys::Event::new("change").unwrap()).unwrap();
    page.find(".swatch").unchecked_into::<HtmlElement>().click();
    page.settle().await;
    page.page
        .runs
        .state
        .with_untracked(|s| assert_eq!((s.runs[0].name.as_str(), s.runs[0].visible), ("the small one", false)));
    page.press("Load its settings").await;
    assert_eq!(page.field("Hidden units").value(), "64");
    let delete: Vec<HtmlElement> =
        all(&page, ".menu-inner button:last-child").into_iter().map(|b| b.unchecked_into()).collect();
    assert!(delete[1].has_attribute("disabled"), "the current run can't be deleted");
    delete[0].click();
    page.settle().await;
    assert_eq!(names(&page), ["Run 2"]);
}

#[wasm_bindgen_test]
async fn the_slider_goes_through_the_epochs_and_back_to_the_latest() {
    let page = Mounted::training("#epochs=12").await;
    let untrained = Event::Untrained { run: 1, sample: sample("time traveller", "qqj") };
    page.receive([untrained, epoch(1, 24.0), epoch(2, 12.0)]).await;
    assert_eq!(
        (page.text("moment-title"), page.text("moment")),
        ("Epoch 2: perplexity 12.00".into(), "time traveller and the 2".into())
    );
    let slider: HtmlInputElement = page.find("input.scrub").unchecked_into();
    for (value, title, text) in [("1", "Epoch 1: perplexity 24.00", " and the 1"), ("0", "Before training", "qqj")] {
        slider.set_value(value);
        slider.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
        page.settle().await;
        assert_eq!((page.text("moment-title").as_str(), page.text("moment")), (title, format!("time traveller{text}")));
        assert_eq!(slider.get_attribute("aria-valuetext").as_deref(), Some(title));
    }
    page.receive([epoch(3, 9.0)]).await;
    assert_eq!(page.text("moment-title"), "Before training", "a chosen epoch stays");
    assert!(page.text("reading").starts_with("Epoch 0"));
    let point = js_sys::Function::new_with_args(
        "chart",
        "chart.style.cssText = 'width: 300px; height: 150px';
         const { left, top } = chart.getBoundingClientRect();
         const at = { bubbles: true, clientX: left + 52 + 232 / 5, clientY: top + 50 };
         chart.dispatchEvent(new PointerEvent('pointermove', at))",
    );
    point.call1(&wasm_bindgen::JsValue::NULL, &page.test_id("chart")).unwrap();
    page.settle().await;
    assert!(page.text("reading").starts_with("Epoch 2"), "{}", page.text("reading"));
    assert_eq!(page.text("moment-title"), "Epoch 2: perplexity 12.00", "under the pointer");
    let leave = web_sys::Event::new("pointerleave").unwrap();
    page.find(".frame").dispatch_event(&leave).unwrap();
    page.settle().await;
    page.press("Follow the latest epoch").await;
    assert_eq!(slider.get_attribute("max").as_deref(), Some("10"), "the end of the axis");
    slider.set_value("9");
    slider.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    page.settle().await;
    assert_eq!((page.text("moment-title"), slider.value()), ("Epoch 3: perplexity 9.00".into(), "3".into()));
}

#[wasm_bindgen_test]
async fn small_steps_start_a_run_or_continue_it() {
    let page = Mounted::ready("#epochs=3").await;
    page.press("One minibatch").await;
    let config = Config { epochs: 3, ..Config::default() };
    let prefix: String = "time traveller".into();
    let first = Command::Train { run: 1, config, prefix, beginning: StartFrom::default(), stretch: Stretch::Minibatch };
    assert_eq!(page.sent(), [first]);
    page.receive([Event::Started { run: 1, minibatches: 8, bytes: 1 }]).await;
    assert!(page.button("One epoch").has_attribute("disabled"), "it trains");
    page.receive([Event::Paused { run: 1 }]).await;
    page.press("One epoch").await;
    page.press("Resume").await;
    assert_eq!(page.sent()[1..], [Stretch::Epoch, Stretch::Whole].map(|stretch| Command::Resume { stretch }));
}

#[wasm_bindgen_test]
async fn hyperparameters_change_the_current_run_and_other_settings_need_a_new_one() {
    let page = Mounted::training("#epochs=12").await;
    page.fill("Learning rate", "0.").await;
    page.fill("Learning rate", "0.5").await;
    page.fill("Hidden units", "64").await;
    gloo_timers::future::TimeoutFuture::new(500).await;
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 1.0 };
    assert_eq!(page.sent()[1..], [Command::SetHyperparameters { hyperparameters }]);
    assert_eq!(
        page.text("settings-note"),
        "Changed for the next run: Hidden units. Press Reset, then Train, to start it."
    );
    page.receive([Event::HyperparametersSet { run: 1, epoch: 0, minibatch: 3, hyperparameters }, epoch(1, 24.0)]).await;
    assert!(
        page.test_id("runs").text_content().unwrap().contains("changed to learning rate 0.5, clipping threshold 1")
    );
    page.receive([finished(1)]).await;
    page.fill("Gradient clipping", "2").await;
    gloo_timers::future::TimeoutFuture::new(500).await;
    assert_eq!(page.sent().len(), 2, "there is no current run");
}

#[wasm_bindgen_test]
async fn characters_are_shaded_and_their_alternatives_shown() {
    let page = Mounted::training("").await;
    page.press("Generate").await;
    assert!(matches!(page.sent()[1], Command::Generate { pick: Pick::Likeliest, .. }));
    let guesses = |first: char| vec![(Some(first), 0.5), (Some(' '), 0.25), (None, 0.125)];
    let written = |c, surprise| Written { character: Some(c), surprise, guesses: guesses(c) };
    let continuation = Continuation {
        sample: sample("time traveller", "ab"),
        written: vec![written('a', 0.0), written('b', 3.0)],
        next: guesses('c'),
    };
    page.receive([Event::Generated { request: 1, continuation }]).await;
    assert_eq!(page.text("generated"), "time travellerab");
    assert_eq!(page.text("guesses").replace(' ', ""), "c50%space25%<unk>12%");
    let shades: Vec<String> = all(&page, "[data-at]").iter().filter_map(|c| c.get_attribute("style")).collect();
    assert_eq!(shades, ["--shade: 0.00", "--shade: 0.50"]);
    let key = js_sys::Function::new_with_args("to, key", "to.dispatchEvent(new KeyboardEvent('keydown', { key }))");
    for (name, first) in [("ArrowLeft", "c"), ("ArrowLeft", "b"), ("Home", "a"), ("End", "c")] {
        key.call2(&wasm_bindgen::JsValue::NULL, &page.test_id("generated"), &name.into()).unwrap();
        page.settle().await;
        assert!(page.text("guesses").starts_with(first), "{name}: {}", page.text("guesses"));
    }
}

#[wasm_bindgen_test]
async fn sampling_has_a_temperature_and_another_seed_each_time() {
    let page = Mounted::training("").await;
    let select: web_sys::HtmlElement = page.find(".conversation .choice select").unchecked_into();
    js_sys::Reflect::set(&select, &"value".into(), &"sampled".into()).unwrap();
    select.dispatch_event(&web_sys::Event::new("change").unwrap()).unwrap();
    page.settle().await;
    page.press("Generate").await;
    page.press("Generate").await;
    let seeds: Vec<u32> = page
        .sent()
        .iter()
        .filter_map(|command| match command {
            Command::Generate { pick: Pick::Sampled { temperature, top_k: 5, seed }, .. } if *temperature == 0.8 => {
                Some(*seed)
            }
            _ => None,
        })
        .collect();
    assert!(seeds.len() == 2 && seeds[0] != seeds[1], "{seeds:?}");
}

#[wasm_bindgen_test]
async fn the_continuation_is_updated_during_training_if_switched_on() {
    let page = Mounted::training("").await;
    page.receive([epoch(1, 24.0)]).await;
    assert_eq!(page.sent().len(), 1);
    page.find(".conversation .switch input").unchecked_into::<HtmlElement>().click();
    page.receive([epoch(2, 20.0)]).await;
    assert!(matches!(page.sent()[1..], [Command::Generate { request: 1, .. }]), "{:?}", page.sent());
    page.receive([epoch(3, 19.0)]).await;
    assert_eq!(page.sent().len(), 2, "one at a time");
}

#[wasm_bindgen_test]
async fn the_page_switches_to_chinese_and_keeps_its_state() {
    let page = after_a_run("#epochs=2").await;
    page.press("中文").await;
    let said = page.root.text_content().unwrap();
    for term in ["困惑度", "词元", "隐状态", "梯度裁剪", "时间步", "小批量"] {
        assert!(said.contains(term), "{term}");
    }
    assert_eq!((page.status(), page.text("moment-title")), ("finished".into(), "第 2 个轮次：困惑度 12.00".into()));
    assert_eq!(page.test_id("samples").child_element_count(), 2);
    page.fill("隐藏单元数", "0").await;
    assert!(page.text("error").contains("不是 1 到 8192 之间的整数"), "{}", page.text("error"));
    page.receive([Event::HyperparametersRefused { error: Error::OutOfMemory }]).await;
    assert!(page.text("error").contains("GPU 的空闲内存不够"), "{}", page.text("error"));
    page.press("English").await;
    assert!(page.text("error").contains(&Error::OutOfMemory.to_string()), "{}", page.text("error"));
    assert_eq!(page.page.language.get_untracked(), Language::English);
    assert_eq!(page.field("Hidden units").value(), "0");
    window().local_storage().unwrap().unwrap().clear().unwrap();
}

#[wasm_bindgen_test]
async fn without_a_gpu_the_page_says_so_and_what_helps() {
    let page = Mounted::ready("").await;
    assert!(page.test_id("notice").has_attribute("hidden"));
    let cpu = || Event::Device { name: "CPU (SIMD)".into(), race: Vec::new() };
    page.press("Generate").await;
    page.receive([cpu()]).await;
    assert_eq!(page.text("device"), "CPU (SIMD)");
    assert!(page.test_id("notice").has_attribute("hidden"), "the CPU is faster, or chosen");
    let page = Mounted::open("").await;
    page.receive([Event::Ready, Event::NoGpu, cpu(), book(true)]).await;
    assert!(!page.test_id("notice").has_attribute("hidden"));
    assert!(page.text("notice").contains("trains on the CPU"), "{}", page.text("notice"));
}

#[wasm_bindgen_test]
async fn a_logarithmic_axis_changes_the_picture() {
    let page = after_a_run("#epochs=2").await;
    let canvas: web_sys::HtmlCanvasElement = page.test_id("chart").unchecked_into();
    gloo_timers::future::TimeoutFuture::new(200).await;
    let linear = canvas.to_data_url().unwrap();
    page.find(".tools .switch input").unchecked_into::<HtmlElement>().click();
    page.until("another picture", || canvas.to_data_url().unwrap() != linear).await;
}

#[wasm_bindgen_test]
async fn a_diverged_run_is_resumed_with_the_proposed_hyperparameters() {
    let page = Mounted::training("#epochs=12&lr=50").await;
    let proposal = Hyperparameters { learning_rate: 5.0, clip: 1.0 };
    let divergence = Divergence { quantity: Quantity::Loss, epoch: 1, minibatch: 2, proposal };
    page.receive([epoch(1, 24.0), Event::Diverged { run: 1, divergence }]).await;
    assert!(page.text("error").contains("the loss was no longer finite in minibatch 3 of epoch 2"));
    page.press("Continue with learning rate 5, clipping threshold 1").await;
    let sent = [Command::SetHyperparameters { hyperparameters: proposal }, Command::Resume { stretch: Stretch::Whole }];
    assert_eq!((&page.sent()[1..], page.field("Learning rate").value()), (&sent[..], "5".into()));
    page.receive([Event::Resumed { run: 1 }]).await;
    assert_eq!((page.status(), page.text("error")), ("training".into(), String::new()));
    page.receive([Event::Recovered { run: 1, epoch: 1, reason: "it was reset".into() }]).await;
    assert!(page.text("recovered").contains("from the end of epoch 1 on a test’s GPU"), "{}", page.text("recovered"));
}

#[wasm_bindgen_test]
async fn speed_is_compared_with_the_books_only_for_the_books_network() {
    for (settings, said) in
        [("#epochs=12", "0.02 times the speed of the book’s 2021 GPU"), ("#epochs=12&hidden=64", "")]
    {
        let page = Mounted::training(settings).await;
        page.receive([epoch(1, 24.0)]).await;
        assert!(page.text("speed").starts_with(said), "{}", page.text("speed"));
        assert_eq!(page.text("speed").is_empty(), said.is_empty());
    }
}
