//! Runs that wait for the current one to finish. They are fixed when the visitor asks for them, whatever is typed until
//! they start.

use std::sync::Arc;

use super::run::{Origin, Run};
use crate::model::config::{Cell, Config, fields};
use crate::protocol::{StartFrom, TextChoice};
use crate::ui::settings::address;
use crate::ui::settings::form::{Form, Mode};

/// A run to be started.
#[derive(Clone)]
pub struct Queued {
    pub config: Config,
    /// Its mode, if it differs in that from the run that it is compared with; otherwise it is another network.
    pub mode: Option<Mode>,
    pub prefix: String,
    pub beginning: StartFrom,
    pub origin: Origin,
    /// The text to train on, if it is the visitor's own.
    pub text: Option<Arc<TextChoice>>,
    /// The settings of the run that it is compared with, as the form shows them.
    compared: Form,
}

/// The networks that are trained side by side: cell and layers.
pub const NETWORKS: [(Cell, u32); 4] = [(Cell::Rnn, 1), (Cell::Gru, 1), (Cell::Lstm, 1), (Cell::Lstm, 2)];

impl Queued {
    /// The same run with the other sampling, from the initial `parameters` if it started from such a file.
    pub fn beside(run: &Run, prefix: String, parameters: Option<Vec<u8>>, text: Option<Arc<TextChoice>>) -> Self {
        let mode = other_mode(&run.config);
        let (sampling, state) = mode.settings();
        let config = Config { sampling, state, ..run.config };
        let window_offset = run.window_offset.map(|offset| offset.min(config.largest_offset()));
        let beginning =
            StartFrom { parameters: parameters.filter(|_| run.from_file), window_offset, ..StartFrom::default() };
        let origin = Origin { own_text: run.own_text.clone(), is_books: run.is_books, ..Origin::from(&beginning) };
        let compared = address::read(&run.address());
        Self { config, mode: Some(mode), prefix, beginning, origin, text, compared }
    }

    /// A run of each of [`NETWORKS`] with otherwise the settings of the form, which are `config`.
    pub fn networks(
        form: &Form,
        config: Config,
        prefix: &str,
        origin: &Origin,
        text: Option<&Arc<TextChoice>>,
    ) -> Vec<Self> {
        let mut compared = form.clone();
        let window_offset = form.window_offset();
        let queued = NETWORKS.map(|(cell, layers)| {
            let config = Config { cell, layers, ..config };
            let beginning = StartFrom { window_offset, ..StartFrom::default() };
            let origin = Origin { from_file: false, window_offset, ..origin.clone() };
            let own = address::read(&Run::new(0, config, &origin, 0).address());
            let compared = std::mem::replace(&mut compared, own);
            Self { config, mode: None, prefix: prefix.to_owned(), beginning, origin, text: text.cloned(), compared }
        });
        queued.into()
    }

    /// Sets `form` to these settings, except where the visitor has changed it since.
    pub fn fill(&self, form: &mut Form) {
        let own = address::read(&Run::new(0, self.config, &self.origin, 0).address());
        for key in fields().map(|setting| setting.key) {
            if form.get(key) == self.compared.get(key) {
                form.set(key, own.get(key));
            }
        }
    }
}

/// The mode of a run to compare with one of this configuration.
pub fn other_mode(config: &Config) -> Mode {
    if Mode::of(config) == Some(Mode::Random) { Mode::First } else { Mode::Random }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{Sampling, StateMode};

    #[test]
    fn a_run_of_each_network_and_the_form_follows() {
        let mut form = Form::default();
        form.set("hidden", "64");
        form.set("seed", "7");
        let config = form.config().unwrap();
        let queued = Queued::networks(&form, config, "then", &Origin { is_books: true, ..Origin::default() }, None);
        let networks = queued.iter().map(|queued| (queued.config.cell, queued.config.layers));
        assert!(networks.eq(NETWORKS));
        for queued in &queued {
            assert_eq!((queued.config.hidden, queued.config.seed, queued.origin.is_books), (64, 7, true));
            queued.fill(&mut form);
            assert_eq!(form.config(), Ok(queued.config));
        }
    }

    #[test]
    fn the_other_run_has_the_same_settings_and_the_form_follows_where_it_was_left_alone() {
        let config = Config { hidden: 64, seed: 7, ..Config::default() };
        let origin = Origin { window_offset: Some(35), own_text: Some("mine".into()), ..Origin::default() };
        let run = Run::new(3, config, &origin, 0);
        let queued = Queued::beside(&run, "then".into(), Some(vec![1]), None);
        let random = Config { sampling: Sampling::Random, state: StateMode::Reset, ..config };
        assert_eq!((queued.config, queued.prefix.as_str()), (random, "then"));
        let beginning = StartFrom { window_offset: Some(34), ..StartFrom::default() };
        assert_eq!(queued.beginning, beginning, "the last offset that is drawn, and no file, for it had none");
        assert_eq!(queued.origin.own_text.as_deref(), Some("mine"));
        let mut form = address::read(&run.address());
        form.set("seed", "8");
        form.set("epochs", "");
        queued.fill(&mut form);
        let shown = ["sampling", "state", "seed", "epochs", "hidden", "window-offset"].map(|key| form.get(key));
        assert_eq!(shown, ["random", "reset", "8", "", "64", "34"]);
        let back = Queued::beside(&Run::new(4, random, &Origin::default(), 0), String::new(), None, None);
        assert_eq!(back.config, config);
    }
}
