//! The page's text in English and Chinese.

mod errors;
mod table;
pub mod words;

pub use errors::sentence;
pub use table::{CHINESE, ENGLISH, List, Words};

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The language of a BCP 47 tag, if the page supports it.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.words().code.starts_with(primary) && !primary.is_empty())
    }

    pub fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }
}

/// Replaces `{0}`, `{1}` and so on in `template` with `values`; the placeholders may come in any order.
pub fn fill(template: &str, values: &[&str]) -> String {
    let mut pieces = template.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (place, rest) = piece.split_once('}').unwrap_or((piece, ""));
        let value = place.bytes().next().and_then(|digit| values.get(usize::from(digit - b'0'))).unwrap_or(&"?");
        // Isolated, so that what runs from right to left, such as a file's name, leaves the order of the rest alone.
        let [first, last] = if value.contains(is_right_to_left) { ["\u{2068}", "\u{2069}"] } else { [""; 2] };
        out.extend([first, value, last, rest]);
    }
    out
}

/// Whether a character is of Hebrew, Arabic or another script that runs from right to left.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_languages() {
        assert_eq!(Language::of("zh-Hant-TW"), Some(Language::Chinese));
        assert_eq!(Language::of("en"), Some(Language::English));
        assert_eq!((Language::of("de-DE"), Language::of("")), (None, None));
    }

    #[test]
    fn values_go_where_the_language_needs_them() {
        assert_eq!(fill("{1} of {0}, {1}", &["a", "b"]), "b of a, b");
        assert_eq!(fill("nothing", &["a"]), "nothing");
    }

    #[test]
    fn a_name_from_right_to_left_keeps_the_sentence_in_order() {
        assert_eq!(fill("{0}; {1} tokens", &["قصة", "5,000"]), "\u{2068}قصة\u{2069}; 5,000 tokens");
        assert_eq!(fill("{0}; {1}", &["סיפור.txt", "时光"]), "\u{2068}סיפור.txt\u{2069}; 时光");
    }

    /// Entries that may be the same in both languages.
    const SAME: &[&str] = &[
        "code",
        "none",
        "quote",
        "item",
        "compared",
        "count_of",
        "list_separator",
        "rnn",
        "gru",
        "lstm",
        "sgd",
        "adam",
    ];

    #[test]
    fn both_languages_say_everything_with_the_same_values() {
        let places = |text: &str| -> Vec<char> {
            let mut places: Vec<char> = text.split('{').skip(1).filter_map(|piece| piece.chars().next()).collect();
            places.sort_unstable();
            places
        };
        for ((name, english), (_, chinese)) in ENGLISH.all().into_iter().zip(CHINESE.all()) {
            assert!(!english.trim().is_empty() && !chinese.trim().is_empty(), "{name} is empty");
            assert_eq!(places(english), places(chinese), "{name}: “{english}”, “{chinese}”");
            let is_chinese = |c| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(
                !english.contains(is_chinese) || name == "other_language",
                "{name} has Chinese in English: {english}"
            );
            if !SAME.contains(&name) && name != "other_language" {
                assert!(chinese.contains(is_chinese), "{name} is left in English: {chinese}");
                assert_ne!(english, chinese, "{name}");
            }
        }
    }
}
