//! A text of the visitor's own, as the page knows it: on its way, refused, offered by a link; and what of the settings
//! it changes.

use crate::error::Error;
use crate::protocol::TextFacts;
use crate::ui::language::words::{self, grouped};
use crate::ui::language::{Words, fill};
use crate::ui::settings::form::Form;

/// What the page knows beside what the worker has told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnText {
    /// The name of the text that is being fetched, read or counted.
    pub reading: Option<String>,
    /// Why the last one can't be had.
    pub refusal: Option<Error>,
    /// The address that the link names, as long as the text is that one or may become it,
    pub link: Option<String>,
    /// and whether the visitor has still to say so.
    pub is_offered: bool,
    /// Counts the visitor's choices.
    pub turn: u32,
    /// Whether the text that is told next is one that the visitor has just chosen.
    is_new: bool,
    /// Cleaning and training tokens of the time before, to go back to;
    before: Option<[String; 2]>,
    /// and the prefix, with the one that came in its place.
    prefix: Option<[String; 2]>,
    /// The settings that were changed for the text.
    pub adapted: Vec<&'static str>,
}

impl OwnText {
    /// A link offers the text at this address.
    pub fn offer(&mut self, link: Option<String>) {
        if self.link != link {
            self.is_offered = link.is_some();
            self.link = link;
        }
    }

    /// The visitor has chosen a text; gives the choice's number.
    pub fn begin(&mut self, name: String, is_link: bool) -> u32 {
        self.reading = Some(name);
        self.refusal = None;
        self.is_new = true;
        self.is_offered = false;
        self.adapted.clear();
        self.link.take_if(|_| !is_link);
        self.turn += 1;
        self.turn
    }

    /// It can't be had; the one before stays.
    pub fn refuse(&mut self, error: Error) {
        self.reading = None;
        self.refusal = Some(error);
        self.is_new = false;
    }

    /// Takes in what the worker says of a text. One that has just been chosen changes what does not go with it: the
    /// cleaning, if the book's would lose most of it, the number of training tokens, the prefix. The book's text brings
    /// all that back.
    pub fn arrive(&mut self, facts: &TextFacts, form: &mut Form, prefix: &mut String) {
        self.reading = None;
        if !facts.own {
            self.adapted.clear();
            if let Some([cleaning, tokens]) = self.before.take() {
                form.set("cleaning", &cleaning);
                form.set("tokens", &tokens);
            }
            if let Some([first, _]) = self.prefix.take().filter(|[_, set]| set == prefix) {
                *prefix = first;
            }
            return;
        }
        if !self.is_new {
            return;
        }
        self.before.get_or_insert(now(form));
        if facts.cleaning.to_string() != form.get("cleaning") {
            return; // it is to be read once more
        }
        self.adapted.retain(|&key| key == "cleaning");
        if form.get("cleaning") == "book" && facts.tokens < facts.characters / 2 {
            form.set("cleaning", "verbatim");
            self.adapted = vec!["cleaning"];
            return;
        }
        self.is_new = false;
        let Ok(config) = form.config() else { return };
        let most = facts.tokens.saturating_sub(config.validation);
        if config.tokens > most {
            form.set("tokens", &most.max(3).to_string());
            self.adapted.push("tokens");
        }
        // A prefix that the text says nothing of becomes the text's beginning.
        let known = |c| facts.counts.iter().any(|&(known, _)| known == c);
        if !prefix.chars().all(known) && !facts.beginning.is_empty() {
            let first = self.prefix.take().map_or(prefix.clone(), |[first, _]| first);
            facts.beginning.clone_into(prefix);
            self.prefix = Some([first, prefix.clone()]);
        }
    }

    /// What the settings are now, they are to be with the book's text too.
    pub fn keep(&mut self, form: &Form) {
        self.before = self.before.take().map(|_| now(form));
    }
}

/// The settings that a text may change.
fn now(form: &Form) -> [String; 2] {
    ["cleaning", "tokens"].map(|key| form.get(key).to_owned())
}

/// What the text comes to: name, tokens, size of the vocabulary, and how many tokens are unknown.
pub fn facts(w: &Words, facts: &TextFacts) -> String {
    let name = if facts.is_books && !facts.own { w.books_edition } else { &facts.name };
    let tokens = fill(w.text_tokens, &[name, &grouped(facts.tokens.into()), &grouped(facts.vocabulary.into())]);
    if facts.unknown == 0 {
        return tokens;
    }
    let unknown = fill(w.text_unknown, &[&grouped(facts.unknown.into()), &grouped(facts.rare.into())]);
    format!("{tokens}{}{unknown}", w.list_separator)
}

/// The vocabulary, each character as it can be seen, with its count; and how many more there are.
pub fn vocabulary(w: &Words, facts: &TextFacts) -> (Vec<(String, String)>, Option<String>) {
    let characters = facts.counts.iter().map(|&(c, count)| (words::character(w, Some(c)), grouped(count.into())));
    let more = (facts.vocabulary as usize).saturating_sub(1 + facts.counts.len());
    (characters.collect(), (more > 0).then(|| fill(w.vocabulary_more, &[&grouped(more as u64)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Cleaning;
    use crate::ui::language::ENGLISH;

    fn told(cleaning: Cleaning, characters: u32, tokens: u32) -> TextFacts {
        let counts = "时光 i".chars().map(|c| (c, 9)).collect();
        let (name, beginning) = ("mine".into(), "时光".into());
        TextFacts {
            name,
            beginning,
            own: true,
            cleaning,
            characters,
            tokens,
            vocabulary: 5,
            counts,
            ..Default::default()
        }
    }

    fn after(own: &mut OwnText, facts: &TextFacts, form: &mut Form, prefix: &mut String) -> [String; 3] {
        own.arrive(facts, form, prefix);
        [form.get("cleaning").to_owned(), form.get("tokens").to_owned(), prefix.clone()]
    }

    #[test]
    fn a_new_text_changes_what_does_not_go_with_it_and_the_books_brings_it_back() {
        let (mut own, mut form, mut prefix) = (OwnText::default(), Form::default(), "time".to_owned());
        own.begin("mine".into(), false);
        let read = told(Cleaning::Book, 5000, 100);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["verbatim", "10000", "time"]);
        let read = told(Cleaning::Verbatim, 5000, 5000);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["verbatim", "5000", "时光"]);
        assert_eq!(own.adapted, ["cleaning", "tokens"]);
        // What the visitor sets from here on stays.
        form.set("cleaning", "book");
        let read = told(Cleaning::Book, 5000, 100);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["book", "5000", "时光"]);
        let book = TextFacts { own: false, ..told(Cleaning::Book, 170_000, 170_000) };
        assert_eq!(after(&mut own, &book, &mut form, &mut prefix), ["book", "10000", "time"]);
        assert_eq!(own, OwnText { turn: 1, ..OwnText::default() });
        // What is set with the text there, to be kept, and a prefix of the visitor's own, stay.
        own.begin("mine".into(), false);
        form.set("cleaning", "verbatim");
        own.arrive(&told(Cleaning::Verbatim, 5000, 5000), &mut form, &mut prefix);
        form.set("tokens", "77");
        own.keep(&form);
        prefix = "again".into();
        assert_eq!(after(&mut own, &book, &mut form, &mut prefix), ["verbatim", "77", "again"]);
    }

    #[test]
    fn a_text_that_goes_with_the_settings_leaves_them_alone() {
        let (mut own, mut form, mut prefix) = (OwnText::default(), Form::default(), "i i".to_owned());
        own.begin("mine".into(), false);
        let read = told(Cleaning::Book, 25_000, 20_000);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["book", "10000", "i i"]);
        form.set("validation", "15000");
        own.begin("mine".into(), false);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["book", "5000", "i i"], "less what is held out");
    }

    #[test]
    fn a_link_is_offered_once_and_goes_when_another_text_comes() {
        let mut own = OwnText::default();
        own.offer(Some("https://x/y".into()));
        assert!(own.is_offered);
        own.begin("y".into(), true);
        own.offer(Some("https://x/y".into()));
        assert!(!own.is_offered && own.link.is_some());
        own.refuse(Error::EmptyText);
        assert_eq!((own.reading.clone(), own.refusal.clone()), (None, Some(Error::EmptyText)));
        own.begin("mine.txt".into(), false);
        assert_eq!((own.link.clone(), own.refusal.clone()), (None, None));
    }

    #[test]
    fn a_text_is_told_with_what_became_of_its_rarest_characters() {
        let mut text = TextFacts { unknown: 1200, rare: 31, ..told(Cleaning::Verbatim, 5000, 5000) };
        assert_eq!(
            facts(&ENGLISH, &text),
            "mine; 5,000 tokens, vocabulary of 5, the 31 rarest characters (1,200 tokens) read as <unk>"
        );
        (text.unknown, text.vocabulary) = (0, 3000);
        assert_eq!(facts(&ENGLISH, &text), "mine; 5,000 tokens, vocabulary of 3,000");
        let (characters, more) = vocabulary(&ENGLISH, &text);
        assert_eq!(characters[2], ("space".to_owned(), "9".to_owned()));
        assert_eq!(more.as_deref(), Some("and 2,995 more"));
    }
}
