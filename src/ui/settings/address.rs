//! The settings in the address's fragment: `#hidden=64&batch=32&steps=35`.
//!
//! A setting that is missing has its default. A key that is not a setting, nor was one, is kept unchanged, because
//! another version may know it, and named on the page.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::form::Form;
use crate::model::config::{Setting, fields, setting};
use crate::model::trained::Trained;

/// What is percent-encoded in a value: all but letters, digits and RFC 3986's unreserved marks.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The key of a text's address, which is not a setting.
const TEXT: &str = "text";

/// The key of the wish to train at once.
const AUTOSTART: &str = "autostart";

/// The key of the lesson that is open.
pub const LESSON: &str = "lesson";

/// The key of the view, and its value for the teacher's.
pub const VIEW: &str = "view";
pub const STAGE: &str = "stage";

/// The key of the network that the page opens with, and its value for none.
pub const TRAINED: &str = "trained";
pub const NONE: &str = "none";

/// The most items that are named as not understood, and the most characters of each.
const MOST_UNKNOWN: usize = 5;
const LONGEST_UNKNOWN: usize = 40;

/// The form for a fragment. Values are not validated here: the form does that.
pub fn read(fragment: &str) -> Form {
    let mut form = Form::default();
    let mut given = Vec::new();
    for (key, value) in pairs(fragment) {
        form.set(&key, &decoded(value));
        given.push(key);
    }
    // Random sampling implies a reset state; an explicit other value is reported by the form.
    if form.get("sampling") == "random" && !given.iter().any(|key| key == "state") {
        form.set("state", "reset");
    }
    form
}

/// The fragment for `form`: all settings in order, those added later only where they are not the default, then the
/// other items of `fragment`, unchanged.
pub fn write(fragment: &str, form: &Form) -> String {
    let book = Form::default();
    let said = |s: &&Setting| !s.later || form.get(s.key) != book.get(s.key);
    let known = fields().filter(said).map(|s| format!("{}={}", s.key, utf8_percent_encode(form.get(s.key), ESCAPED)));
    let others = items(fragment).filter(|item| setting(&split(item).0).is_none()).map(str::to_owned);
    let all: Vec<String> = known.chain(others).collect();
    format!("#{}", all.join("&"))
}

/// Whether the fragment asks to train at once: `autostart=1`.
pub fn autostart(fragment: &str) -> bool {
    pairs(fragment).any(|(key, value)| key == AUTOSTART && value == "1")
}

/// The URL of the text to train on: `text=URL`.
pub fn text(fragment: &str) -> Option<String> {
    value(fragment, TEXT)
}

/// The value of a key that is no setting; `None` if it is missing or empty.
pub fn value(fragment: &str, key: &str) -> Option<String> {
    let (_, value) = pairs(fragment).find(|(known, value)| known == key && !value.is_empty())?;
    Some(decoded(value).into_owned())
}

/// A fragment with this value of a key that is no setting, or without the key.
pub fn with(fragment: &str, key: &str, value: Option<&str>) -> String {
    let others = items(fragment).filter(|item| split(item).0 != key).map(str::to_owned);
    let own = value.map(|value| format!("{key}={}", utf8_percent_encode(value, ESCAPED)));
    others.chain(own).collect::<Vec<_>>().join("&")
}

/// The items of a fragment that mean nothing here, shortened: a key that is no setting, or a wish without its value.
pub fn unknown(fragment: &str) -> Vec<String> {
    let is_unknown = |item: &&str| match split(item) {
        (key, value) if key == TEXT || key == LESSON => value.is_empty(),
        (key, value) if key == VIEW => value != STAGE,
        (key, value) if key == TRAINED => value != NONE && Trained::named(value).is_none(),
        (key, value) if key == AUTOSTART => !["0", "1"].contains(&value),
        (key, _) => setting(&key).is_none(),
    };
    let shown = |item: &str| decoded(item).chars().take(LONGEST_UNKNOWN).collect();
    items(fragment).filter(is_unknown).take(MOST_UNKNOWN).map(shown).collect()
}

/// The items of a fragment without `text=URL`.
pub fn without_text(fragment: &str) -> String {
    with(fragment, TEXT, None)
}

/// The item of a fragment that names a text.
pub fn of_text(link: &str) -> String {
    format!("{TEXT}={}", utf8_percent_encode(link, ESCAPED))
}

/// Every key and value of a fragment, the value still percent-encoded.
fn pairs(fragment: &str) -> impl Iterator<Item = (String, &str)> {
    items(fragment).map(split)
}

fn items(fragment: &str) -> impl Iterator<Item = &str> {
    fragment.trim_start_matches('#').split('&').filter(|item| !item.is_empty())
}

/// An item's key, as it is meant, and its value. Links are typed again, and escaped as HTML on their way, where `&`
/// becomes `&amp;`.
fn split(item: &str) -> (String, &str) {
    let (key, value) = item.split_once('=').unwrap_or((item, ""));
    (decoded(key).trim().to_ascii_lowercase().trim_start_matches("amp;").to_owned(), value)
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::model::config::{Config, Sampling, StateMode};
    use proptest::prelude::*;

    #[test]
    fn an_empty_address_is_the_books_first_run() {
        assert_eq!(read("").config(), Ok(Config::default()));
        assert_eq!(read("#").config(), Ok(Config::default()));
    }

    #[test]
    fn the_issues_example_reads_and_writes() {
        let link = "#hidden=64&batch=32&steps=35&epochs=20&lr=1&clip=1&tokens=10000&sampling=sequential&state=carry&seed=1&engine=auto";
        let form = read(link);
        assert_eq!(form.config(), Ok(Config { hidden: 64, epochs: 20, ..Config::default() }));
        assert_eq!(write("", &form), link);
    }

    #[test]
    fn a_window_offset_is_there_only_where_it_is_fixed() {
        let form = read("#window-offset=3&theme=dark");
        assert_eq!((form.config(), form.window_offset()), (Ok(Config::default()), Some(3)));
        let written = write("#window-offset=3&theme=dark", &form);
        assert!(written.ends_with("&engine=auto&window-offset=3&theme=dark"), "{written}");
        assert!(write(&written, &Form::default()).ends_with("&engine=auto&theme=dark"));
    }

    #[test]
    fn unknown_keys_are_kept() {
        let form = read("#theme=dark&hidden=64&text=a%20b&autostart");
        let written = write("#theme=dark&hidden=64&text=a%20b&autostart", &form);
        assert!(written.starts_with("#hidden=64&"), "{written}");
        assert!(written.ends_with("&engine=auto&theme=dark&text=a%20b&autostart"), "{written}");
    }

    #[test]
    fn a_former_key_means_the_present_one() {
        let form = read("#kinds=20&theme=dark");
        assert_eq!(form, read("#vocab=20"));
        assert_eq!(form.config(), Ok(Config { vocab: 20, ..Config::default() }));
        assert!(write("#kinds=20&theme=dark", &form).ends_with("&engine=auto&vocab=20&theme=dark"));
    }

    #[test]
    fn bad_values_stay_to_be_named() {
        let errors = read("#hidden=many&lr=-1").config().unwrap_err();
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("Hidden units (hidden) is “many”"), "{}", said[0]);
        assert!(said[1].contains("Learning rate (lr) is “-1”"), "{}", said[1]);
    }

    #[test]
    fn random_sampling_resets_the_state_unless_told_to_carry_it() {
        let config = read("#sampling=random").config().unwrap();
        assert_eq!((config.sampling, config.state), (Sampling::Random, StateMode::Reset));
        let errors = read("#sampling=random&state=carry").config().unwrap_err();
        assert!(errors[0].to_string().contains("no state can be carried"));
    }

    #[test]
    fn autostart_has_to_be_asked_for() {
        assert!(autostart("#hidden=64&autostart=1"));
        assert!(!autostart("#hidden=64&autostart=0") && !autostart("#autostart") && !autostart(""));
    }

    #[test]
    fn what_means_nothing_is_named() {
        let known = "#hidden=64&kinds=20&window-offset=3&text=https://x.org/a&autostart=0&amp;Epochs=2&amp;autostart=1";
        assert_eq!((unknown(known), unknown(""), unknown("#")), (vec![], vec![], vec![]));
        let link = "#hiden=8&hidden=64&amp;epoch=2&autostart=true&text=&lr%3D1%26clip%3D2&auto";
        assert_eq!(unknown(link), ["hiden=8", "amp;epoch=2", "autostart=true", "text=", "lr=1&clip=2"]);
        assert_eq!(unknown(&format!("#{}", "x".repeat(1000))), ["x".repeat(LONGEST_UNKNOWN)]);
    }

    #[test]
    fn a_text_has_an_address_of_its_own() {
        let link = "#hidden=64&text=https%3A%2F%2Fx.org%2Fa%3Fb%3Dc%26d&cleaning=verbatim";
        assert_eq!(text(link).as_deref(), Some("https://x.org/a?b=c&d"));
        assert_eq!(read(link).config().unwrap().cleaning, crate::model::config::Cleaning::Verbatim);
        assert_eq!(without_text(link), "hidden=64&cleaning=verbatim");
        assert_eq!(text("#text=https://x.org/a").as_deref(), Some("https://x.org/a"));
        assert_eq!((text("#text="), text("#text"), text("")), (None, None, None));
        assert!(!write("", &Form::default()).contains("cleaning"), "the book's way of reading goes without saying");
    }

    proptest! {
        #[test]
        fn any_text_in_any_field_survives_the_address(texts in prop::collection::vec(any::<String>(), fields().count())) {
            let mut form = Form::default();
            for (setting, text) in fields().zip(&texts) {
                form.set(setting.key, text);
            }
            prop_assert_eq!(read(&write("", &form)), form);
        }

        #[test]
        fn writing_again_changes_nothing(fragment in "#?([a-z]{1,8}(=[a-z0-9%.]{0,6})?&?){0,8}") {
            let form = read(&fragment);
            let once = write(&fragment, &form);
            prop_assert_eq!(write(&once, &read(&once)), once);
        }
    }
}
