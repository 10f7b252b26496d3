//! A stored run: its metadata in the storage, and its description on the page.

use serde::{Deserialize, Serialize};

use crate::model::Config;
use crate::model::config::SETTINGS;
use crate::protocol::Summary;
use crate::ui::language::{Words, fill, words};
use crate::ui::runs::names;
use crate::ui::runs::run::{Origin, Run};

/// The metadata of a stored checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run's id: its start time, which is the storage's order, and a random part, so that runs of two pages never
    /// overwrite each other.
    pub id: String,
    /// The id of the page that saved it.
    pub page: String,
    /// Time of the save, in milliseconds since 1970.
    pub saved: f64,
    /// The name that the visitor gave the run.
    pub name: String,
    /// Whether the run started with parameters from a file.
    pub from_file: bool,
    /// The name of the text, if it is the visitor's own.
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

    /// The origin of a run that resumes from here, and replaces the run `continues` in the list.
    pub fn origin(&self, continues: Option<u32>) -> Origin {
        let Self { from_file, is_books, summary: Summary { window_offset, .. }, .. } = *self;
        let (name, own_text) = (self.name.clone(), self.own_text.clone());
        Origin { from_file, window_offset, own_text, is_books, name, continues }
    }

    /// The run's name, or else the settings that differ from the book's.
    pub fn title(&self, w: &Words) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let (config, book) = (self.summary.config, Config::default());
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| config.get(key) != book.get(key));
        let run = Run::new(0, config, &self.origin(None), 0);
        let title = names::difference(w, &run, &keys.collect::<Vec<_>>());
        if title.is_empty() { w.books_settings.to_owned() } else { title }
    }

    /// Epoch and perplexity.
    pub fn facts(&self, w: &Words) -> String {
        let Summary { config, epoch, perplexity, .. } = &self.summary;
        let perplexity = perplexity.map_or_else(|| w.none.to_owned(), words::perplexity);
        fill(w.saved_facts, &[&epoch.to_string(), &config.epochs.to_string(), &perplexity])
    }

    /// The name of its file as a download.
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
    fn a_saved_run_is_described() {
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
