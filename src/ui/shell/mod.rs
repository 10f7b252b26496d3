//! What is around the rooms: the page as a whole, its head, the bar, the error panel, and its newer version.

pub mod app;
pub mod controls;
pub mod errors;
pub mod masthead;
pub mod offline;
