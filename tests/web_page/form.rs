//! The form: settings, modes, address and prefix, and validation before anything is sent.

use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::config::{Config, SETTINGS};
use time_traveller::model::pick::LONGEST_PREFIX;
use time_traveller::protocol::StartFrom;
use time_traveller::ui::settings::address;
use time_traveller::ui::settings::signals::field_id;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use super::{Mounted, train};

#[wasm_bindgen_test]
async fn every_setting_has_a_labelled_field_that_shows_the_address() {
    let page = Mounted::open("#hidden=64&lr=0.5&sampling=random&seed=7").await;
    for setting in &SETTINGS {
        assert_eq!(page.field(setting.label).id(), field_id(setting.key));
    }
    assert_eq!(page.field("Hidden units").value(), "64");
    assert_eq!(page.field("Learning rate").value(), "0.5");
    assert_eq!(page.field("Batch size").value(), "32");
    assert_eq!(page.field("Sampling").value(), "random");
    assert_eq!(page.field("Hidden state").value(), "reset");
    assert_eq!(page.field("Seed").value(), "7");
    page.page.settings.form.set(address::read("#hidden=12"));
    page.settle().await;
    assert_eq!(page.field("Hidden units").value(), "12");
    assert_eq!(page.field("Sampling").value(), "sequential");
}

#[wasm_bindgen_test]
async fn a_change_in_the_form_is_a_change_of_the_address() {
    let page = Mounted::open("#engine=cpu").await;
    page.fill("Epochs", "20").await;
    page.fill("Sampling", "random").await;
    let written = address::write("#engine=cpu", &page.page.settings.form.get_untracked());
    assert_eq!(
        written,
        "#hidden=512&batch=32&steps=35&epochs=20&lr=1&clip=1&tokens=10000&sampling=random&state=reset&seed=1&engine=cpu"
    );
}

#[wasm_bindgen_test]
async fn a_mode_sets_sampling_and_state() {
    let page = Mounted::open("").await;
    let modes = page.root.query_selector_all("input[type=radio]").unwrap();
    assert_eq!(modes.length(), 3);
    for (i, sampling, state) in [(1, "sequential", "reset"), (2, "random", "reset"), (0, "sequential", "carry")] {
        modes.item(i).unwrap().unchecked_into::<HtmlElement>().click();
        page.settle().await;
        assert_eq!(page.field("Sampling").value(), sampling);
        assert_eq!(page.field("Hidden state").value(), state);
    }
}

#[wasm_bindgen_test]
async fn a_run_of_the_book_sets_everything_but_seed_and_engine() {
    let page = Mounted::ready("#hidden=many&epochs=3&lr=0.5&sampling=random&seed=7&engine=cpu").await;
    assert_eq!(page.text("shapes"), "–");
    assert_eq!(page.field("Runs of the book").value(), "", "settings of one’s own");
    page.fill("Runs of the book", "gru_concise").await;
    let gru = address::read("#cell=gru&style=concise&hidden=256&seed=7&engine=cpu");
    assert_eq!(page.page.settings.form.get_untracked(), gru);
    page.fill("Layers", "2").await;
    assert_eq!(page.field("Runs of the book").value(), "");
    page.fill("Runs of the book", "rnn_random").await;
    let random = address::read("#sampling=random&state=reset&seed=7&engine=cpu");
    assert_eq!(page.page.settings.form.get_untracked(), random);
    assert_eq!(page.field("Hidden units").value(), "512");
    assert_eq!(page.text("error"), "");
    assert_eq!(page.text("shapes"), "X 32 × 35 · one-hot 35 × 32 × 28 · Y 1,120 × 28 · H 32 × 512");
}

#[wasm_bindgen_test]
async fn a_bad_setting_is_named_and_nothing_trains() {
    let page = Mounted::ready("#hidden=many").await;
    assert!(page.text("error").contains("Hidden units (hidden) is “many”"), "{}", page.text("error"));
    assert_eq!(page.field("Hidden units").get_attribute("aria-invalid").as_deref(), Some("true"));
    page.press("Train").await;
    assert_eq!((page.sent(), page.status()), (vec![], "idle".to_owned()));
    assert_eq!(document().active_element().unwrap().id(), "setting-hidden", "the invalid field has the focus");
    page.fill("Hidden units", "64").await;
    assert_eq!(page.text("error"), "");
    page.press("Train").await;
    let config = Config { hidden: 64, ..Config::default() };
    assert_eq!(page.sent(), [train(1, config, StartFrom::default())]);
}

#[wasm_bindgen_test]
async fn a_value_that_is_not_a_choice_is_shown_and_named() {
    let page = Mounted::ready("#sampling=shuffled").await;
    assert_eq!(page.field("Sampling").value(), "shuffled");
    assert!(page.text("error").contains("choose one of sequential, random"));
    page.fill("Sampling", "sequential").await;
    assert_eq!(page.text("error"), "");
}

#[wasm_bindgen_test]
async fn an_empty_prefix_is_refused() {
    let page = Mounted::ready("").await;
    page.fill("Prefix", "").await;
    assert_eq!(page.text("error"), Error::EmptyPrefix.to_string());
    for button in ["Train", "Generate"] {
        page.button(button).focus().unwrap();
        page.press(button).await;
        assert_eq!(document().active_element().unwrap().id(), page.field("Prefix").id(), "{button}");
    }
    assert_eq!(page.sent(), []);
    page.fill("Prefix", "t").await;
    assert_eq!(page.text("error"), "");
}

#[wasm_bindgen_test]
async fn a_prefix_too_long_is_refused_before_it_is_sent() {
    let page = Mounted::training("").await;
    page.fill("Prefix", &"é".repeat(LONGEST_PREFIX + 1)).await;
    let error = Error::PrefixTooLong { length: LONGEST_PREFIX + 1, allowed: LONGEST_PREFIX };
    assert_eq!(page.text("error"), error.to_string());
    page.press("Generate").await;
    assert_eq!(page.sent().len(), 1, "the Train alone");
    page.fill("Prefix", &"é".repeat(LONGEST_PREFIX)).await;
    assert_eq!((page.text("error"), page.sent().len()), (String::new(), 2));
}

/// The browser parses the numbers of form and address, and must accept what Rust accepts.
#[wasm_bindgen_test]
fn numbers_are_read_as_rust_reads_them() {
    let good = ["1", "0.5", ".5", "5.", "+2", "1e-3", "2.5E2", "1e+2", " 7 ", "0.1", "16777217", "3.4028235e38"];
    let bad = ["", " ", ".", "-1", "0", "0x10", "1_0", "1e", "1 2", "1,5", "inf", "Infinity", "NaN", "--1", "1e99"];
    for text in good.into_iter().chain(bad) {
        let rust = text.trim().parse::<f32>().ok().filter(|&number| number > 0.0 && number <= 1e9);
        let mut config = Config::default();
        let read = config.set("clip", text).ok().map(|()| config.clip);
        assert_eq!(read, rust, "“{text}”");
    }
}
