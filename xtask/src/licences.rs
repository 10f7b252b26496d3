//! Under what licences the crates come that are built in here, and that no other kind slips in.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use crate::shell::{cargo, output, say};

/// Those that leave a program free to be given away in any form.
const KNOWN: [&str; 13] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

/// Lists the licences of all dependencies, those of tests and tools included; one that is not known is an error.
pub fn check() -> Result<()> {
    let mut tree = cargo(["tree", "--workspace", "--target", "all", "--edges", "all", "--prefix", "none"]);
    tree.args(["--format", "{p}|{l}"]);
    let tree = output(tree).context("cargo tree failed: run it to see why")?;
    // A crate that was listed before comes again with a star; our own have a folder and no licence.
    let crates: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('|'))
        .filter(|(name, _)| !name.contains("(/") && !name.contains(":\\"))
        .collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, licence) in &crates {
        *counts.entry(licence).or_default() += 1;
    }
    let strange: Vec<_> = crates.iter().filter(|(_, licence)| !is_known(licence)).collect();
    ensure!(strange.is_empty(), "licences that are not known here: {strange:?}; see xtask/src/licences.rs");
    let said: Vec<String> = counts.iter().map(|(licence, count)| format!("{count} {licence}")).collect();
    say(format!("{} crates: {}", crates.len(), said.join("; ")));
    Ok(())
}

/// Whether an SPDX expression offers, or asks for, nothing but what is known. Of alternatives one that is will do.
fn is_known(licence: &str) -> bool {
    let every = |all: &str| all.split(" AND ").all(|one| KNOWN.contains(&one.trim_matches(['(', ')', ' '])));
    let all_of_it = licence.replace(['(', ')'], "").replace(" OR ", " AND ").replace('/', " AND ");
    every(&all_of_it) || (!licence.contains(" AND ") && licence.replace('/', " OR ").split(" OR ").any(every))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_understood() {
        for known in ["MIT", "MIT/Apache-2.0", "Unlicense OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
            assert!(is_known(known), "{known}");
        }
        for strange in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR GPL-2.0-only) AND Other"] {
            assert!(!is_known(strange), "{strange}");
        }
    }
}
