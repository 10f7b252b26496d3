//! The page: Leptos components, the charts, the address. No GPU, no mathematics.
//!
//! Each room is a part of what the visitor sees, and holds both what the page knows of it, in plain Rust that is
//! compiled and tested natively, and the view that shows it, which is built for the web alone: the [`settings`] with
//! their address, the [`text`] that is trained on, the [`network`] and its notes, the [`runs`] and how they compare,
//! the [`chart`], the [`samples`], the [`conversation`] and the [`checkpoints`]; and what they stand on and in: the
//! [`language`], the worker's end of the line, the browser, and the shell around all.

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod chart;
pub mod checkpoints;
pub mod conversation;
pub mod language;
pub mod network;
#[cfg(target_arch = "wasm32")]
pub mod page;
pub mod runs;
pub mod samples;
pub mod settings;
pub mod shell;
pub mod text;
pub mod worker;
