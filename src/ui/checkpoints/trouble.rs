//! Why a run is not saved.

use crate::ui::language::{Words, fill};

/// Why the storage does not take a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The browser refuses, and says this.
    Refused(String),
    /// Another tab holds the storage of an older version of the page.
    Blocked,
    /// The browser has closed the storage: for a newer version of the page in another tab, say.
    Closed,
}

impl Trouble {
    /// The sentence for it.
    pub fn sentence(&self, w: &Words) -> String {
        match self {
            Self::Refused(why) => fill(w.cannot_save, &[why]),
            Self::Blocked => w.storage_blocked.to_owned(),
            Self::Closed => w.storage_closed.to_owned(),
        }
    }
}
