//! The texts that can be trained on: the book's and the visitor's own.

use std::rc::Rc;

use super::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::model::config::{Cleaning, Config};
use crate::protocol::{MOST_COUNTS, TextChoice, TextFacts};
use crate::text::{Corpus, Text};

/// The most characters of the prefix that is proposed from the start of a text.
const BEGINNING: usize = 14;

/// The start of a text's first line, up to the first character that the vocabulary lacks.
fn beginning(corpus: &Corpus) -> String {
    let known = corpus.tokens.iter().map_while(|&id| corpus.vocabulary.character(id));
    let line: String = known.skip_while(|c| c.is_whitespace()).take_while(|&c| c != '\n').take(BEGINNING).collect();
    line.trim_end().to_owned()
}

/// The book's text and the visitor's own, which takes precedence; and the last corpus made, as a cache.
#[derive(Default)]
pub struct Texts {
    book: Option<Text>,
    own: Option<Text>,
    cached: Option<(Cleaning, u32, Rc<Corpus>)>,
}

impl Texts {
    pub fn of_book(text: Text) -> Self {
        Self { book: Some(text), ..Self::default() }
    }

    /// The visitor's own text, without the book's.
    pub fn of_own(text: Text) -> Self {
        Self { own: Some(text), ..Self::default() }
    }

    /// Switches to the chosen text.
    ///
    /// # Errors
    /// Bytes that are not a text; the book's text if it was never loaded. The previous text then stays.
    pub fn choose(&mut self, choice: TextChoice) -> Result<()> {
        self.own = match choice {
            TextChoice::Present => return Ok(()),
            // The worker fetches such a text first and passes its bytes on.
            TextChoice::Address(address) => return Err(Error::AddressUnreachable(address)),
            TextChoice::Book if self.book.is_none() => return Err(Error::NoBook),
            TextChoice::Book => None,
            TextChoice::Own { name, bytes } => Some(Text::own(name, &bytes)?),
        };
        self.cached = None;
        Ok(())
    }

    fn current(&self) -> Result<&Text> {
        self.own.as_ref().or(self.book.as_ref()).ok_or(Error::NoBook)
    }

    fn read(&mut self, cleaning: Cleaning, vocab: u32) -> Result<Rc<Corpus>> {
        if let Some((_, _, corpus)) = self.cached.as_ref().filter(|cached| (cached.0, cached.1) == (cleaning, vocab)) {
            return Ok(corpus.clone());
        }
        let corpus = Rc::new(self.current()?.corpus(cleaning, vocab));
        self.cached = Some((cleaning, vocab, corpus.clone()));
        Ok(corpus)
    }

    /// The current text, cleaned and tokenized by these settings.
    ///
    /// # Errors
    /// [`Error::NoLetters`] if cleaning leaves nothing; [`Error::NoBook`] if there is no text.
    pub fn corpus(&mut self, config: &Config) -> Result<Rc<Corpus>> {
        let corpus = self.read(config.cleaning, config.vocab)?;
        if corpus.tokens.is_empty() { Err(Error::NoLetters) } else { Ok(corpus) }
    }

    /// The current text for a run that resumes from a checkpoint, whose settings say how to read it.
    ///
    /// # Errors
    /// [`Error::BooksText`] or [`Error::OtherText`] if the run was trained on another one; [`Error::NoBook`] if there is
    /// none.
    pub fn corpus_of(&mut self, checkpoint: &Checkpoint) -> Result<Rc<Corpus>> {
        let Config { cleaning, vocab, .. } = checkpoint.config;
        let corpus = self.read(cleaning, vocab)?;
        let fits = |book: &Text| checkpoint.check(&book.corpus(cleaning, vocab)).is_ok();
        match checkpoint.check(&corpus) {
            Err(Error::OtherText) if self.book.as_ref().is_some_and(fits) => Err(Error::BooksText),
            outcome => outcome.map(|()| corpus),
        }
    }

    /// What the page shows of the current text.
    ///
    /// # Errors
    /// [`Error::NoBook`] if there is no text.
    pub fn facts(&mut self, cleaning: Cleaning, vocab: u32) -> Result<TextFacts> {
        let corpus = self.read(cleaning, vocab)?;
        let text = self.current()?;
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
