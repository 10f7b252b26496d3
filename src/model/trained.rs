//! The networks that the build trains and the page brings along, so that it opens with one that writes.
//!
//! `cargo xtask` includes this file too (by `#[path]`), so it depends on nothing.

/// A network that was trained before.
#[derive(Debug, PartialEq)]
pub struct Trained {
    /// Names it in the address and its file.
    pub key: &'static str,
    /// The settings that differ from the book's first run, by their keys. All name the CPU and one thread, so that every
    /// machine can open them at once.
    pub settings: &'static [(&'static str, &'static str)],
}

/// The first one is opened with the page. Small, and with rates at which few epochs suffice: together a minute of an
/// unoptimized build, and a hundred and some kilobytes each.
pub const TRAINED: [Trained; 3] = [
    Trained {
        key: "gru",
        settings: &[
            ("cell", "gru"),
            ("style", "concise"),
            ("hidden", "96"),
            ("lr", "2"),
            ("clip", "2"),
            ("epochs", "300"),
            ("seed", "2"),
            ("engine", "cpu"),
            ("threads", "1"),
        ],
    },
    Trained {
        key: "rnn",
        settings: &[("hidden", "192"), ("epochs", "300"), ("seed", "1"), ("engine", "cpu"), ("threads", "1")],
    },
    Trained {
        key: "lstm",
        settings: &[
            ("cell", "lstm"),
            ("style", "concise"),
            ("hidden", "96"),
            ("lr", "2"),
            ("clip", "2"),
            ("epochs", "300"),
            ("seed", "1"),
            ("engine", "cpu"),
            ("threads", "1"),
        ],
    },
];

impl Trained {
    /// The network of this key.
    pub fn named(key: &str) -> Option<&'static Self> {
        TRAINED.iter().find(|trained| trained.key == key)
    }

    /// Its checkpoint, beside the page.
    pub fn file(&self) -> String {
        format!("trained/{}.safetensors", self.key)
    }
}
