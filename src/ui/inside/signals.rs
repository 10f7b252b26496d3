//! The signals of the views into a network, and their questions to the worker.

use std::time::Duration;

use leptos::prelude::*;

use super::look::{Look, Source};
use super::watch::{Asked, Due, Passage, Watch};
use crate::model::config::{Config, SettingError};
use crate::protocol::{Excerpt, LONGEST_PASSAGE};
use crate::text::UNKNOWN_TEXT;
use crate::ui::conversation::signals::Conversation;
use crate::ui::runs::signals::Runs;
use crate::ui::settings::signals::Settings;
use crate::ui::worker::handle::Handle;

/// Characters of a passage of the text.
pub const PASSAGE: u32 = 160;

/// What the visitor looks at, and the newest answers. A handle, cheap to copy.
#[derive(Clone, Copy)]
pub struct Inside {
    pub look: RwSignal<Look>,
    pub watch: RwSignal<Watch>,
    /// The stage of slow motion that is shown last.
    pub stage: RwSignal<usize>,
    config: Memo<Result<Config, Vec<SettingError>>>,
    runs: Runs,
    conversation: Conversation,
    worker: Handle,
}

impl Inside {
    pub fn new(settings: Settings, runs: Runs, conversation: Conversation, worker: Handle) -> Self {
        Self {
            look: RwSignal::new(Look::default()),
            watch: RwSignal::new(Watch::default()),
            stage: RwSignal::new(0),
            config: settings.config,
            runs,
            conversation,
            worker,
        }
    }

    /// The characters of the conversation, or of the newest sample, or the prefix alone.
    fn spoken(&self) -> Passage {
        let generated = self.conversation.talk.with(|talk| {
            let continuation = talk.generated.as_ref()?;
            let written = continuation.written.iter().map(|written| written.character.unwrap_or('\u{fffd}'));
            Some(continuation.sample.prefix.chars().chain(written).collect::<String>())
        });
        let follows = generated.is_none() || self.conversation.refresh.get();
        let text = generated.unwrap_or_else(|| {
            let sample = self.runs.drawn(|s| {
                let run = s.live()?;
                let sample = run.samples.last().map(|of| &of.sample).or(run.untrained.as_ref())?;
                Some(sample.text.replace(UNKNOWN_TEXT, "\u{fffd}"))
            });
            sample.unwrap_or_else(|| self.conversation.prefix.get())
        });
        let length = text.chars().count();
        let text = text.chars().skip(length.saturating_sub(LONGEST_PASSAGE)).collect();
        Passage { excerpt: Excerpt::Given(text), length: length.min(LONGEST_PASSAGE), follows }
    }

    fn passage(&self) -> Passage {
        match self.look.with(|look| look.source) {
            Source::Conversation => self.spoken(),
            Source::Text(first) => {
                let tokens = self.runs.state.with(|s| s.worker.text.as_ref().map_or(0, |text| text.tokens));
                let length = PASSAGE.min(tokens);
                Passage { excerpt: Excerpt::Text { first, length }, length: length as usize, follows: false }
            }
        }
    }

    /// The settings of the network that answers: the run's, or else the form's.
    pub fn config(&self) -> Option<Config> {
        let of_run = self.runs.state.with(|state| state.config);
        of_run.or_else(|| self.config.with(|config| config.as_ref().ok().copied()))
    }

    /// Asks the worker whenever there is something to ask.
    pub fn start(self) {
        let (tick, waits) = (RwSignal::new(0_u32), StoredValue::new(false));
        let run =
            Memo::new(move |_| self.runs.state.with(|s| (s.shown * u32::from(s.config.is_some()), s.figures.epoch)));
        let ready = Memo::new(move |_| self.runs.state.with(|s| s.worker.ready()));
        let config = Memo::new(move |_| self.config());
        let passage = Memo::new(move |_| self.look.with(|look| !look.open.is_empty()).then(|| self.passage()));
        Effect::new(move |_| {
            tick.track();
            self.watch.track();
            let (Some(passage), Some(config), true) = (passage.get(), config.get(), ready.get()) else { return };
            let (run, newest) = run.get();
            let asked = Asked { run, config, newest, chosen: self.runs.pinned.get() };
            let look = self.look.with(|look| look.fitted(&config));
            // Only its question is noted, which nobody tracks.
            let due = self.watch.try_update_untracked(|watch| watch.due(&look, asked, &passage, now()));
            match due {
                Some(Due::Ask(command)) => self.worker.send(*command),
                Some(Due::Later(rest)) if !waits.get_value() => {
                    waits.set_value(true);
                    let wake = move || {
                        waits.try_update_value(|waits| *waits = false);
                        tick.try_update(|tick| *tick += 1);
                    };
                    set_timeout(wake, Duration::from_millis(rest as u64 + 1));
                }
                _ => {}
            }
        });
    }
}

/// Milliseconds of the page's clock.
pub fn now() -> f64 {
    js_sys::Date::now()
}
