//! Copies of the built page, for tests that change it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, to) = (entry?.path(), to.to_owned());
        let to = to.join(path.file_name().context("a file has a name")?);
        if path.is_dir() { copy_folder(&path, &to)? } else { _ = fs::copy(&path, &to)? }
    }
    Ok(())
}
