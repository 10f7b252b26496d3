//! A run that waits for the current one to finish. It is fixed when the visitor asks for it, whatever is typed until it
//! starts.

use std::sync::Arc;

use super::run::{Origin, Run};
use crate::model::config::{Config, fields};
use crate::protocol::{StartFrom, TextChoice};
use crate::ui::settings::address;
use crate::ui::settings::form::{Form, Mode};

/// A run to be started.
#[derive(Clone)]
pub struct Queued {
    pub config: Config,
    pub prefix: String,
    pub beginning: StartFrom,
    pub origin: Origin,
    /// The text to train on, if it is the visitor's own.
    pub text: Option<Arc<TextChoice>>,
    /// The settings of the run that it is compared with, as the form shows them.
    compared: Form,
}

impl Queued {
    /// The same run with the other sampling, from the initial `parameters` if it started from such a file.
    pub fn beside(run: &Run, prefix: String, parameters: Option<Vec<u8>>, text: Option<Arc<TextChoice>>) -> Self {
        let (sampling, state) = other_mode(&run.config).settings();
        let config = Config { sampling, state, ..run.config };
        let window_offset = run.window_offset.map(|offset| offset.min(config.largest_offset()));
        let beginning =
            StartFrom { parameters: parameters.filter(|_| run.from_file), window_offset, ..StartFrom::default() };
        let origin = Origin { own_text: run.own_text.clone(), is_books: run.is_books, ..Origin::from(&beginning) };
        Self { config, prefix, beginning, origin, text, compared: address::read(&run.address()) }
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
