//! What is to be continued.

use crate::error::{Error, Result};

/// The longest prefix that is continued, in characters.
pub const LONGEST_PREFIX: usize = 4000;

/// Checks what is to be continued.
///
/// # Errors
/// [`Error::EmptyPrefix`], [`Error::PrefixTooLong`].
pub fn check_prefix(prefix: &str) -> Result<()> {
    match prefix.chars().count() {
        0 => Err(Error::EmptyPrefix),
        length if length > LONGEST_PREFIX => Err(Error::PrefixTooLong { length, allowed: LONGEST_PREFIX }),
        _ => Ok(()),
    }
}
