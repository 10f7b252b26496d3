//! The components, which need a browser.

pub mod app;
pub mod chart;
pub mod controls;
pub mod conversation;
pub mod errors;
pub mod finale;
mod memory;
pub mod page;
pub mod samples;
pub mod settings;
pub mod start;
pub mod worker;
