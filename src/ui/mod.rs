//! The page: Leptos components, the chart, the address. No GPU, no mathematics.
//!
//! What the page knows is plain Rust, compiled and tested natively: the [`address`], the [`form`], the [`state`] of
//! the run on show, the [`file`] that the next one is to start from, the [`curve`] and the [`reference`] behind it, the [`words`] they are put in and how they
//! [`compare`]. The components only show it, and are built for the web alone.

pub mod address;
pub mod compare;
pub mod curve;
pub mod file;
pub mod form;
pub mod reference;
pub mod state;
pub mod words;

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::*;
