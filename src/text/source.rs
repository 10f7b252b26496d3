//! A text as it came: where from, and what of it.

use super::Corpus;
use super::decode::decode;
use super::edition::{Edition, identify, sha1_hex};
use crate::error::{Error, Result};
use crate::model::config::Cleaning;

/// A text, of which the settings make a [`Corpus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As people are told.
    pub name: String,
    /// Whether it is the book's own edition.
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
    /// [`Error::UnknownEdition`].
    pub fn known(bytes: &[u8]) -> Result<Self> {
        let edition = identify(bytes).ok_or_else(|| Error::UnknownEdition(sha1_hex(bytes)))?;
        let content = String::from_utf8_lossy(bytes).into_owned();
        Ok(Self { is_books: edition == Edition::Book, ..Self::new(edition.name(), content) })
    }

    /// A text of the visitor's own; a known edition is known also here.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn own(name: String, bytes: &[u8]) -> Result<Self> {
        let content = decode(bytes)?;
        Ok(Self { is_books: identify(bytes) == Some(Edition::Book), ..Self::new(name, content) })
    }

    /// Its tokens, of a vocabulary of at most this size.
    pub fn corpus(&self, cleaning: Cleaning, vocab: u32) -> Corpus {
        Corpus::of(&self.content, cleaning, vocab as usize)
    }
}
