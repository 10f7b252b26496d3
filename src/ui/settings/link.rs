//! What the page's link asks for, beside the settings.

use super::address;
use crate::ui::language::{Words, fill};

/// A link that was opened, until a run starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageLink {
    /// Whether a run is to start by itself, as soon as the link's text is there.
    pub starts: bool,
    /// The URL of its text.
    pub text: Option<String>,
    /// What of it is not understood.
    unknown: Vec<String>,
    /// Whether the run that it asks for would interrupt another.
    waits: bool,
}

impl PageLink {
    /// The link with this fragment; `is_busy` if a run is under way, which it does not interrupt.
    pub fn new(fragment: &str, is_busy: bool) -> Self {
        let unknown = address::unknown(fragment);
        // A misspelt setting would make it another run.
        let wants = address::autostart(fragment) && unknown.is_empty();
        Self { starts: wants && !is_busy, waits: wants && is_busy, text: address::text(fragment), unknown }
    }

    /// What the visitor has to know about it, in a sentence each.
    pub fn notes(&self, w: &Words) -> Vec<String> {
        let named: Vec<String> = self.unknown.iter().map(|item| fill(w.quote, &[item])).collect();
        let unknown = (!named.is_empty()).then(|| fill(w.link_unknown, &[&named.join(w.list_separator)]));
        unknown.into_iter().chain(self.waits.then(|| w.link_waits.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn a_link_starts_a_run_unless_it_interrupts_one_or_is_not_understood() {
        let link = PageLink::new("#hidden=64&autostart=1&text=https://x.org/a", false);
        assert!(link.starts && link.text.as_deref() == Some("https://x.org/a") && link.notes(&ENGLISH).is_empty());
        assert_eq!(PageLink::new("#hidden=64", true), PageLink::default());
        let link = PageLink::new("#autostart=1", true);
        assert_eq!((link.starts, link.notes(&ENGLISH)), (false, vec![ENGLISH.link_waits.to_owned()]));
        let link = PageLink::new("#hiden=8&autostart=1&foo", true);
        let said = "This page does not understand “hiden=8”, “foo” in the link: check the spelling; the rest of the link \
                    is set, and nothing starts until you press Train.";
        assert_eq!((link.starts, link.notes(&ENGLISH)), (false, vec![said.to_owned()]));
    }
}
