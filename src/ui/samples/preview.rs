//! What the book's first run says, to show before the visitor's own says something.

/// The book's prefix.
pub const PREFIX: &str = "time traveller";

/// Epochs, and the continuation after each: `cargo run --release --example train -- --engine cpu --seed 1 --json`, on
/// the Project Gutenberg edition.
pub const PREVIEW: [(u32, &str); 3] = [
    (1, "                                                  "),
    (100, "e the the the the the the the the the the the the "),
    (500, "you can show black is white by argument said filby"),
];
