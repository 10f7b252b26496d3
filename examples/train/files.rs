//! Files that a run reads and writes, each failure as a sentence.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Reads a file.
///
/// # Errors
/// A sentence.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{} can't be read ({error}): name another.", path.display()))
}

/// Tries whether a file can be written, and leaves nothing behind: to find that out after hours of work is too late.
///
/// # Errors
/// A sentence.
pub fn check_writable(path: &Path) -> Result<(), String> {
    let part = part(path);
    let tried = match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::Error::other("it is a folder")),
        _ if part == path => File::options().write(true).open(path).map(drop),
        _ => File::create(&part).and_then(|_| fs::remove_file(&part)),
    };
    tried.map_err(|error| {
        format!("{} can't be written ({error}): name another file, in a folder that is there.", path.display())
    })
}

/// Replaces a file; the previous one is kept until all of the new one is on the disk.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part(path);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    if part != path {
        file.sync_all()?;
        fs::rename(part, path)?;
    }
    Ok(())
}

/// The unfinished file beside a file. A device, such as `/dev/null`, is written as it is.
fn part(path: &Path) -> PathBuf {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return path.to_owned();
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}
