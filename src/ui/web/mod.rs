//! The components, which need a browser.

pub mod app;
pub mod browser;
pub mod chart;
pub mod controls;
pub mod conversation;
pub mod curve;
pub mod errors;
pub mod explain;
pub mod finale;
pub mod gradients;
pub mod keeping;
pub mod masthead;
mod memory;
pub mod network;
pub mod offline;
pub mod page;
mod png;
pub mod profile;
pub mod runs;
pub mod samples;
mod saved;
pub mod settings;
pub mod start;
mod storage;
pub mod text;
pub mod worker;
