//! A decoded text and where it came from.

use super::Corpus;
use super::decode::decode;
use super::edition::{Edition, identify, sha1_hex};
use crate::error::{Error, Result};
use crate::model::config::Cleaning;

/// A text, from which a [`Corpus`] is made by the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The name that people see.
    pub name: String,
    /// Whether it is the book's edition.
    pub is_books: bool,
    /// Characters, line feeds included.
    pub characters: u32,
    content: String,
}

impl Text {
    pub fn new(name: impl Into<String>, content: String) -> Self {
        Self { name: name.into(), is_books: false, characters: content.chars().count() as u32, content }
    }

    /// A known edition of *The Time Machine*.
    ///
    /// # Errors
    /// [`Error::UnknownEdition`] for any other bytes.
    pub fn known(bytes: &[u8]) -> Result<Self> {
        let edition = identify(bytes).ok_or_else(|| Error::UnknownEdition(sha1_hex(bytes)))?;
        let content = String::from_utf8_lossy(bytes).into_owned();
        Ok(Self { is_books: edition == Edition::Book, ..Self::new(edition.name(), content) })
    }

    /// The visitor's own text. The book's edition is recognized here too.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn own(name: String, bytes: &[u8]) -> Result<Self> {
        let content = decode(bytes)?;
        Ok(Self { is_books: identify(bytes) == Some(Edition::Book), ..Self::new(name, content) })
    }

    /// Its tokens, with a vocabulary of at most `vocab` tokens.
    pub fn corpus(&self, cleaning: Cleaning, vocab: u32) -> Corpus {
        Corpus::of(&self.content, cleaning, vocab as usize)
    }
}
