//! Visits the built page by WebDriver, in headless Chrome, or in Firefox or WebKitGTK. Buttons and fields are found by their accessible names,
//! values by the page's stable `data-testid`s.
//!
//! A [`Visit`] starts its own driver, browser and static server, and ends them when it is dropped:
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let visit = end_to_end::Visit::start().await?;
//! visit.open("#hidden=64&epochs=15").await?;
//! visit.click("Train").await?;
//! visit.wait_for_status("finished", std::time::Duration::from_secs(60)).await?;
//! println!("{}", visit.text("perplexity").await?);
//! visit.check_clean().await
//! # }
//! ```

mod axe;
mod browser;
mod command;
mod devtools;
mod driver;
mod folder;
mod frames;
mod line;
mod pictures;
mod proxy;
mod site;
mod tasks;
mod visit;

use std::fmt::Display;
use std::io::{self, Write};

pub use browser::Browser;
pub use folder::copy_folder;
pub use frames::Frames;
pub use line::{Speed, Transfer};
pub use pictures::pictures;
pub use tasks::Task;
pub use visit::{Options, Visit};

/// Prints a line on stdout, if anybody reads it: `println!` would panic where the reader has gone, as in `… | head`.
pub fn print(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
