//! Text to token ids, as the book does it: clean, count, number. A visitor's own text is decoded first, and need not be
//! cleaned.

pub mod decode;
pub mod edition;
#[cfg(target_arch = "wasm32")]
pub mod fetch;
pub mod sampling;
mod source;

pub use source::Text;

use std::borrow::Cow;

use crate::model::config::Cleaning;

/// Cleans a text as the book does: in each line every run of characters other than A-Z and a-z becomes one space, and
/// the line is trimmed and put in lower case; then the lines are joined with nothing between them.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        if let Some(first) = words.next() {
            cleaned.push_str(first);
            for word in words {
                cleaned.push(' ');
                cleaned.push_str(word);
            }
        }
    }
    cleaned.make_ascii_lowercase();
    cleaned
}

/// Cleans a text as the book's English edition does: every run of characters other than A-Z and a-z, line ends included,
/// becomes one space, and all is put in lower case.
pub fn clean_whole(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            cleaned.push(c.to_ascii_lowercase());
        } else if !cleaned.ends_with(' ') {
            cleaned.push(' ');
        }
    }
    cleaned
}

/// The token of every character that the vocabulary lacks.
pub const UNKNOWN: u32 = 0;

/// [`UNKNOWN`] in decoded text.
pub const UNKNOWN_TEXT: &str = "<unk>";

/// The tokens and their ids: `<unk>` is 0, then the characters by falling count, ties in order of first
/// appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    characters: Vec<char>,
    /// The token of each character, indexed by its code point, up to the largest one in the vocabulary.
    ids: Vec<u32>,
}

impl Vocabulary {
    pub fn new(text: &str) -> Self {
        Self::limited(text, usize::MAX).0
    }

    /// A vocabulary of at most `vocab` tokens, `<unk>` included: the commonest characters. Also returns the number of
    /// different characters left out.
    pub fn limited(text: &str, vocab: usize) -> (Self, usize) {
        let mut counts = vec![0_u32; text.chars().max().map_or(0, |c| c as usize + 1)];
        let mut characters = Vec::new();
        for c in text.chars() {
            let count = &mut counts[c as usize];
            if *count == 0 {
                characters.push(c);
            }
            *count += 1;
        }
        // Stable: ties keep their order. By insertion, which is less code to load than a sort.
        let mut sorted: Vec<char> = Vec::with_capacity(characters.len());
        for c in characters {
            let at = sorted.partition_point(|&other| counts[other as usize] >= counts[c as usize]);
            sorted.insert(at, c);
        }
        let mut characters = sorted;
        let rare = characters.len().saturating_sub(vocab.saturating_sub(1));
        characters.truncate(characters.len() - rare);
        (Self::numbered(characters), rare)
    }

    /// The vocabulary of these characters in the order of their ids; `None` if there is no character, or one twice.
    pub fn of_characters(characters: Vec<char>) -> Option<Self> {
        let vocabulary = Self::numbered(characters);
        let numbered = vocabulary.ids.iter().filter(|&&id| id != UNKNOWN).count();
        (numbered > 0 && numbered == vocabulary.characters.len()).then_some(vocabulary)
    }

    fn numbered(characters: Vec<char>) -> Self {
        let mut ids = vec![UNKNOWN; characters.iter().max().map_or(0, |&c| c as usize + 1)];
        for (id, &c) in (UNKNOWN + 1..).zip(&characters) {
            ids[c as usize] = id;
        }
        Self { characters, ids }
    }

    /// `V`, `<unk>` included.
    pub fn size(&self) -> usize {
        self.characters.len() + 1
    }

    /// The token of a character; [`UNKNOWN`] if the vocabulary lacks it.
    pub fn id(&self, c: char) -> u32 {
        self.ids.get(c as usize).copied().unwrap_or(UNKNOWN)
    }

    /// The character of a token; `None` for [`UNKNOWN`].
    pub fn character(&self, id: u32) -> Option<char> {
        self.characters.get((id as usize).checked_sub(1)?).copied()
    }

    /// The characters, in the order of their ids.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The characters of a text that the vocabulary lacks, each once, sorted.
    pub fn unknown(&self, text: &str) -> Vec<char> {
        let mut unknown = Vec::new();
        for c in text.chars().filter(|&c| self.id(c) == UNKNOWN) {
            if let Err(at) = unknown.binary_search(&c) {
                unknown.insert(at, c);
            }
        }
        unknown
    }

    /// Token ids of a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        text.chars().map(|c| self.id(c)).collect()
    }

    /// The text of token ids.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut text = String::with_capacity(ids.len());
        for &id in ids {
            match self.character(id) {
                Some(c) => text.push(c),
                None => text.push_str(UNKNOWN_TEXT),
            }
        }
        text
    }
}

/// A cleaned text as tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corpus {
    /// Built from the whole text.
    pub vocabulary: Vocabulary,
    /// The whole text.
    pub tokens: Vec<u32>,
    /// Number of different characters that the vocabulary has no room for.
    pub rare: usize,
    sha1: String,
}

impl Corpus {
    /// Cleans a text as the book does and numbers its characters.
    pub fn new(text: &str) -> Self {
        Self::of(text, Cleaning::Book, usize::MAX)
    }

    /// Cleans a text and numbers its characters; the rarest become `<unk>` if there are more than `vocab - 1`.
    pub fn of(text: &str, cleaning: Cleaning, vocab: usize) -> Self {
        let cleaned = match cleaning {
            Cleaning::Book => Cow::from(clean(text)),
            Cleaning::Whole => Cow::from(clean_whole(text)),
            Cleaning::Verbatim => Cow::from(text),
        };
        let (vocabulary, rare) = Vocabulary::limited(&cleaned, vocab);
        let tokens = vocabulary.encode(&cleaned);
        Self { vocabulary, tokens, rare, sha1: edition::sha1_hex(cleaned.as_bytes()) }
    }

    /// The SHA-1 of the cleaned text, in hexadecimal.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }

    /// The number of occurrences of each token, by its id.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.vocabulary.size()];
        self.tokens.iter().for_each(|&id| counts[id as usize] += 1);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_follows_the_book() {
        let text = "The Time-Machine, by H. G. Wells [1898]\n\n\n  I\r\n'It's 1,000 pages'; said_he\nÜber\u{feff}";
        assert_eq!(clean(text), "the time machine by h g wellsiit s pages said heber");
        assert_eq!(clean(""), "");
        assert_eq!(clean("123\n…"), "");
    }

    #[test]
    fn cleaning_the_whole_text_keeps_words_apart() {
        let text = "\u{feff}The Time-Machine\n\n\n  I\r\n'It's 1,000 pages'";
        assert_eq!(clean_whole(text), " the time machine i it s pages ");
        assert_eq!((clean_whole(""), clean_whole("123\n…")), (String::new(), " ".to_owned()));
    }

    #[test]
    fn tokens_are_numbered_by_falling_count_then_first_appearance() {
        let vocabulary = Vocabulary::new("cabbage");
        assert_eq!(vocabulary.encode("abcge?"), [1, 2, 3, 4, 5, UNKNOWN]);
        assert_eq!(vocabulary.size(), 6);
        assert_eq!(vocabulary.decode(&[3, 1, 2, 0]), "cab<unk>");
    }

    #[test]
    fn the_rarest_beyond_the_limit_are_unknown() {
        let corpus = Corpus::of("时光，时光机。\n", Cleaning::Verbatim, 4);
        assert_eq!(corpus.vocabulary.characters(), ['时', '光', '，']);
        assert_eq!(corpus.tokens, [1, 2, 3, 1, 2, UNKNOWN, UNKNOWN, UNKNOWN]);
        assert_eq!((corpus.rare, corpus.counts()), (3, vec![3, 2, 2, 1]));
        let corpus = Corpus::of("时光，时光机。\n", Cleaning::Verbatim, 7);
        assert_eq!((corpus.rare, corpus.vocabulary.size(), corpus.counts()[0]), (0, 7, 0));
    }

    #[test]
    fn a_vocabulary_has_each_character_once() {
        assert_eq!(Vocabulary::of_characters(vec![]), None);
        assert_eq!(Vocabulary::of_characters(vec!['b', 'a', 'b']), None);
        assert_eq!(Vocabulary::of_characters("cab".chars().collect()), Some(Vocabulary::new("ccab".trim())));
    }

    #[test]
    fn a_corpus_decodes_to_its_cleaned_text() {
        let corpus = Corpus::new("A b!\nC");
        assert_eq!(corpus.vocabulary.decode(&corpus.tokens), "a bc");
    }
}
