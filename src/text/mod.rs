//! Text to token ids, as the book does it: clean, count, number.

pub mod edition;
pub mod sampling;

use std::collections::HashMap;

/// Cleans a text as the book does: in each line everything but A-Z and a-z becomes one space, the line is trimmed
/// and put in lower case; then the lines are joined with nothing between them.
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

/// The token that stands for every character that the vocabulary lacks.
pub const UNKNOWN: u32 = 0;

/// How [`UNKNOWN`] is written.
pub const UNKNOWN_TEXT: &str = "<unk>";

/// The kinds of token and their ids: `<unk>` is 0, then the characters by falling count, ties in order of first
/// appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    characters: Vec<char>,
    ids: HashMap<char, u32>,
}

impl Vocabulary {
    pub fn new(text: &str) -> Self {
        let mut counts: HashMap<char, usize> = HashMap::new();
        let mut characters = Vec::new();
        for c in text.chars() {
            *counts.entry(c).or_insert_with(|| {
                characters.push(c);
                0
            }) += 1;
        }
        characters.sort_by_key(|c| std::cmp::Reverse(counts[c])); // stable: ties keep their order
        let ids = (UNKNOWN + 1..).zip(&characters).map(|(id, &c)| (c, id)).collect();
        Self { characters, ids }
    }

    /// The vocabulary of these characters in the order of their ids; none if there is no character, or one twice.
    pub fn of_characters(characters: Vec<char>) -> Option<Self> {
        let ids: HashMap<char, u32> = (UNKNOWN + 1..).zip(&characters).map(|(id, &c)| (c, id)).collect();
        (!characters.is_empty() && ids.len() == characters.len()).then_some(Self { characters, ids })
    }

    /// `V`, kinds of token, `<unk>` included.
    pub fn size(&self) -> usize {
        self.characters.len() + 1
    }

    /// The token of a character; [`UNKNOWN`] for one that the text does not have.
    pub fn id(&self, c: char) -> u32 {
        self.ids.get(&c).copied().unwrap_or(UNKNOWN)
    }

    /// The character of a token; none for [`UNKNOWN`].
    pub fn character(&self, id: u32) -> Option<char> {
        self.characters.get((id as usize).checked_sub(1)?).copied()
    }

    /// The characters, in the order of their ids.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The characters of a text that the vocabulary lacks, each once.
    pub fn unknown(&self, text: &str) -> Vec<char> {
        let mut unknown: Vec<char> = text.chars().filter(|&c| self.id(c) == UNKNOWN).collect();
        unknown.sort_unstable();
        unknown.dedup();
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
}

impl Corpus {
    /// Cleans a text and numbers its characters.
    pub fn new(text: &str) -> Self {
        let cleaned = clean(text);
        let vocabulary = Vocabulary::new(&cleaned);
        let tokens = vocabulary.encode(&cleaned);
        Self { vocabulary, tokens }
    }

    /// The SHA-1 of the cleaned text, in hexadecimal.
    pub fn sha1(&self) -> String {
        edition::sha1_hex(self.vocabulary.decode(&self.tokens).as_bytes())
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
    fn tokens_are_numbered_by_falling_count_then_first_appearance() {
        let vocabulary = Vocabulary::new("cabbage");
        assert_eq!(vocabulary.encode("abcge?"), [1, 2, 3, 4, 5, UNKNOWN]);
        assert_eq!(vocabulary.size(), 6);
        assert_eq!(vocabulary.decode(&[3, 1, 2, 0]), "cab<unk>");
    }

    #[test]
    fn a_corpus_decodes_to_its_cleaned_text() {
        let corpus = Corpus::new("A b!\nC");
        assert_eq!(corpus.vocabulary.decode(&corpus.tokens), "a bc");
    }
}
