//! Addresses with bad settings: each mistake gets its own sentence, which names the setting, and none results in
//! settings that could reach an engine.
//!
//! `PROPTEST_CASES=10000000 cargo test --release --test bad_addresses` tests more cases.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::HashSet;

use proptest::prelude::*;
use time_traveller::ui::settings::address;

const BAD: [(&str, &str); 46] = [
    ("#hidden=0", "Hidden units (hidden) is “0”"),
    ("#hidden=8193", "Hidden units (hidden) is “8193”"),
    ("#hidden=-64", "Hidden units (hidden) is “-64”"),
    ("#hidden=64.5", "Hidden units (hidden) is “64.5”"),
    ("#hidden=1e2", "Hidden units (hidden) is “1e2”"),
    ("#hidden=0x40", "Hidden units (hidden) is “0x40”"),
    ("#hidden=", "Hidden units (hidden) is “”"),
    ("#hidden", "Hidden units (hidden) is “”"),
    ("#hidden=%E5%85%AD", "Hidden units (hidden) is “六”"),
    ("#hidden=%FF", "Hidden units (hidden) is “\u{fffd}”"),
    ("#hidden=%3Cscript%3Ealert(1)%3C/script%3E", "Hidden units (hidden) is “<script>alert(1)</script>”"),
    ("#hidden=64%00", "Hidden units (hidden) is “64\0”"),
    ("#hidden=99999999999999999999999", "Hidden units (hidden) is “99999999999999999999999”"),
    ("#batch=0", "Batch size (batch) is “0”"),
    ("#batch=4097", "Batch size (batch) is “4097”"),
    ("#batch=many", "Batch size (batch) is “many”"),
    ("#steps=0", "Time steps (steps) is “0”"),
    ("#steps=1025", "Time steps (steps) is “1025”"),
    ("#steps=NaN", "Time steps (steps) is “NaN”"),
    ("#epochs=0", "Epochs (epochs) is “0”"),
    ("#epochs=100001", "Epochs (epochs) is “100001”"),
    ("#epochs=forever", "Epochs (epochs) is “forever”"),
    ("#lr=0", "Learning rate (lr) is “0”"),
    ("#lr=-1", "Learning rate (lr) is “-1”"),
    ("#lr=1001", "Learning rate (lr) is “1001”"),
    ("#lr=inf", "Learning rate (lr) is “inf”"),
    ("#lr=NaN", "Learning rate (lr) is “NaN”"),
    ("#lr=1,5", "Learning rate (lr) is “1,5”"),
    ("#lr=1e-60", "Learning rate (lr) is “1e-60”"),
    ("#clip=0", "Gradient clipping (clip) is “0”"),
    ("#clip=off", "Gradient clipping (clip) is “off”"),
    ("#clip=1e10", "Gradient clipping (clip) is “1e10”"),
    ("#tokens=2", "Training tokens (tokens) is “2”"),
    ("#tokens=100000001", "Training tokens (tokens) is “100000001”"),
    ("#sampling=shuffled", "Sampling (sampling) is “shuffled”"),
    ("#sampling=Random", "Sampling (sampling) is “Random”"),
    ("#state=keep", "Hidden state (state) is “keep”"),
    ("#sampling=random&state=carry", "no state can be carried"),
    ("#seed=-1", "Seed (seed) is “-1”"),
    ("#seed=4294967296", "Seed (seed) is “4294967296”"),
    ("#engine=tpu", "Engine (engine) is “tpu”"),
    ("#window-offset=36", "Window offset (window-offset) is “36”"),
    ("#sampling=random&window-offset=35", "Window offset (window-offset) is “35”"),
    ("#cleaning=none", "Cleaning (cleaning) is “none”"),
    ("#vocab=1", "Maximum vocabulary size (vocab) is “1”"),
    ("#kinds=10001", "Maximum vocabulary size (vocab) is “10001”"),
];

#[test]
fn every_bad_address_has_its_sentence_and_no_settings() {
    let mut said = HashSet::new();
    for (fragment, sentence) in BAD {
        let errors = address::read(fragment).config().expect_err(fragment);
        assert_eq!(errors.len(), 1, "{fragment}: {errors:?}");
        let error = errors[0].to_string();
        assert!(error.contains(sentence) && error.ends_with('.'), "{fragment}: {error}");
        said.insert(error);
    }
    // “hidden” and “hidden=” are the same mistake.
    assert_eq!(said.len(), BAD.len() - 1);
}

/// Links are retyped, and escaped on their way.
#[test]
fn a_key_is_understood_as_it_is_meant() {
    let meant = address::read("#hidden=64&vocab=20&window-offset=3").config().unwrap();
    for fragment in [
        "#Hidden=64&KINDS=20&Window-Offset=3",
        "#hidden=64&amp;vocab=20&amp;window-offset=3",
        "#hidden=64&amp;amp;kinds=20&amp;amp;window-offset=3",
        "#hidden=64&%20vocab=20&window%2Doffset=3",
        "#hidden=8&vocab=20&hidden=64&window-offset=3&theme=dark",
    ] {
        let form = address::read(fragment);
        assert_eq!((form.config(), form.window_offset()), (Ok(meant), Some(3)), "{fragment}");
        let written = address::write(fragment, &form);
        assert!(written.starts_with("#hidden=64&") && !written.contains("amp;"), "{written}");
        assert_eq!(address::read(&written), form, "{fragment}");
    }
    let link = "#hidden=64&amp;Autostart=1&amp;Text=https%3A%2F%2Fx.org%2Fa";
    assert!(address::autostart(link));
    assert_eq!(address::text(link).as_deref(), Some("https://x.org/a"));
    assert_eq!(address::without_text(link), "hidden=64&amp;Autostart=1");
}

/// A random address: any characters, and much that looks like settings.
fn fragment() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "hidden",
        "lr",
        "sampling",
        "state",
        "window-offset",
        "vocab",
        "kinds",
        "text",
        "autostart",
        "x",
    ]);
    let value = prop_oneof![any::<String>(), "[0-9a-z.%+-]{0,12}", "%[0-9A-Fa-f]{0,2}%?"];
    let pair = (keys, value).prop_map(|(key, value)| format!("{key}={value}"));
    prop_oneof![any::<String>(), prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any address is read, as settings within their bounds or as errors, and written again it means the same.
    #[test]
    fn any_address_is_read(fragment in fragment()) {
        let form = address::read(&fragment);
        match form.config() {
            Ok(config) => prop_assert_eq!(config.check(), Ok(())),
            Err(errors) => prop_assert!(errors.iter().all(|error| error.to_string().ends_with('.'))),
        }
        let again = address::read(&address::write(&fragment, &form));
        prop_assert_eq!(again, form);
        _ = (address::text(&fragment), address::autostart(&fragment));
    }
}
