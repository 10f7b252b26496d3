//! The state of the visitor's own text: being read, refused or offered by a link; and the settings that it changes.

use crate::error::Error;
use crate::model::config::whole;
use crate::protocol::TextFacts;
use crate::ui::language::words::{self, grouped};
use crate::ui::language::{Words, fill};
use crate::ui::settings::form::Form;

/// The state of the visitor's own text, apart from the facts that the worker reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnText {
    /// The name of the text that is being fetched, read or counted.
    pub reading: Option<String>,
    /// Whether its bytes are still being read from the disk.
    pub is_loading: bool,
    /// Why the latest one was refused.
    pub refusal: Option<Error>,
    /// The URL of the text that the page's link offers or has brought.
    pub link: Option<String>,
    /// Whether that text waits for the visitor's consent.
    pub is_offered: bool,
    /// Number of the visitor's choices of a text.
    pub turn: u32,
    /// Whether the text whose facts come next has just been chosen.
    is_new: bool,
    /// Cleaning and training tokens for the book's text, to be restored with it.
    before: Option<[String; 2]>,
    /// Whether the prefix is not fitted to the current text yet.
    is_prefix_due: bool,
    /// The prefix for the book's text, and the one that replaced it.
    prefix: Option<[String; 2]>,
    /// The keys of the settings that were changed for the text.
    pub adapted: Vec<&'static str>,
}

impl OwnText {
    /// The page's link offers the text at this URL, or none.
    pub fn offer(&mut self, link: Option<String>) {
        if self.link != link {
            self.is_offered = link.is_some();
            self.link = link;
        }
    }

    /// The visitor has chosen a text; returns the number of the choice.
    pub fn begin(&mut self, name: String, is_link: bool) -> u32 {
        self.link.take_if(|_| !is_link);
        (self.reading, self.is_loading, self.is_new) = (Some(name), !is_link, true);
        self.choose()
    }

    /// The visitor has chosen the book's text.
    pub fn go_back(&mut self) {
        (self.reading, self.is_loading, self.is_new, self.link) = (None, false, false, None);
        self.choose();
    }

    fn choose(&mut self) -> u32 {
        self.refusal = None;
        self.is_offered = false;
        self.adapted.clear();
        self.turn += 1;
        self.turn
    }

    /// The worker has been given a text of this name.
    pub fn sent(&mut self, name: &str) {
        (self.reading, self.is_loading) = (Some(name.to_owned()), false);
    }

    /// The text is refused; the previous one stays, whose name is given if the worker still reads it.
    pub fn refuse(&mut self, error: Error, previous: Option<String>) {
        self.refusal = Some(error);
        self.is_new = previous.is_some();
        (self.reading, self.is_loading) = (previous, false);
    }

    /// The worker reports a text. A newly chosen one changes the settings that do not suit it: the cleaning, if the
    /// book's would lose most of it, and the number of training tokens. The book's text restores them.
    pub fn arrive(&mut self, facts: &TextFacts, form: &mut Form) {
        self.reading = None;
        if !facts.own {
            self.is_new = false;
            self.adapted.clear();
            self.is_prefix_due = true;
            if let Some([cleaning, tokens]) = self.before.take() {
                form.set("cleaning", &cleaning);
                form.set("tokens", &tokens);
            }
            return;
        }
        if !self.is_new {
            return;
        }
        self.before.get_or_insert(now(form));
        if facts.cleaning.to_string() != form.get("cleaning") {
            return; // the worker reads it again
        }
        self.adapted.retain(|&key| key == "cleaning");
        if form.get("cleaning") == "book" && facts.tokens < facts.characters / 2 {
            form.set("cleaning", "verbatim");
            self.adapted = vec!["cleaning"];
            return;
        }
        self.is_new = false;
        self.is_prefix_due = true;
        let most = facts.tokens.saturating_sub(form.valid().validation);
        if whole(form.get("tokens")).is_some_and(|tokens| tokens > most) {
            form.set("tokens", &most.max(3).to_string());
            self.adapted.push("tokens");
        }
    }

    /// Fits the prefix to a text that has arrived since the last call: where it has characters that are not in the
    /// text, the beginning of the text takes its place. The book's text restores it.
    pub fn fit_prefix(&mut self, facts: &TextFacts, prefix: &mut String) {
        if !std::mem::take(&mut self.is_prefix_due) {
            return;
        }
        let known = |c| facts.counts.iter().any(|&(known, _)| known == c);
        if !facts.own {
            if let Some([first, _]) = self.prefix.take().filter(|[_, set]| set == prefix) {
                *prefix = first;
            }
        } else if !prefix.chars().all(known) && !facts.beginning.is_empty() {
            let first = self.prefix.take().map_or(prefix.clone(), |[first, _]| first);
            facts.beginning.clone_into(prefix);
            self.prefix = Some([first, prefix.clone()]);
        }
    }

    /// Keeps the current settings for the book's text too.
    pub fn keep(&mut self, form: &Form) {
        self.before = self.before.take().map(|_| now(form));
    }
}

/// The current values of the settings that a text may change.
fn now(form: &Form) -> [String; 2] {
    ["cleaning", "tokens"].map(|key| form.get(key).to_owned())
}

/// The text's name, tokens, vocabulary size and number of unknown tokens.
pub fn facts(w: &Words, facts: &TextFacts) -> String {
    let name = if facts.is_books && !facts.own { w.books_edition } else { &facts.name };
    let tokens = fill(w.text_tokens, &[name, &grouped(facts.tokens.into()), &grouped(facts.vocabulary.into())]);
    if facts.unknown == 0 {
        return tokens;
    }
    let unknown = fill(w.text_unknown, &[&grouped(facts.unknown.into()), &grouped(facts.rare.into())]);
    format!("{tokens}{}{unknown}", w.list_separator)
}

/// The characters of the vocabulary, by visible names, with their counts; and a note about those that are not listed.
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
        own.arrive(facts, form);
        own.fit_prefix(facts, prefix);
        [form.get("cleaning").to_owned(), form.get("tokens").to_owned(), prefix.clone()]
    }

    #[test]
    fn a_new_text_changes_settings_that_do_not_suit_it_and_the_books_restores_them() {
        let (mut own, mut form, mut prefix) = (OwnText::default(), Form::default(), "time".to_owned());
        own.begin("mine".into(), false);
        own.sent("mine");
        let read = told(Cleaning::Book, 5000, 100);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["verbatim", "10000", "time"]);
        let read = told(Cleaning::Verbatim, 5000, 5000);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["verbatim", "5000", "时光"]);
        assert_eq!(own.adapted, ["cleaning", "tokens"]);
        // Later changes of the visitor's stay.
        form.set("cleaning", "book");
        let read = told(Cleaning::Book, 5000, 100);
        assert_eq!(after(&mut own, &read, &mut form, &mut prefix), ["book", "5000", "时光"]);
        let book = TextFacts { own: false, ..told(Cleaning::Book, 170_000, 170_000) };
        assert_eq!(after(&mut own, &book, &mut form, &mut prefix), ["book", "10000", "time"]);
        assert_eq!(own, OwnText { turn: 1, ..OwnText::default() });
        // Settings that are kept, and a prefix of the visitor's own, stay.
        own.begin("mine".into(), false);
        form.set("cleaning", "verbatim");
        after(&mut own, &told(Cleaning::Verbatim, 5000, 5000), &mut form, &mut prefix);
        form.set("tokens", "77");
        own.keep(&form);
        prefix = "again".into();
        assert_eq!(after(&mut own, &book, &mut form, &mut prefix), ["verbatim", "77", "again"]);
    }

    #[test]
    fn a_text_that_suits_the_settings_changes_none() {
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
        own.refuse(Error::EmptyText, None);
        assert_eq!((own.reading.clone(), own.refusal.clone()), (None, Some(Error::EmptyText)));
        own.begin("mine.txt".into(), false);
        assert_eq!((own.link.clone(), own.refusal.clone()), (None, None));
    }

    #[test]
    fn a_text_is_described_with_its_unknown_characters() {
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
