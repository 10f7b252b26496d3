//! The page: Leptos components, the charts, the address. No GPU, no mathematics.
//!
//! What the page knows is plain Rust, compiled and tested natively: the [`address`], the [`form`], the [`state`] with
//! every [`run`], what is [`saved`] of them, the [`file`] that the next one is to start from, the [`picture`] that a chart
//! shows and the [`curve`]s and the [`reference`] in it, the [`rows`] of the list of samples, the [`language`] and the
//! [`words`] they are put in, how they [`compare`], how to [`talk`] with the network, where its time goes ([`profile`]),
//! the visitor's own [`text`], and what the page can [`explain`]. The components only show it, and are built for the web
//! alone.

pub mod address;
pub mod compare;
pub mod curve;
pub mod explain;
pub mod file;
pub mod form;
pub mod language;
pub mod picture;
pub mod profile;
pub mod reference;
pub mod rows;
pub mod run;
pub mod saved;
pub mod state;
pub mod talk;
pub mod text;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::*;
