#![cfg(not(target_arch = "wasm32"))]
//! From a text to minibatches: properties of any text, a small text checked by hand, and the known figures of the
//! edition that `cargo xtask text` fetches.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use time_traveller::model::config::{Config, Sampling};
use time_traveller::text::edition::{Edition, identify};
use time_traveller::text::sampling::{Epoch, tokens_needed};
use time_traveller::text::{Corpus, UNKNOWN, UNKNOWN_TEXT, Vocabulary, clean};

const NOVEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public/timemachine.txt");

/// A random text with many letters, spaces and line ends.
fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        5 => prop::char::range('a', 'z'),
        3 => prop::char::range('A', 'Z'),
        3 => prop::sample::select(vec![' ', '\n', '\r', '-', '\'', '_', '3', '\t', '\u{feff}', 'é', '\u{212a}']),
        1 => any::<char>(),
    ];
    prop::collection::vec(character, 0..120).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cleaning_leaves_words_and_single_spaces(text in any_text()) {
        let cleaned = clean(&text);
        prop_assert!(cleaned.chars().all(|c| c == ' ' || c.is_ascii_lowercase()), "{cleaned:?}");
        prop_assert!(!cleaned.contains("  "), "{cleaned:?}");
        prop_assert_eq!(cleaned.trim(), &cleaned);
        prop_assert_eq!(&clean(&cleaned), &cleaned, "what is clean stays as it is");
    }

    #[test]
    fn cleaning_keeps_every_letter_in_order(text in any_text()) {
        let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
        prop_assert_eq!(letters(&clean(&text)), letters(&text).to_ascii_lowercase());
    }

    /// The book's `re.sub('[^A-Za-z]+', ' ', line).strip().lower()`, implemented differently from `clean`.
    #[test]
    fn cleaning_goes_line_by_line_and_joins_with_nothing(text in any_text()) {
        let clean_line = |line: &str| {
            let spaced: String = line.chars().map(|c| if c.is_ascii_alphabetic() { c } else { ' ' }).collect();
            spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
        };
        prop_assert_eq!(clean(&text), text.split('\n').map(clean_line).collect::<String>());
    }

    #[test]
    fn a_cleaned_text_survives_encoding(text in any_text()) {
        let Corpus { vocabulary, tokens, .. } = Corpus::new(&text);
        prop_assert_eq!(vocabulary.decode(&tokens), clean(&text));
        prop_assert!(tokens.iter().all(|&id| id != UNKNOWN && (id as usize) < vocabulary.size()));
    }

    /// In any script, characters of the vocabulary are decoded to themselves and others to `<unk>`.
    #[test]
    fn a_vocabulary_numbers_its_characters_by_falling_count(text in any_text(), other in any_text()) {
        let vocabulary = Vocabulary::new(&text);
        let known: Vec<char> = (1..vocabulary.size() as u32).map(|id| vocabulary.character(id).unwrap()).collect();
        prop_assert_eq!(vocabulary.character(UNKNOWN), None);
        prop_assert_eq!(vocabulary.character(vocabulary.size() as u32), None);
        for (id, &c) in (1..).zip(&known) {
            prop_assert_eq!(vocabulary.id(c), id);
        }
        let order = |&c: &char| {
            let count = text.chars().filter(|&other| other == c).count();
            (std::cmp::Reverse(count), text.find(c))
        };
        prop_assert!(known.iter().map(order).is_sorted(), "{known:?} of {text:?}");
        prop_assert!(text.chars().all(|c| known.contains(&c)));
        prop_assert_eq!(vocabulary.decode(&vocabulary.encode(&text)), text.clone());
        let read: String =
            other.chars().map(|c| if text.contains(c) { c.to_string() } else { UNKNOWN_TEXT.to_owned() }).collect();
        prop_assert_eq!(vocabulary.decode(&vocabulary.encode(&other)), read);
    }
}

#[test]
fn a_small_text_is_numbered_as_by_hand() {
    let Corpus { vocabulary, tokens, .. } = Corpus::new("A bee, a BEE!\n  42\n\nbe-a\n");
    // "a bee a bee" + "be a": e 5, a 3, space 4, b 3; a comes before b in the text.
    assert_eq!(vocabulary.decode(&[1, 2, 3, 4, 0]), "e ab<unk>");
    assert_eq!(vocabulary.size(), 5);
    assert_eq!(tokens, [3, 2, 4, 1, 1, 2, 3, 2, 4, 1, 1, 4, 1, 2, 3]);
    assert_eq!(vocabulary.encode("b?A"), [4, UNKNOWN, UNKNOWN]);
}

#[test]
fn a_text_without_letters_has_no_tokens() {
    let Corpus { vocabulary, tokens, .. } = Corpus::new("1895\n—\n");
    assert_eq!((vocabulary.size(), tokens.len()), (1, 0));
}

/// Minibatches of the book's size, over a text made here.
#[test]
fn minibatches_are_windows_of_the_text() {
    let line = "How fast a river runs depends on how steep its bed is.\n";
    let Corpus { vocabulary, tokens, .. } = Corpus::new(&line.repeat(40));
    let text = clean(&line.repeat(40));
    let config = Config { batch: 4, steps: 6, ..Config::default() };
    let epoch = Epoch::draw(&config, tokens.len(), None, &mut Xoshiro256PlusPlus::seed_from_u64(3)).unwrap();
    for m in 0..epoch.len() {
        let minibatch = epoch.minibatch(&tokens, m);
        for (x, y) in minibatch.inputs.chunks(6).zip(minibatch.targets.chunks(6)) {
            let (x, y) = (vocabulary.decode(x), vocabulary.decode(y));
            assert_eq!(x[1..], y[..5]);
            assert!(text.contains(&(x.clone() + &y[5..])), "{x:?} {y:?}");
        }
    }
}

#[test]
fn the_novel_has_the_figures_of_its_edition() {
    let bytes = std::fs::read(NOVEL)
        .unwrap_or_else(|error| panic!("{NOVEL} can't be read ({error}): `cargo xtask text` brings it."));
    let edition =
        identify(&bytes).unwrap_or_else(|| panic!("{NOVEL} is no known edition: `cargo xtask text` brings one."));
    // The figures of the book's edition are those in the book.
    let (lines, length, beginning) = match edition {
        Edition::Book => (3_221, 170_580, "the time machine by h g wellsithe time traveller for so it will be"),
        Edition::Gutenberg => (3_131, 170_785, "the time machine by h g wellsithe time traveller for so it will be"),
    };
    let mut altered = bytes.clone();
    altered.pop();
    assert_eq!(identify(&altered), None, "a text cut short is no edition");

    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), lines);
    let Corpus { vocabulary, tokens, .. } = Corpus::new(&text);
    assert_eq!(tokens.len(), length);
    assert_eq!(vocabulary.size(), 28);
    assert_eq!(vocabulary.decode(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), " etainoshr");
    assert_eq!(vocabulary.encode("the tim"), [3, 9, 2, 1, 3, 5, vocabulary.id('m')]);
    assert!(vocabulary.decode(&tokens).starts_with(beginning));

    let config = Config::default();
    assert_eq!(tokens_needed(&config, None), 32 * 35 + 35 + 1);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    for sampling in [Sampling::Sequential, Sampling::Random] {
        let epoch = Epoch::draw(&Config { sampling, ..config }, config.tokens as usize, None, &mut rng).unwrap();
        assert_eq!(epoch.len(), 8, "{sampling}");
        for m in 0..epoch.len() {
            let minibatch = epoch.minibatch(&tokens[..config.tokens as usize], m);
            assert_eq!((minibatch.inputs.len(), minibatch.targets.len()), (32 * 35, 32 * 35));
        }
    }
}
