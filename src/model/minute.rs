//! Settings with which a network soon writes words, for devices of every speed.

use super::Config;

/// From the quickest to the longest: each ends at a perplexity below 2 (seeds 1 to 3 at 1.6 to 1.8, 1.2, 1.1 to 1.2 and,
/// the book's first run, 1.0 to 1.2: `train --engine cpu --json` with them), and takes twice to ten times the operations of
/// the one before.
const QUICK: [&[(&str, &str)]; 4] = [
    &[
        ("cell", "gru"),
        ("style", "concise"),
        ("hidden", "64"),
        ("optimizer", "adam"),
        ("lr", "0.01"),
        ("epochs", "120"),
    ],
    &[
        ("cell", "gru"),
        ("style", "concise"),
        ("hidden", "128"),
        ("optimizer", "adam"),
        ("lr", "0.005"),
        ("epochs", "80"),
    ],
    &[
        ("cell", "gru"),
        ("style", "concise"),
        ("hidden", "256"),
        ("optimizer", "adam"),
        ("lr", "0.003"),
        ("epochs", "60"),
    ],
    &[],
];

/// The settings, from the quickest to the longest.
pub fn quick() -> impl DoubleEndedIterator<Item = Config> {
    QUICK.iter().map(|settings| Config::with(*settings))
}
