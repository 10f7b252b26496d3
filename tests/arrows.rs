//! Dependencies point one way. The imports are read from every file under `src` and `dense/src`, without its tests: no
//! files import each other, in pairs or in longer cycles, and the arrows between rooms are exactly those that
//! ARCHITECTURE.md lists.

#![cfg(not(target_arch = "wasm32"))]

#[path = "arrows/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Module, Tree};

type Graph<T> = BTreeMap<T, BTreeSet<T>>;

/// The files that each file imports.
fn imports() -> Graph<Module> {
    Tree::read(env!("CARGO_MANIFEST_DIR")).imports()
}

/// A cycle, if there is one.
fn cycle<T: Ord + Clone>(graph: &Graph<T>) -> Option<Vec<T>> {
    fn walk<T: Ord + Clone>(graph: &Graph<T>, node: &T, way: &mut Vec<T>, done: &mut BTreeSet<T>) -> Option<Vec<T>> {
        if let Some(start) = way.iter().position(|earlier| earlier == node) {
            return Some(way[start..].iter().chain([node]).cloned().collect());
        }
        if done.contains(node) {
            return None;
        }
        way.push(node.clone());
        let found = graph.get(node).into_iter().flatten().find_map(|next| walk(graph, next, way, done));
        way.pop();
        done.insert(node.clone());
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| walk(graph, node, &mut Vec::new(), &mut done))
}

/// The room of a file: a module of `src`, or of `src/ui`, where a room's views are a room of their own.
fn room(module: &Module) -> String {
    let names: Vec<&str> = module.iter().map(String::as_str).collect();
    match names[..] {
        ["crate", "ui", room, ..] if names.contains(&"view") => format!("ui/{room}/view"),
        ["crate", "ui", room, ..] => format!("ui/{room}"),
        ["crate", room, ..] | [room, ..] => room.to_owned(),
        [] => unreachable!("a module has a name"),
    }
}

/// The arrows between rooms, each with one import that causes it.
fn arrows() -> BTreeMap<(String, String), String> {
    let mut arrows = BTreeMap::new();
    for (from, targets) in imports() {
        for to in targets {
            let arrow = (room(&from), room(&to));
            if arrow.0 != arrow.1 {
                arrows.insert(arrow, format!("{} imports {}", from.join("::"), to.join("::")));
            }
        }
    }
    arrows
}

/// The arrows in ARCHITECTURE.md, where each line is `room → room, room`.
fn allowed() -> BTreeSet<(String, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md");
    let text = std::fs::read_to_string(file).expect("ARCHITECTURE.md can be read");
    let (_, rest) = text.split_once("```arrows\n").expect("ARCHITECTURE.md has a block of arrows");
    let (block, _) = rest.split_once("```").expect("the block of arrows ends");
    let line = |line: &str| {
        let (from, to) = line.split_once(" → ").unwrap_or_else(|| panic!("“{line}” is no arrow"));
        to.split(", ").map(|to| (from.to_owned(), to.to_owned())).collect::<Vec<_>>()
    };
    block.lines().flat_map(line).collect()
}

#[test]
fn no_files_import_each_other() {
    let found = cycle(&imports()).map(|way| way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" → "));
    assert_eq!(found, None, "these files import each other: move what they share into a file below both");
}

#[test]
fn the_arrows_between_rooms_are_those_of_the_list() {
    let (found, allowed) = (arrows(), allowed());
    let strange = found.iter().filter(|(arrow, _)| !allowed.contains(arrow));
    let strange: Vec<String> = strange.map(|((from, to), import)| format!("{from} → {to}: {import}")).collect();
    assert!(strange.is_empty(), "ARCHITECTURE.md does not list these arrows:\n{}", strange.join("\n"));
    let stale: Vec<_> = allowed.iter().filter(|arrow| !found.contains_key(arrow)).collect();
    assert!(stale.is_empty(), "ARCHITECTURE.md lists arrows that nothing makes: {stale:?}");
}

#[test]
fn the_list_of_arrows_points_one_way() {
    let mut rooms = Graph::new();
    for (from, to) in allowed() {
        rooms.entry(from).or_insert_with(BTreeSet::new).insert(to);
    }
    assert_eq!(cycle(&rooms), None);
}
