//! What a run starts from instead of its seed: the file of initial parameters, and the window offset.

use js_sys::{Function, Reflect, Uint8Array};
use leptos::prelude::*;
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::protocol::{Command, Event, StartFrom, js};
use time_traveller::ui::settings::address;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::File;

use super::{Mounted, epoch, train};

const FILE_LABEL: &str = "Initial parameters";

/// A file. `read`, if given, is the body that replaces its `arrayBuffer` method.
fn file(name: &str, bytes: &[u8], read: Option<&str>) -> File {
    let make = Function::new_with_args("name, bytes", "return new File([bytes], name)");
    let file = make.call2(&JsValue::NULL, &name.into(), &Uint8Array::from(bytes)).unwrap();
    if let Some(body) = read {
        Reflect::set(&file, &"arrayBuffer".into(), &Function::new_no_args(body)).unwrap();
    }
    file.unchecked_into()
}

/// Chooses this file in the file field, as a visitor does.
async fn choose(page: &Mounted, file: &File) {
    let choose = Function::new_with_args(
        "field, file",
        "const list = new DataTransfer(); list.items.add(file); field.files = list.files;
         field.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    choose.call2(&JsValue::NULL, &page.field(FILE_LABEL), file).unwrap();
    page.settle().await;
}

fn from(parameters: &[u8]) -> StartFrom {
    StartFrom { parameters: Some(parameters.to_vec()), window_offset: None, checkpoint: None }
}

fn is_open(page: &Mounted) -> bool {
    page.test_id("start").has_attribute("open")
}

fn focused() -> String {
    document().active_element().unwrap().id()
}

#[wasm_bindgen_test]
async fn a_chosen_file_goes_with_every_train_until_it_is_removed() {
    let page = Mounted::ready("#hidden=64").await;
    let config = Config { hidden: 64, ..Config::default() };
    assert!(!is_open(&page));
    assert_eq!(page.text("tensors").split_once(':').unwrap().1.replace(' ', ""), {
        "w_xh(28,64)w_hh(64,64)b_h(64)w_hq(64,28)b_q(28)"
    });
    assert_eq!(page.text("chosen"), "No file: random weights, from the seed.");
    let bytes: Vec<u8> = (0..1340).map(|i| i as u8).collect();
    choose(&page, &file("init.safetensors", &bytes, None)).await;
    assert_eq!(page.text("chosen"), "init.safetensors, 1.3 kB");
    assert!(page.text("start").starts_with("Start from a file (file)"), "{}", page.text("start"));
    page.press("Train").await;
    page.receive([Event::Failed { run: Some(1), error: Error::OutOfMemory }]).await;
    page.press("Train").await;
    page.receive([Event::Failed { run: Some(2), error: Error::OutOfMemory }]).await;
    page.press("Remove").await;
    assert_eq!(page.text("chosen"), "No file: random weights, from the seed.");
    assert_eq!((page.field(FILE_LABEL).value(), focused()), (String::new(), page.field(FILE_LABEL).id()));
    page.press("Train").await;
    let sent = [train(1, config, from(&bytes)), train(2, config, from(&bytes)), train(3, config, StartFrom::default())];
    assert_eq!(page.sent(), sent);
}

#[wasm_bindgen_test]
async fn the_book_has_neither_file_nor_offset() {
    let page = Mounted::ready("#hidden=64&window-offset=2").await;
    choose(&page, &file("init.safetensors", &[1], None)).await;
    assert!(page.text("start").starts_with("Start from a file (file, offset 2)"), "{}", page.text("start"));
    page.fill("Runs of the book", "rnn").await;
    assert!(page.button("Remove").has_attribute("hidden"));
    page.press("Train").await;
    assert_eq!(page.sent(), [train(1, Config::default(), StartFrom::default())]);
}

/// As an array of numbers they would take about ten times the memory and time.
#[wasm_bindgen_test]
fn a_files_bytes_are_sent_as_bytes() {
    for beginning in [from(&[0, 128, 255]), StartFrom::default()] {
        let command = train(1, Config::default(), beginning.clone());
        let value = js::write(&command).unwrap();
        let path = ["Train", "beginning", "parameters"];
        let bytes = path.iter().fold(value.clone(), |value, key| Reflect::get(&value, &(*key).into()).unwrap());
        assert_eq!(bytes.is_instance_of::<Uint8Array>(), beginning.parameters.is_some());
        assert_eq!(js::read::<Command>(value).unwrap(), command);
    }
}

#[wasm_bindgen_test]
async fn training_waits_for_a_file_and_the_latest_choice_counts() {
    let page = Mounted::ready("").await;
    let slow = "return new Promise(resolve => setTimeout(() => resolve(new Uint8Array([1]).buffer), 200))";
    page.page.settings.choose_file(Some(file("slow", &[1], Some(slow))));
    page.settle().await;
    assert_eq!(page.text("chosen"), "Reading slow…");
    assert!(page.button("Train").has_attribute("disabled"));
    page.page.train();
    assert_eq!(page.sent(), []);
    choose(&page, &file("quick", &[2], None)).await;
    gloo_timers::future::TimeoutFuture::new(300).await;
    assert_eq!(page.text("chosen"), "quick, 0.0 kB");
    page.press("Train").await;
    assert_eq!(page.sent(), [train(1, Config::default(), from(&[2]))]);
}

#[wasm_bindgen_test]
async fn a_file_that_cannot_be_read_is_named_and_nothing_trains() {
    let page = Mounted::ready("").await;
    let gone = file("gone", &[1], Some("return Promise.reject(new DOMException('it has gone', 'NotReadableError'))"));
    page.page.settings.choose_file(Some(gone));
    page.settle().await;
    assert_eq!(page.text("error"), "gone could not be read (it has gone): choose it again, or another file.");
    assert_eq!(page.field(FILE_LABEL).get_attribute("aria-invalid").as_deref(), Some("true"));
    page.press("Train").await;
    assert_eq!((page.sent(), is_open(&page)), (vec![], true));
    assert_eq!(focused(), page.field(FILE_LABEL).id(), "the invalid field has the focus");
    page.press("Remove").await;
    assert_eq!(page.text("error"), "");
}

#[wasm_bindgen_test]
async fn a_bad_offset_is_named_and_a_good_one_sent() {
    let page = Mounted::ready("").await;
    page.fill("Window offset", "36").await;
    assert!(page.text("error").contains("(window-offset) is “36”, which is not a whole number from 0 to 35"));
    assert_eq!(page.field("Window offset").get_attribute("aria-invalid").as_deref(), Some("true"));
    page.press("Train").await;
    assert_eq!((page.sent(), is_open(&page)), (vec![], true));
    assert_eq!(focused(), "setting-window-offset", "the invalid field has the focus");
    page.fill("Window offset", "35").await;
    assert_eq!(page.text("error"), "");
    assert!(address::write("", &page.page.settings.form.get_untracked()).ends_with("&engine=auto&window-offset=35"));
    page.press("Train").await;
    let beginning = StartFrom { parameters: None, window_offset: Some(35), checkpoint: None };
    assert_eq!(page.sent(), [train(1, Config::default(), beginning)]);
    let opened = Mounted::open("#window-offset=3").await;
    assert!(is_open(&opened), "what the address sets is visible");
    assert_eq!(opened.field("Window offset").value(), "3");
}

#[wasm_bindgen_test]
async fn a_run_from_a_file_is_not_compared_with_the_book() {
    let page = Mounted::ready("#epochs=12").await;
    choose(&page, &file("init.safetensors", &[1], None)).await;
    page.train().await;
    page.receive([epoch(1, 24.0), epoch(2, 12.0)]).await;
    assert!(page.test_id("legend").has_attribute("hidden"));
    let label = page.test_id("chart").get_attribute("aria-label").unwrap();
    assert_eq!(label, "Perplexity fell from 24.0 at epoch 1 to 12.0 at epoch 2");
}
