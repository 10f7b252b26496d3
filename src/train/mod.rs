//! Training: a [`Session`] trains a network epoch by epoch; a [`Trainer`] runs sessions by the page's commands and
//! emits events.

pub mod checkpoint;
mod clock;
mod continuation;
mod outbox;
mod schedule;
mod session;
mod texts;
mod trainer;
mod waiting;

pub use checkpoint::Checkpoint;
pub use outbox::Outbox;
pub use session::{EpochResult, Initial, Session};
pub use texts::Texts;
pub use trainer::Trainer;
pub use waiting::wait_for_text;
