//! The network: its settings, its shapes, its parameters.

pub mod config;
