//! Networks that came with the page, trained before.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Page;
use crate::model::Config;
use crate::model::trained::{TRAINED, Trained};
use crate::protocol::{Command, StartFrom, Stretch};
use crate::ui::browser;
use crate::ui::checkpoints::saved::Saved;
use crate::ui::runs::run::Origin;
use crate::ui::runs::state::RunState;
use crate::ui::settings::form::Form;

impl Page {
    /// Opens the network of this key that came with the page, or the first; an unknown key, as `none`, opens none.
    pub fn open_with(&self, key: Option<&str>) {
        if let Some(trained) = key.map_or(TRAINED.first(), Trained::named) {
            self.open_trained(trained);
        }
    }

    /// Opens a network that came with the page: its curve, its samples, and in the conversation itself. Without its file, or
    /// if the visitor has begun a run by then, all stays as it is.
    pub fn open_trained(&self, trained: &'static Trained) {
        let (page, before) = (*self, self.runs.state.with_untracked(|state| state.run));
        spawn_local(async move {
            let Some(file) = browser::fetched_bytes(&trained.file()).await else { return };
            let is_free = |state: &RunState| state.can_train() && state.run == before;
            if page.runs.state.try_with_untracked(is_free) == Some(true)
                && page.runs.queue.with_untracked(Vec::is_empty)
            {
                page.show_trained(trained, file);
            }
        });
    }

    fn show_trained(&self, trained: &Trained, file: Vec<u8>) {
        let (worker, config) = (self.worker, Config::with(trained.settings));
        // It is not the visitor's, so it is not stored.
        self.checkpoints.saved.update(Saved::leave);
        self.runs.pinned.set(None);
        let origin = self.runs.state.with_untracked(|state| state.origin_of(&StartFrom::default()));
        let origin = Origin { own_text: None, is_trained: true, ..origin };
        let run = self.runs.state.try_update(|state| state.begin_from(config, origin)).unwrap_or_default();
        let prefix = self.conversation.prefix.get_untracked();
        let beginning = StartFrom { checkpoint: Some(file), ..StartFrom::default() };
        let train = Command::Train { run, config, prefix, beginning, stretch: Stretch::Whole };
        self.text.begin_run_on(None, || worker.send(train));
    }

    /// Loads the settings of a network that came with the page into the form, but for its engine: what is fastest trains.
    pub fn load_trained(&self, trained: &Trained) {
        let mut form = Form::from(&Config::with(trained.settings));
        let usual = Form::default();
        ["engine", "threads"].into_iter().for_each(|key| form.set(key, usual.get(key)));
        self.settings.form.set(form);
    }
}
