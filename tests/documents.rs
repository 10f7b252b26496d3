//! The documents hold together: every relative link leads to a file and to a heading, every address of the page is one
//! that it understands, and README names every page of `docs/`.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

use time_traveller::ui::lessons::prose::lessons;
use time_traveller::ui::settings::address;

/// Where `cargo xtask serve` serves the page.
const PAGE: &str = "http://127.0.0.1:8080/";

/// The Markdown files of a folder.
fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = files.map(|file| file.expect("a folder can be read to its end").path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

fn all_documents() -> Vec<PathBuf> {
    ["", "docs", "docs/results"].into_iter().flat_map(documents).collect()
}

fn read(document: &Path) -> String {
    fs::read_to_string(document).unwrap_or_else(|error| panic!("{}: {error}", document.display()))
}

/// The lines outside blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// What the links and pictures of a document lead to. What stands between backticks is no link.
fn links(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    let without_code: String = lines.join("\n").split('`').step_by(2).collect();
    without_code.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors that GitHub gives a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let headings =
        prose(text).filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    let kept = |c: &char| c.is_alphanumeric() || ['-', '_', ' '].contains(c);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn links_and_anchors_are_read_as_they_are_meant() {
    let text = "# The `first` one, it's\n[a](b.md#c), ![d\ne](f.png), [`g`](h) and `[no](link)`.\n\
                ```sh\n# no heading\n[no](link)\n```\n## Second\n#none\n";
    assert_eq!(links(text), ["b.md#c", "f.png", "h"]);
    assert_eq!(anchors(text), ["the-first-one-its", "second"]);
}

#[test]
fn every_link_leads_somewhere() {
    let mut lost = Vec::new();
    for document in all_documents() {
        let text = read(&document);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { document.clone() } else { document.with_file_name(path) };
            let is_there = if anchor.is_empty() {
                target.exists()
            } else {
                target.is_file() && anchors(&read(&target)).iter().any(|heading| heading == anchor)
            };
            if !is_there {
                lost.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(lost.is_empty(), "links that lead nowhere: {lost:#?}");
}

#[test]
fn every_address_of_the_page_means_something() {
    let lessons = lessons(include_str!("../assets/lessons/en.md"));
    let mut found = 0;
    for document in all_documents() {
        for link in links(&read(&document)) {
            let Some(fragment) = link.strip_prefix(PAGE) else { continue };
            found += 1;
            assert!(fragment.starts_with('#'), "{link}");
            assert_eq!(address::unknown(fragment), Vec::<String>::new(), "{link}");
            assert!(address::read(fragment).config().is_ok(), "{link}");
            if let Some(key) = address::value(fragment, address::LESSON) {
                assert!(lessons.iter().any(|lesson| lesson.key == key), "{link}: there is no such lesson");
            }
        }
    }
    assert!(found >= 3, "README has three things to try");
}

#[test]
fn readme_names_every_page() {
    let named = links(include_str!("../README.md"));
    for page in documents("docs") {
        let name = page.file_name().expect("a file has a name").to_string_lossy();
        assert!(named.contains(&format!("docs/{name}")), "README has no link to docs/{name}");
    }
}
