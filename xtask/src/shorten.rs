//! What wasm-bindgen writes, made shorter to load: JavaScript without comments, imports with short names, and programs in
//! an order that suits gzip.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::program::rewrite;

/// The end of the name of an import: `_` and this many digits of a hash.
const HASH: usize = 16;

/// Shortens every script in a folder, with the WebAssembly that it loads.
pub fn shorten(folder: &Path) -> Result<()> {
    for file in fs::read_dir(folder)? {
        let script = file?.path();
        let Some(stem) = script.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".js"))
        else {
            continue;
        };
        let read = fs::read_to_string(&script).with_context(|| format!("{} can't be read", script.display()))?;
        let mut text = without_comments(&read);
        let program = folder.join(format!("{stem}_bg.wasm"));
        if program.exists() {
            let (renamed, names) = rename_imports(&text);
            fs::write(&program, rewrite(&fs::read(&program)?, &names)?)?;
            text = renamed;
        }
        fs::write(&script, text)?;
    }
    Ok(())
}

/// A script without the lines that are all comment and without indentation. In what wasm-bindgen writes a comment has its
/// lines to itself, and no string has several.
pub fn without_comments(script: &str) -> String {
    let (mut short, mut in_comment) = (String::new(), false);
    for mut line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            let Some((_, code)) = line.split_once("*/") else { continue };
            (in_comment, line) = (false, code.trim());
        }
        if !line.is_empty() && !line.starts_with("//") {
            short += line;
            short.push('\n');
        }
    }
    short
}

/// Gives each import a short name, in the script; returns the new names by the old ones.
fn rename_imports(script: &str) -> (String, BTreeMap<String, String>) {
    let words = script.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let (mut renamed, mut names) = (String::new(), BTreeMap::new());
    for word in words {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if !is_import(name) {
            renamed += word;
            continue;
        }
        let number = names.len();
        renamed += names.entry(name.to_owned()).or_insert_with(|| format!("i{number}"));
        renamed += &word[name.len()..];
    }
    (renamed, names)
}

/// Whether this is a name that wasm-bindgen gives an import: it ends in `_` and a hash.
fn is_import(name: &str) -> bool {
    let hash = name.rsplit_once('_').filter(|(begin, _)| begin.starts_with("__wb")).map_or("", |(_, hash)| hash);
    hash.len() == HASH && hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_lose_comments_and_indentation_and_no_code() {
        let script = "/**\n * @returns {number}\n */\nget x() {\n    // why\n\n    return 2 // two\n        * 3;\n}\n";
        assert_eq!(without_comments(script), "get x() {\nreturn 2 // two\n* 3;\n}\n");
        assert_eq!(without_comments("/* a */ f();\n/*\n b */ g();\n"), "f();\ng();\n");
    }

    #[test]
    fn imports_have_short_names_and_nothing_else_has() {
        let script = "__wbg_b_bbbbbbbbbbbbbbb0: f(`x-0123456789abcdef.wasm`), __wbindgen_cast_0000000000000001: __wbg_ptr, \
                      __wbg_b_bbbbbbbbbbbbbbb0";
        let (renamed, names) = rename_imports(script);
        assert_eq!(renamed, "i0: f(`x-0123456789abcdef.wasm`), i1: __wbg_ptr, i0");
        assert_eq!((names["__wbg_b_bbbbbbbbbbbbbbb0"].as_str(), names.len()), ("i0", 2));
    }
}
