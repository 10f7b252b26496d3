//! Reads Rust source files as far as needed to know their imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The path of a module that has a file of its own: `["crate", "ui", "page"]`; `["dense", …]` in the other crate, and
/// `["main"]` or `["bin", …]` for a program.
pub type Module = Vec<String>;

/// Every file by its module.
pub struct Tree(BTreeMap<Module, File>);

/// What a file imports.
#[derive(Default)]
struct File {
    /// Absolute paths, starting with the crate.
    imports: Vec<Module>,
    /// Absolute paths of its re-exports, the last name perhaps `*`.
    reexports: Vec<Module>,
    tokens: Vec<String>,
}

impl Tree {
    /// Reads all of `src` and `dense/src` under `root`.
    pub fn read(root: &str) -> Self {
        let mut tokens = BTreeMap::new();
        for (folder, name) in [("src", "crate"), ("dense/src", "dense")] {
            gather(&Path::new(root).join(folder), &[name.to_owned()], &mut tokens);
        }
        let modules: BTreeSet<Module> = tokens.keys().cloned().collect();
        let files = tokens.into_iter().map(|(module, tokens)| {
            let file = File::read(&module, tokens, &modules);
            (module, file)
        });
        Self(files.collect())
    }

    /// The files that each file imports. A re-export is no import.
    pub fn imports(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let targets = |module: &Module, file: &File| {
            let meant = file.imports.iter().filter_map(|path| self.find(path));
            meant.filter(|target| target != module).collect()
        };
        self.0.iter().map(|(module, file)| (module.clone(), targets(module, file))).collect()
    }

    /// The file that defines what a path names, found through re-exports.
    fn find(&self, path: &[String]) -> Option<Module> {
        let length = (1..=path.len()).rev().find(|&length| self.0.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let given = rest.first().and_then(|name| {
            let reexports = &self.0[module].reexports;
            let by_name = reexports.iter().find(|given| given.last() == Some(name)).cloned();
            let globs = reexports.iter().filter(|given| given.last().is_some_and(|last| last == "*"));
            let mut whole = globs.filter_map(|glob| self.find(&glob[..glob.len() - 1]));
            by_name.or_else(|| whole.find(|module| self.0[module].defines(name)))
        });
        match given {
            Some(given) => self.find(&given),
            None => Some(module.to_vec()),
        }
    }
}

/// Reads a folder's files as the children of a module.
fn gather(folder: &Path, parent: &[String], files: &mut BTreeMap<Module, Vec<String>>) {
    for entry in std::fs::read_dir(folder).expect("a folder of source can be read") {
        let path = entry.expect("a folder of source can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("names are text").to_owned();
        let own = || parent.iter().cloned().chain([name.clone()]).collect::<Vec<_>>();
        if path.is_dir() {
            gather(&path, &own(), files);
        } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests" {
            let module = match name.as_str() {
                "mod" | "lib" => parent.to_vec(),
                // A program is a crate of its own.
                _ if name == "main" || parent.ends_with(&["bin".to_owned()]) => own()[1..].to_vec(),
                _ => own(),
            };
            let text = std::fs::read_to_string(&path).expect("source is text");
            files.insert(module, without_tests(tokens(&text)));
        }
    }
}

impl File {
    fn read(module: &[String], tokens: Vec<String>, modules: &BTreeSet<Module>) -> Self {
        let mut file = Self::default();
        // The inline modules around a token, and the number of open braces there.
        let (mut inside, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
        let mut at = 0;
        while at < tokens.len() {
            let token = |place: usize| tokens.get(place).map_or("", String::as_str);
            let before = if at > 0 { token(at - 1) } else { "" };
            let here: Module = module.iter().cloned().chain(inside.iter().map(|(name, _)| name.clone())).collect();
            match token(at) {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inside.pop_if(|(_, opened)| *opened == depth);
                }
                "mod" if token(at + 2) == "{" => inside.push((token(at + 1).to_owned(), depth)),
                "use" if token(at + 1) != "<" => {
                    let is_pub = before == "pub" || before == ")";
                    let mut paths = Vec::new();
                    at = tree(&tokens, at + 1, &[], &mut paths);
                    for path in paths.iter().filter_map(|path| meant(path, &here, modules)) {
                        let is_childs = is_pub && path.starts_with(module);
                        if is_childs { &mut file.reexports } else { &mut file.imports }.push(path);
                    }
                }
                // A path within code, except in a visibility: `pub(in crate::ui)`.
                "crate" | "super" | "self" | "dense" | "time_traveller"
                    if token(at + 1) == "::"
                        && !["::", "$"].contains(&before)
                        && !(before == "in" && token(at - 2) == "(") =>
                {
                    let mut path = vec![token(at).to_owned()];
                    while token(at + 1) == "::" && is_name(token(at + 2)) {
                        path.push(token(at + 2).to_owned());
                        at += 2;
                    }
                    file.imports.extend(meant(&path, &here, modules));
                }
                _ => {}
            }
            at += 1;
        }
        Self { tokens, ..file }
    }

    fn defines(&self, name: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "trait", "type", "const", "static"];
        self.tokens.windows(2).any(|pair| kinds.contains(&pair[0].as_str()) && pair[1] == name)
    }
}

/// The absolute path of a path in the module `here`; `None` for another package's.
fn meant(path: &[String], here: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let crate_name = if here[0] == "dense" { "dense" } else { "crate" };
    let mut base = match first.as_str() {
        "crate" => vec![crate_name.to_owned()],
        "time_traveller" => vec!["crate".to_owned()],
        "dense" => vec!["dense".to_owned()],
        "self" => here.to_vec(),
        "super" => here[..here.len() - 1].to_vec(),
        _ => {
            let child: Module = here.iter().chain([first]).cloned().collect();
            return modules.contains(&child).then(|| here.iter().chain(path).cloned().collect());
        }
    };
    for name in rest {
        if name == "super" {
            base.pop();
        } else {
            base.push(name.clone());
        }
    }
    Some(base)
}

/// Reads one tree of a `use` from the token `at` on: adds its paths, each after the prefix `before`. Returns the index
/// after the tree.
fn tree(tokens: &[String], mut at: usize, before: &[String], paths: &mut Vec<Module>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens[at].as_str() {
            "::" => {}
            "{" => {
                while tokens[at] != "}" {
                    at = tree(tokens, at + 1, &path, paths);
                }
                return at + 1;
            }
            // The local name does not matter.
            "as" => at += 1,
            // `self` in a group is the path before the group.
            "self" if !before.is_empty() => paths.push(path.clone()),
            "," | "}" | ";" => {
                if path.len() > before.len() {
                    paths.push(path);
                }
                return at;
            }
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// A file's tokens without its `tests` module.
fn without_tests(mut tokens: Vec<String>) -> Vec<String> {
    if let Some(start) = tokens.windows(3).position(|three| three == ["mod", "tests", "{"]) {
        let mut depth = 0;
        let mut is_end = |token: &String| {
            depth += i32::from(token == "{") - i32::from(token == "}");
            token == "}" && depth == 0
        };
        let length = tokens[start..].iter().position(&mut is_end).expect("every brace is closed");
        tokens.drain(start..=start + length);
    }
    tokens
}

/// A text's names, `::` and other characters, without comments and literals.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = if rest.starts_with("::") { 2 } else { name.max(first.len_utf8()) };
            out.extend((!first.is_whitespace()).then(|| rest[..length].to_owned()));
            length
        };
        rest = &rest[length..];
    }
    out
}

/// The length of the string or character that the text begins with.
fn literal(text: &str) -> Option<usize> {
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r')).filter(|rest| rest.starts_with(['"', '#']));
    if let Some(rest) = raw {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let body = rest[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text.len() - body.len() + body.find(&end)? + end.len());
    }
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let is_end = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    let end = end?.0 + 1;
    // A lifetime has no second quote one character later.
    let is_character = text[1..].starts_with('\\') || text[1..end - 1].chars().count() == 1;
    (quote == '"' || is_character).then_some(end)
}
