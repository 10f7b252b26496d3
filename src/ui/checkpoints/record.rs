//! A run that is saved, as the storage lists it and as it is called.

use serde::{Deserialize, Serialize};

use crate::model::Config;
use crate::model::config::SETTINGS;
use crate::protocol::Summary;
use crate::ui::language::{Words, fill, words};
use crate::ui::runs::names;
use crate::ui::runs::run::{Origin, Run};

/// A checkpoint as the storage lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Of the run, by when it began, which is the storage's order, and by chance: runs of two pages never overwrite each
    /// other.
    pub id: String,
    /// The page that saved it.
    pub page: String,
    /// When, in milliseconds since 1970.
    pub saved: f64,
    /// The name that the visitor gave the run.
    pub name: String,
    /// Whether the run began with parameters from a file.
    pub from_file: bool,
    /// The name of the text, where it is the visitor's own.
    #[serde(default)]
    pub own_text: Option<String>,
    /// Whether the text is the book's own edition.
    #[serde(default)]
    pub is_books: bool,
    pub summary: Summary,
}

impl Record {
    pub fn is_finished(&self) -> bool {
        self.summary.epoch >= self.summary.config.epochs
    }

    /// The beginning of a run that goes on from here, and takes the place of the run `continues` in the list.
    pub fn start(&self, continues: Option<u32>) -> Origin {
        let Self { from_file, is_books, summary: Summary { window_offset, .. }, .. } = *self;
        let (name, own_text) = (self.name.clone(), self.own_text.clone());
        Origin { from_file, window_offset, own_text, is_books, name, continues }
    }

    /// What the run is called: its name, or what sets it apart from the book's.
    pub fn title(&self, w: &Words) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let (config, book) = (self.summary.config, Config::default());
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| config.get(key) != book.get(key));
        let run = Run::new(0, config, &self.start(None), 0);
        let title = names::difference(w, &run, &keys.collect::<Vec<_>>());
        if title.is_empty() { w.books_settings.to_owned() } else { title }
    }

    /// How far it came.
    pub fn facts(&self, w: &Words) -> String {
        let Summary { config, epoch, perplexity, .. } = &self.summary;
        let perplexity = perplexity.map_or_else(|| w.none.to_owned(), words::perplexity);
        fill(w.saved_facts, &[&epoch.to_string(), &config.epochs.to_string(), &perplexity])
    }

    /// What its file is called.
    pub fn file_name(&self) -> String {
        let Summary { config, epoch, .. } = &self.summary;
        format!("time-traveller-hidden-{}-epoch-{epoch}.safetensors", config.hidden)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::ui::language::{CHINESE, ENGLISH};

    pub fn record(id: &str, epoch: u32, saved: f64) -> Record {
        let config = Config { hidden: 64, epochs: 20, ..Config::default() };
        let summary = Summary {
            config,
            window_offset: None,
            epoch,
            perplexity: Some(8.5),
            text: "1234".into(),
            prefix: Some("time".into()),
        };
        let (id, page, name) = (id.into(), "p".into(), String::new());
        Record { id, page, saved, name, from_file: false, own_text: None, is_books: true, summary }
    }

    #[test]
    fn a_saved_run_is_put_into_words() {
        let run = record("a", 3, 0.0);
        assert_eq!(run.title(&ENGLISH), "hidden 64, epochs 20");
        assert_eq!(run.facts(&ENGLISH), "epoch 3 of 20, perplexity 8.50");
        assert_eq!(run.facts(&CHINESE), "轮次 3 / 20，困惑度 8.50");
        assert_eq!(Record { name: "mine".into(), ..run.clone() }.title(&ENGLISH), "mine");
        let mut book = run.clone();
        book.summary.config = Config::default();
        assert_eq!(book.title(&ENGLISH), "the book’s settings");
        assert_eq!(run.file_name(), "time-traveller-hidden-64-epoch-3.safetensors");
    }
}
