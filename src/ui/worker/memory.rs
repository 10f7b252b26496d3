//! The races between this machine's devices, in local storage. Without it every visit runs its own.

use crate::protocol::{PastRace, js};
use crate::ui::browser;

/// With the version of the kernels, whose speeds they are.
const KEY: &str = "races 2";

/// Number of races that are kept, the newest.
const MOST: usize = 32;

/// The races of earlier visits.
pub fn races() -> Vec<PastRace> {
    let parsed = browser::remembered(KEY).and_then(|text| js_sys::JSON::parse(&text).ok());
    // Another version of the page may have another format: then the races are run again.
    parsed.and_then(|races| js::read(races).ok()).unwrap_or_default()
}

/// Stores a race, in place of an earlier one for the same sizes.
pub fn keep(race: PastRace) {
    let mut all = races();
    all.retain(|past| past.sizes != race.sizes);
    all.push(race);
    all.drain(..all.len().saturating_sub(MOST));
    if let Ok(text) = js::write(&all).and_then(|all| js_sys::JSON::stringify(&all)) {
        browser::remember(KEY, &String::from(text));
    }
}
