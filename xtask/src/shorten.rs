//! What wasm-bindgen writes, made shorter to load: JavaScript without comments, and imports whose names end in their number
//! instead of in a hash, of which gzip can make nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

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
            let mut code = fs::read(&program)?;
            number_imports(&mut text, &mut code);
            fs::write(&program, code)?;
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

/// Puts a number of the same length in the place of each hash, in the script and in its program.
fn number_imports(script: &mut String, program: &mut [u8]) {
    let names = script.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter_map(hash);
    let hashes: BTreeSet<Vec<u8>> = names.map(|hash| hash.as_bytes().to_vec()).collect();
    let numbers: BTreeMap<Vec<u8>, String> =
        hashes.into_iter().enumerate().map(|(number, hash)| (hash, format!("{number:0HASH$}"))).collect();
    let mut bytes = std::mem::take(script).into_bytes();
    replace(&mut bytes, &numbers);
    replace(program, &numbers);
    *script = String::from_utf8(bytes).expect("digits for digits");
}

/// In one pass, since wasm-bindgen numbers some names itself: a number that was put in may be the hash of another.
fn replace(bytes: &mut [u8], numbers: &BTreeMap<Vec<u8>, String>) {
    for at in 1..bytes.len().saturating_sub(HASH - 1) {
        if bytes[at - 1] == b'_' && bytes[at].is_ascii_hexdigit() {
            let end = &mut bytes[at..at + HASH];
            if let Some(number) = numbers.get(&*end) {
                end.copy_from_slice(number.as_bytes());
            }
        }
    }
}

/// The hash at the end of a name of wasm-bindgen's.
fn hash(name: &str) -> Option<&str> {
    let (begin, hash) = name.rsplit_once('_')?;
    let is_hash = hash.len() == HASH && hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    (begin.starts_with("__wb") && is_hash).then_some(hash)
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
    fn script_and_program_agree_on_the_numbers_of_imports() {
        let mut script =
            "__wbg_b_bbbbbbbbbbbbbbb0: f(`x-0123456789abcdef.wasm`), __wbg_a_aaaaaaaaaaaaaaa1: g".to_owned();
        let mut program = b"\x18__wbg_a_aaaaaaaaaaaaaaa1\x18__wbg_b_bbbbbbbbbbbbbbb0\x00".to_vec();
        number_imports(&mut script, &mut program);
        assert_eq!(script, "__wbg_b_0000000000000001: f(`x-0123456789abcdef.wasm`), __wbg_a_0000000000000000: g");
        assert_eq!(program, b"\x18__wbg_a_0000000000000000\x18__wbg_b_0000000000000001\x00");
    }

    #[test]
    fn names_that_end_in_numbers_stay_different() {
        let names: Vec<String> = (1..=0x20).map(|number| format!("__wbindgen_cast_{number:016x}")).collect();
        let mut script = names.join(" ");
        let mut program = script.clone().into_bytes();
        number_imports(&mut script, &mut program);
        assert_eq!(script.as_bytes(), program);
        assert_eq!(script.split(' ').collect::<BTreeSet<_>>().len(), names.len());
    }
}
