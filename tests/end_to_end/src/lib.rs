//! Visits the built page in headless Chrome, by WebDriver, as a person would: buttons and fields by the names that a
//! screen reader says, values by the page's promised `data-testid`s.
//!
//! A [`Visit`] brings its own driver, browser and static server, and takes them along when it ends:
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
mod driver;
mod frames;
mod proxy;
mod site;
mod visit;

pub use frames::Frames;
pub use visit::{Options, Visit, pictures};
