//! Training: a [`Session`] takes a network through its epochs; a [`Trainer`] is a session that obeys the page's
//! commands and tells events.

pub mod checkpoint;
mod clock;
mod continuation;
mod schedule;
mod session;
mod texts;
mod trainer;
mod waiting;

pub use checkpoint::Checkpoint;
pub use session::{EpochResult, Initial, Session};
pub use texts::Texts;
pub use trainer::Trainer;
pub use waiting::wait_for_text;
