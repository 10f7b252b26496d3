//! The signals of the lessons.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::prose::{Lesson, lessons};
use crate::ui::browser;
use crate::ui::language::Words;

/// The code of a language, and its lessons; `None` if they can't be had.
type Texts = (&'static str, Option<Vec<Lesson>>);

/// The lessons, once they were asked for, and which is open. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Lessons {
    /// The key of the open lesson.
    pub open: RwSignal<Option<String>>,
    /// Whether the list is shown.
    pub listed: RwSignal<bool>,
    texts: RwSignal<Vec<Texts>>,
}

impl Default for Lessons {
    fn default() -> Self {
        Self { open: RwSignal::new(None), listed: RwSignal::new(false), texts: RwSignal::new(Vec::new()) }
    }
}

impl Lessons {
    /// The lessons in this language; `None` until they are there, or if they can't be had.
    pub fn all(&self, w: &'static Words) -> Option<Vec<Lesson>> {
        self.texts.with(|texts| texts.iter().find(|(code, _)| *code == w.code)?.1.clone())
    }

    /// Whether they can't be had.
    pub fn is_missing(&self, w: &'static Words) -> bool {
        self.texts.with(|texts| texts.contains(&(w.code, None)))
    }

    /// Fetches the lessons, unless they are there.
    pub fn fetch(&self, w: &'static Words) {
        let texts = self.texts;
        if texts.with_untracked(|texts| texts.iter().any(|(code, lessons)| *code == w.code && lessons.is_some())) {
            return;
        }
        spawn_local(async move {
            let fetched = browser::fetched(&format!("./lessons/{}.md", w.code)).await;
            texts.try_update(|texts| {
                texts.retain(|(code, _)| *code != w.code);
                texts.push((w.code, fetched.map(|text| lessons(&text))));
            });
        });
    }
}
