//! What the links of lessons do.

use leptos::prelude::*;

use super::Page;
use crate::protocol::Stretch;
use crate::ui::browser;
use crate::ui::inside::look::View;
use crate::ui::lessons::action::{Action, Deed, Place};
use crate::ui::runs::state::{RunState, Status};

impl Page {
    /// Does what a link of a lesson says.
    pub fn act(&self, action: &Action) {
        match action {
            Action::Set(settings) => self.settings.form.update(|form| {
                settings.iter().for_each(|(key, value)| form.set(key, value));
            }),
            Action::Do(deed) => self.do_deed(*deed),
            Action::See(place) => self.see(*place),
            Action::Scale(scale) => {
                self.inside.look.update(|look| look.scale = *scale);
                self.see(Place::View(View::Time));
            }
            Action::Epoch(epoch) => {
                self.runs.pin(*epoch);
                self.see(Place::Curve);
            }
            Action::Pick(pick) => {
                self.conversation.talk.update(|talk| {
                    talk.choice.sampled = pick.is_some();
                    if let Some((temperature, top_k)) = pick {
                        (talk.choice.temperature, talk.choice.top_k) = (*temperature, *top_k);
                    }
                    talk.choice.seed = talk.choice.seed.wrapping_add(1);
                });
                self.conversation.generate();
                self.see(Place::Conversation);
            }
        }
    }

    /// As the page's own button does; but a run with other settings gives way to one with those that are set.
    fn do_deed(&self, deed: Deed) {
        match deed {
            Deed::Train => self.start_or_go(Stretch::Whole),
            Deed::Epoch => self.start_or_go(Stretch::Epoch),
            Deed::Minibatch => self.start_or_go(Stretch::Minibatch),
            Deed::Reset => self.reset(),
            Deed::Networks => self.train_networks(),
            Deed::Sampling => self.train_comparison(),
        }
    }

    fn start_or_go(&self, stretch: Stretch) {
        let is_active = self.runs.state.with_untracked(RunState::active);
        if is_active && untrack(|| self.runs.differs_from_form()) {
            self.reset();
        }
        if self.runs.state.with_untracked(|state| state.status) != Status::Training {
            self.go(stretch);
        }
    }

    /// Shows a part of the page, and marks it.
    fn see(&self, place: Place) {
        if let Place::View(view) = place {
            self.inside.look.update(|look| look.set_open(view, true));
        }
        browser::show(place.selector());
    }
}
