//! The size of a visit's download: all WebAssembly and JavaScript, gzipped as hosts send it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};

use crate::shell::{root, say};

/// The most gzipped bytes for the WebAssembly and JavaScript of the page and its worker. It is kept close to the actual
/// size, so that growth is noticed; `docs/decisions.md` says what was done to lower it, and what does not.
const BUDGET: u64 = 716_000;

/// Prints the sizes of the programs in `dist/`, and fails if a visit takes more than [`BUDGET`].
pub fn check() -> Result<()> {
    let dist = root().join("dist");
    let mut programs = Vec::new();
    list(&dist, &mut programs).with_context(|| format!("{} can't be read", dist.display()))?;
    let mut sizes = Vec::new();
    for path in programs {
        let bytes = fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
        let name = path.strip_prefix(&dist).unwrap_or(&path).display().to_string();
        sizes.push((name, gzipped(&bytes)?));
    }
    say(weigh(sizes, BUDGET)?);
    Ok(())
}

/// Adds all WebAssembly and JavaScript files in a folder.
fn list(folder: &Path, programs: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, programs)?;
        } else if path.extension().is_some_and(|extension| extension == "wasm" || extension == "js") {
            programs.push(path);
        }
    }
    Ok(())
}

fn gzipped(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

/// Whether a file is a kind of the CPU engine's module, of which a visitor loads only one.
fn is_kind(name: &str) -> bool {
    name.starts_with("cores") && name.ends_with(".wasm")
}

/// A list of the files by size, and their sum with the largest kind of the module; an error if it exceeds the budget.
fn weigh(mut sizes: Vec<(String, u64)>, budget: u64) -> Result<String> {
    ensure!(!sizes.is_empty(), "dist/ holds no program: run `cargo xtask build`");
    sizes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let largest = sizes.iter().map(|(name, _)| name).find(|name| is_kind(name)).cloned();
    sizes.retain(|(name, _)| !is_kind(name) || Some(name) == largest.as_ref());
    let total: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
    let files = sizes.iter().map(|(name, bytes)| format!("{name} {}", kilobytes(*bytes))).collect::<Vec<_>>();
    let (files, total_shown, budget_shown) = (files.join(", "), kilobytes(total), kilobytes(budget));
    if total > budget {
        bail!(
            "the page's programs come to {total_shown} gzipped, over their budget of {budget_shown} ({files}): make \
             them smaller, or raise BUDGET in xtask/src/size.rs with a reason"
        );
    }
    Ok(format!("Programs, gzipped: {files}; {total_shown} of {budget_shown}"))
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_budget_is_named() {
        let sizes = || {
            let files = [("a.js", 1_250), ("cores.wasm", 8_000), ("cores_simd.wasm", 98_750)];
            files.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec()
        };
        assert_eq!(
            weigh(sizes(), 100_000).unwrap(),
            "Programs, gzipped: cores_simd.wasm 98.7 KB, a.js 1.2 KB; 100.0 KB of 100.0 KB"
        );
        let error = weigh(sizes(), 99_999).unwrap_err().to_string();
        for word in ["100.0 KB", "99.9 KB", "cores_simd.wasm 98.7 KB", "a.js 1.2 KB"] {
            assert!(error.contains(word), "{error}");
        }
        assert!(weigh(vec![], 1).is_err());
    }

    #[test]
    fn programs_are_found_in_folders_and_weighed_compressed() {
        let folder = std::env::temp_dir().join(format!("time-traveller-size-{}", std::process::id()));
        fs::create_dir_all(folder.join("snippets")).unwrap();
        for name in ["a.wasm", "snippets/b.js", "c.css", "js"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        let mut found = Vec::new();
        list(&folder, &mut found).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        found.sort();
        assert_eq!(found, [folder.join("a.wasm"), folder.join("snippets/b.js")]);
        assert!(gzipped(&[0; 10_000]).unwrap() < 100);
    }
}
