//! The texts that there are to train on.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::model::config::{Cleaning, Config};
use crate::protocol::{MOST_COUNTS, TextChoice, TextFacts};
use crate::text::{Corpus, Text};

/// A prefix that a text itself gives is at most so long, in characters.
const BEGINNING: usize = 14;

/// The first characters of a text that are known and stand in one line.
fn beginning(corpus: &Corpus) -> String {
    let known = corpus.tokens.iter().map_while(|&id| corpus.vocabulary.character(id));
    let line: String = known.skip_while(|c| c.is_whitespace()).take_while(|&c| c != '\n').take(BEGINNING).collect();
    line.trim_end().to_owned()
}

/// The book's text and the visitor's own, which goes before it; and the corpus that was made of them last.
#[derive(Default)]
pub struct Texts {
    book: Option<Text>,
    own: Option<Text>,
    made: Option<(Cleaning, u32, Rc<Corpus>)>,
}

impl Texts {
    pub fn of_book(text: Text) -> Self {
        Self { book: Some(text), ..Self::default() }
    }

    /// The visitor's own text, where the book's could not be had.
    pub fn of_own(text: Text) -> Self {
        Self { own: Some(text), ..Self::default() }
    }

    /// Takes the text that is chosen.
    ///
    /// # Errors
    /// Bytes that are no text; a book that is not there. The text before then stays.
    pub fn choose(&mut self, choice: TextChoice) -> Result<()> {
        self.own = match choice {
            TextChoice::Present => return Ok(()),
            // Whoever sends it here fetches it before.
            TextChoice::Address(address) => return Err(Error::AddressUnreachable(address)),
            TextChoice::Book if self.book.is_none() => return Err(Error::NoBook),
            TextChoice::Book => None,
            TextChoice::Own { name, bytes } => Some(Text::own(name, &bytes)?),
        };
        self.made = None;
        Ok(())
    }

    fn present(&self) -> Result<&Text> {
        self.own.as_ref().or(self.book.as_ref()).ok_or(Error::NoBook)
    }

    fn read(&mut self, cleaning: Cleaning, vocab: u32) -> Result<Rc<Corpus>> {
        if let Some((_, _, corpus)) = self.made.as_ref().filter(|made| (made.0, made.1) == (cleaning, vocab)) {
            return Ok(corpus.clone());
        }
        let corpus = Rc::new(self.present()?.corpus(cleaning, vocab));
        self.made = Some((cleaning, vocab, corpus.clone()));
        Ok(corpus)
    }

    /// The text as these settings read it.
    ///
    /// # Errors
    /// [`Error::NoLetters`]: a text of which nothing is left; no text at all.
    pub fn corpus(&mut self, config: &Config) -> Result<Rc<Corpus>> {
        let corpus = self.read(config.cleaning, config.vocab)?;
        if corpus.tokens.is_empty() { Err(Error::NoLetters) } else { Ok(corpus) }
    }

    /// What the page tells of the text.
    ///
    /// # Errors
    /// No text at all.
    pub fn facts(&mut self, cleaning: Cleaning, vocab: u32) -> Result<TextFacts> {
        let corpus = self.read(cleaning, vocab)?;
        let text = self.present()?;
        let counts = corpus.counts();
        let characters = corpus.vocabulary.characters().iter().copied();
        Ok(TextFacts {
            name: text.name.clone(),
            is_books: text.is_books,
            own: self.own.is_some(),
            characters: text.characters,
            cleaning,
            vocab,
            tokens: corpus.tokens.len() as u32,
            vocabulary: corpus.vocabulary.size() as u32,
            unknown: counts[0],
            rare: corpus.rare as u32,
            beginning: beginning(&corpus),
            counts: characters.zip(counts[1..].iter().copied()).take(MOST_COUNTS).collect(),
        })
    }
}
