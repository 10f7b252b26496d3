//! A stored run: its metadata in the storage, and its description on the page.

use serde::{Deserialize, Serialize};

use crate::model::Config;
use crate::model::config::Cell;
use crate::model::config::SETTINGS;
use crate::protocol::Summary;
use crate::ui::language::{Words, fill, words};
use crate::ui::runs::names;
use crate::ui::runs::run::{Origin, Run};

/// How the name of a downloaded checkpoint begins.
const FILE_NAME: &str = "time-traveller-";

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

    /// The origin of a run that resumes from here.
    pub fn origin(&self) -> Origin {
        let Self { from_file, is_books, summary: Summary { window_offset, .. }, .. } = *self;
        // The name of a downloaded file holds the epoch, from which the run goes on.
        let name = if self.name.starts_with(FILE_NAME) { String::new() } else { self.name.clone() };
        Origin { from_file, window_offset, own_text: self.own_text.clone(), is_books, name, ..Origin::default() }
    }

    /// The same, with the run among `runs` whose checkpoint this is: it goes on in its place, as what the page knows it.
    pub fn origin_among(&self, runs: &[Run]) -> Origin {
        let Summary { config, epoch, perplexity, window_offset, .. } = self.summary;
        let is_its = |run: &&Run| {
            let same = Config { epochs: config.epochs, engine: config.engine, threads: config.threads, ..run.config }
                == config;
            // Epochs after it are lost only where a stored run was interrupted.
            let end = run.position().epoch == epoch || (!self.id.is_empty() && run.report.is_none());
            same && end && run.window_offset == window_offset && run.perplexity(epoch) == perplexity
        };
        runs.iter().rev().find(is_its).map_or_else(
            || self.origin(),
            |run| Origin {
                from_file: run.from_file,
                window_offset,
                branch: run.branch,
                own_text: run.own_text.clone(),
                is_books: run.is_books,
                is_trained: false,
                name: run.name.clone(),
                continues: Some(run.number),
            },
        )
    }

    /// Whether it is a run with these settings, wherever it ends and whatever its rates were changed to.
    pub fn is_of(&self, form: &Config) -> bool {
        let Config { epochs, engine, threads, lr, clip, .. } = self.summary.config;
        Config { epochs, engine, threads, lr, clip, ..*form } == self.summary.config
    }

    /// The run's name, or else the settings that differ from the book's.
    pub fn title(&self, w: &Words) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let (config, book) = (self.summary.config, Config::default());
        let keys = SETTINGS.iter().map(|setting| setting.key).filter(|key| config.get(key) != book.get(key));
        let run = Run::new(0, config, &self.origin(), 0);
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
        // As it was while there was but one cell.
        let cell = if config.cell == Cell::Rnn { String::new() } else { format!("{}-", config.cell) };
        format!("{FILE_NAME}{cell}hidden-{}-epoch-{epoch}.safetensors", config.hidden)
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

    #[test]
    fn a_run_goes_on_in_the_place_of_the_one_that_it_is_a_checkpoint_of() {
        let stored = record("a", 2, 0.0);
        let run = |number, curve: &[(u32, f64)]| {
            let config = Config { epochs: 2, ..stored.summary.config };
            let mut run = Run::new(number, config, &Origin { name: "mine".into(), ..Origin::default() }, 0);
            run.curve = curve.to_vec();
            run
        };
        let ended = run(1, &[(1, 9.0), (2, 8.5)]);
        let longer = run(2, &[(1, 9.0), (2, 8.5), (3, 8.0)]);
        let other = run(3, &[(1, 9.0), (2, 8.4)]);
        let origin = stored.origin_among(&[ended.clone(), other.clone()]);
        assert_eq!((origin.continues, origin.name.as_str()), (Some(1), "mine"));
        assert_eq!(stored.origin_among(std::slice::from_ref(&longer)).continues, Some(2), "it was interrupted");
        let file = Record { id: String::new(), ..stored.clone() };
        assert_eq!(
            file.origin_among(&[ended, longer, other.clone()]).continues,
            Some(1),
            "nothing is given up for a file"
        );
        assert_eq!(stored.origin_among(&[other]), stored.origin());
        let mut wide = stored.clone();
        wide.summary.config.hidden = 65;
        assert_eq!(wide.origin_among(&[run(1, &[(2, 8.5)])]), wide.origin());
    }

    #[test]
    fn settings_are_a_runs_whatever_its_rates_were_changed_to() {
        let (stored, form) = (record("a", 2, 0.0), Config { hidden: 64, ..Config::default() });
        assert!(stored.is_of(&Config { lr: 0.5, clip: 3.0, epochs: 3, ..form }));
        assert!(!stored.is_of(&Config { seed: 9, ..form }));
    }
}
