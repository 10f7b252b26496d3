//! The page's end of the line to the worker that trains.

pub mod link;
mod memory;
