//! The page: Leptos components, the charts, the address. No GPU, no mathematics.
//!
//! Each module is one part of the page. Its state is plain Rust, compiled and tested natively; its `view` and signals
//! are compiled for the web only: the [`settings`] and their address, the [`text`] to train on, the [`network`] and its
//! explanations, the [`runs`] and their comparison, the [`chart`], the [`samples`], the text generation
//! ([`conversation`]) and the [`checkpoints`]. They share the [`language`], the [`worker`], the browser and the
//! [`shell`].

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod chart;
pub mod checkpoints;
pub mod conversation;
pub mod inside;
pub mod language;
pub mod lessons;
pub mod network;
#[cfg(target_arch = "wasm32")]
pub mod page;
pub mod runs;
pub mod samples;
pub mod settings;
pub mod shell;
pub mod text;
pub mod worker;
