//! Errors of the browser's storage.

use crate::ui::language::{Words, fill};

/// Why runs are not stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The browser refuses, for this reason.
    Refused(String),
    /// Another tab has an older version of the database open.
    Blocked,
    /// The browser has closed the database, for example for a newer version of the page in another tab.
    Closed,
}

impl Trouble {
    pub fn sentence(&self, w: &Words) -> String {
        match self {
            Self::Refused(why) => fill(w.cannot_save, &[why]),
            Self::Blocked => w.storage_blocked.to_owned(),
            Self::Closed => w.storage_closed.to_owned(),
        }
    }
}
