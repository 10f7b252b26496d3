//! Settings, read and written.

use super::*;

/// Some value of a setting that is not its default.
fn another(setting: &Setting) -> String {
    let book = Config::default().get(setting.key).unwrap();
    let values = match setting.values {
        Values::Whole(least, most) => [least, most].map(|n| n.to_string()).to_vec(),
        Values::Positive(most) | Values::NotNegative(most) => vec!["0.5".to_owned(), most.to_string()],
        Values::AutoOr(most) => vec![most.to_string()],
        Values::Words(words) => words.iter().map(|&word| word.to_owned()).collect(),
    };
    values.into_iter().find(|value| *value != book).unwrap()
}

#[test]
fn every_setting_reads_what_it_writes() {
    let mut config = Config::default();
    for setting in &SETTINGS {
        let (book, other) = (config.get(setting.key).unwrap(), another(setting));
        config.set(setting.key, &other).unwrap();
        assert_eq!(config.get(setting.key).unwrap(), other, "{}", setting.key);
        assert_ne!(config, Config::default(), "{}", setting.key);
        config.set(setting.key, &book).unwrap();
        assert_eq!(config, Config::default(), "{}", setting.key);
    }
}

#[test]
fn a_setting_is_set_by_the_keys_that_it_had_before() {
    let mut config = Config::default();
    config.set("kinds", "20").unwrap();
    assert_eq!(config, Config { vocab: 20, ..Config::default() });
    assert_eq!(config.set("kinds", "1").unwrap_err().key(), "vocab", "mistakes are told by the present one");
    let keys: Vec<&str> = fields().flat_map(Setting::keys).collect();
    assert!(keys.iter().all(|key| keys.iter().filter(|other| *other == key).count() == 1), "{keys:?}");
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (key, text, meant) in [
        ("tokens", "10,000", "10000"),
        ("tokens", "10 000", "10000"),
        ("tokens", "10\u{a0}000", "10000"),
        ("tokens", "10\u{202f}000", "10000"),
        ("tokens", "10\u{2009}000", "10000"),
        ("tokens", "10'000", "10000"),
        ("tokens", "10’000", "10000"),
        ("tokens", "10_000", "10000"),
        ("tokens", " +1,000,000 ", "1000000"),
        ("tokens", "１００００", "10000"),
        ("tokens", "１０，０００", "10000"),
        ("tokens", "\u{3000}１００００\u{3000}", "10000"),
        ("tokens", "١٠٬٠٠٠", "10000"),
        ("tokens", "۱۰۰۰۰", "10000"),
        ("lr", "1.5e-3", "0.0015"),
        ("lr", "1.5e−3", "0.0015"),
        ("lr", "０．５", "0.5"),
        ("lr", "０。５", "0.5"),
        ("lr", "٠٫٥", "0.5"),
        ("lr", "+0.5 ", "0.5"),
        ("clip", "1,234.5", "1234.5"),
        ("clip", "1,000,000", "1000000"),
        ("clip", "10 000", "10000"),
    ] {
        let mut config = Config::default();
        assert_eq!(config.set(key, text), Ok(()), "“{text}”");
        assert_eq!(config.get(key).as_deref(), Some(meant), "“{text}”");
    }
    // What could be meant in two ways, or is more than a number, is refused.
    for (key, text) in [
        ("hidden", "1,5"),
        ("tokens", "1,00"),
        ("tokens", "10,0000"),
        ("tokens", "1000,000"),
        ("tokens", "1,000 000"),
        ("tokens", "0,500"),
        ("tokens", ",500"),
        ("tokens", "10.000"),
        ("tokens", "1,000.0"),
        ("tokens", "10 000 tokens"),
        ("tokens", "10k"),
        ("tokens", "1 2"),
        ("lr", "1,5"),
        ("lr", "0,500"),
        ("clip", "1,500"),
        ("clip", "1.234,5"),
        ("clip", "1.000.000"),
    ] {
        let error = Config::default().set(key, text).expect_err(text).to_string();
        assert!(error.contains(&format!("({key}) is “{text}”")), "{error}");
        assert_eq!(error.contains("with a point before the decimals, as in 0.5"), key != "tokens" && key != "hidden");
    }
}

/// The JSON in which runs are kept in the browser's storage.
#[test]
fn what_an_earlier_version_wrote_is_read() {
    let config: Config = serde_json::from_str(r#"{"hidden":64,"sampling":"random","state":"reset"}"#).unwrap();
    let (sampling, state) = (Sampling::Random, StateMode::Reset);
    assert_eq!(config, Config { hidden: 64, sampling, state, ..Config::default() });
    let config: Config = serde_json::from_str(r#"{"kinds":20}"#).unwrap();
    assert_eq!(config.vocab, 20);
    let written = serde_json::to_value(config).unwrap();
    assert_eq!((&written["vocab"], written.get("kinds")), (&20.into(), None));
}

#[test]
fn the_page_of_settings_has_every_one_in_order() {
    let page = include_str!("../../../docs/settings.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: Vec<(&str, &str)> = rows.filter(|(key, _)| setting(key).is_some()).collect();
    assert!(rows.iter().map(|row| row.0).eq(fields().map(|setting| setting.key)), "{rows:?}");
    let book = Config::default();
    for (key, row) in rows.into_iter().filter(|row| !["seed", WINDOW_OFFSET.key].contains(&row.0)) {
        let value = row.split(" | ").nth(1).unwrap().replace([',', '`'], "");
        assert_eq!(Some(value), book.get(key), "{key}");
    }
}

#[test]
fn a_bad_value_is_named_and_changes_nothing() {
    for (key, text) in [
        ("hidden", "0"),
        ("hidden", "-3"),
        ("hidden", "many"),
        ("batch", ""),
        ("steps", "1e3"),
        ("epochs", "2.5"),
        ("lr", "0"),
        ("lr", "nan"),
        ("lr", "inf"),
        ("clip", "-1"),
        ("tokens", "2"),
        ("sampling", "Random"),
        ("state", "keep"),
        ("seed", "4294967296"),
        ("threads", "0"),
        ("threads", "65"),
        ("threads", "all"),
        ("cleaning", "Book"),
        ("vocab", "1"),
        ("validation", "-1"),
        ("window-offset", "0"),
        ("colour", "red"),
    ] {
        let mut config = Config::default();
        let error = config.set(key, text).unwrap_err();
        assert_eq!(error.key(), key);
        assert!(error.to_string().contains(key), "{error}");
        assert_eq!(config, Config::default());
    }
}

#[test]
fn settings_out_of_range_are_named() {
    for (bad, key) in [
        (Config { hidden: 0, ..Config::default() }, "hidden"),
        (Config { lr: f32::NAN, ..Config::default() }, "lr"),
        (Config { clip: f32::INFINITY, ..Config::default() }, "clip"),
        (Config { validation: 1_000_001, ..Config::default() }, "validation"),
    ] {
        assert_eq!(bad.check().unwrap_err().key(), key);
    }
    assert_eq!(Config { lr: f32::MIN_POSITIVE, clip: 1e9, seed: u32::MAX, ..Config::default() }.check(), Ok(()));
}

#[test]
fn random_sampling_needs_a_reset_state() {
    let random = Config { sampling: Sampling::Random, ..Config::default() };
    assert_eq!(random.check(), Err(SettingError::RandomCarry));
    assert_eq!(Config { state: StateMode::Reset, ..random }.check(), Ok(()));
}
