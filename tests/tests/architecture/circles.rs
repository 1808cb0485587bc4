//! No modules of a crate import each other in a circle.
//!
//! Imports are read off the source's text: every path that begins with `crate`, `super` or `self`
//! counts, whether in a `use` or elsewhere; tests do not. A parent that only declares its children
//! or passes their names on imports nothing of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::root;

/// A module's path within its crate; the crate's root is empty.
type Module = Vec<String>;

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut found = BTreeSet::new();
    let mut sources = 0;
    for folder in fs::read_dir(root().join("crates")).unwrap().flatten() {
        let modules = modules(&folder.path().join("src"));
        sources += modules.len();
        let name = folder.file_name().to_string_lossy().into_owned();
        let of_crate = circles(&modules);
        found.extend(of_crate.iter().map(|circle| format!("{name}: {circle}")));
    }
    assert!(sources > 200, "only {sources} modules were found");
    assert!(found.is_empty(), "these import in a circle: {found:#?}");
}

#[test]
fn a_circle_is_found_through_groups_and_parents() {
    let modules = |texts: &[(&str, &str)]| {
        let module = |name: &str| name.split("::").map(str::to_owned).collect::<Module>();
        let entry = |(name, text): &(&str, &str)| (module(name), (*text).to_owned());
        texts.iter().map(entry).collect::<BTreeMap<_, _>>()
    };
    let circle = modules(&[
        ("a", "mod c; use crate::{x::Y, b::{self, B}};"),
        ("a::b", "pub(super) use super::super::b::C; // crate::a"),
        ("a::c", "fn f() { super::b::g() }"),
        ("b", "use std::crate_a; use crate::a::c::D;"),
    ]);
    let expected = BTreeSet::from(["a::b, a::c, b".to_owned()]);
    assert_eq!(circles(&circle), expected);
    let comma_at_the_end = modules(&[
        ("a", "use crate::{b::B,};\nfn f(x: X, c: C) {}"),
        ("b", ""),
        ("c", "use crate::a::f;"),
    ]);
    assert_eq!(circles(&comma_at_the_end), BTreeSet::new());
    let up_and_down = modules(&[
        ("a", "mod c; use crate::{x::Y, b::{self, B}};"),
        ("a::c", "use super::E;"),
        ("b", "use crate::a::c::D;"),
        ("d", "#[cfg(test)]\nmod tests {\n use crate::b; }"),
    ]);
    assert_eq!(
        circles(&up_and_down),
        BTreeSet::from(["a, a::c, b".to_owned()])
    );
}

/// The modules below a folder with their texts, without comments and tests.
fn modules(src: &Path) -> BTreeMap<Module, String> {
    let mut modules = BTreeMap::new();
    let mut folders = vec![(src.to_owned(), Module::new())];
    while let Some((folder, module)) = folders.pop() {
        for entry in fs::read_dir(folder)
            .expect("the folder can be read")
            .flatten()
        {
            let path = entry.path();
            let name = path
                .file_stem()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            let below = |name| [module.clone(), vec![name]].concat();
            let is_source = path.is_dir() || path.extension().is_some_and(|it| it == "rs");
            match (path.is_dir(), name.as_str()) {
                (_, "tests" | "main") => {}
                (false, _) if !is_source => {}
                (true, _) => folders.push((path, below(name))),
                (false, "lib" | "mod") => drop(modules.insert(module.clone(), read(&path))),
                (false, _) => drop(modules.insert(below(name), read(&path))),
            }
        }
    }
    modules
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file can be read")
}

/// The sets of modules of which each can be reached from each other one, as text.
fn circles(modules: &BTreeMap<Module, String>) -> BTreeSet<String> {
    let imports: BTreeMap<_, _> = modules
        .iter()
        .map(|(module, text)| (module, imports(module, text, modules)))
        .collect();
    let reached: BTreeMap<_, _> = modules
        .keys()
        .map(|module| (module, reach(module, &imports)))
        .collect();
    let of = |module: &Module| {
        let with_way_back = reached[module]
            .iter()
            .filter(|other| reached[*other].contains(module));
        with_way_back.map(|it| it.join("::")).collect::<Vec<_>>()
    };
    let circles = modules.keys().map(of).filter(|circle| circle.len() > 1);
    circles.map(|circle| circle.join(", ")).collect()
}

fn reach(from: &Module, imports: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(module) = ahead.pop() {
        for next in &imports[module] {
            if reached.insert(next.clone()) {
                ahead.push(next);
            }
        }
    }
    reached
}

/// The modules that a module's text names something of: other ones, and not the crate's root.
fn imports(module: &Module, text: &str, modules: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let words = words(text);
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        // `pub(super)` and `&self` name nothing.
        let is_whole = (at == 0 || words[at - 1] != "::")
            && words.get(at + 1).is_some_and(|next| next == "::");
        if is_whole && ["crate", "super", "self"].contains(&word.as_str()) {
            let mut paths = Vec::new();
            read_path(&words, at, &mut Vec::new(), &mut paths);
            found.extend(
                paths
                    .iter()
                    .filter_map(|path| target(module, path, modules)),
            );
        }
    }
    found.remove(module);
    found
}

/// The text's names and the signs that paths are made of; everything else is `.`.
fn words(text: &str) -> Vec<String> {
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text);
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line));
    let mut words: Vec<String> = Vec::new();
    let mut is_in_name = false;
    for character in lines.flat_map(|line| line.chars().chain(['\n'])) {
        let is_of_name = character.is_alphanumeric() || character == '_';
        match words.last_mut() {
            Some(last) if is_in_name && is_of_name => last.push(character),
            Some(last) if character == ':' && last == ":" => last.push(character),
            _ if character.is_whitespace() => {}
            _ if is_of_name || ":{},".contains(character) => words.push(character.to_string()),
            _ => words.push(".".to_owned()),
        }
        is_in_name = is_of_name;
    }
    words
}

/// Reads the path at a place, and all that it branches into; returns the place after it.
fn read_path(
    words: &[String],
    mut at: usize,
    path: &mut Vec<String>,
    paths: &mut Vec<Vec<String>>,
) -> usize {
    let length = path.len();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    loop {
        if word(at) == "{" {
            while !["}", ""].contains(&word(at)) {
                // The comma after the last one.
                if word(at + 1) == "}" {
                    at += 1;
                    break;
                }
                at = read_path(words, at + 1, path, paths);
                while ![",", "}", ""].contains(&word(at)) {
                    at += 1;
                }
            }
            at += 1;
            break;
        }
        path.push(word(at).to_owned());
        at += 1;
        if word(at) != "::" {
            paths.push(path.clone());
            break;
        }
        at += 1;
    }
    path.truncate(length);
    at
}

/// The module that a path leads to, from a module.
fn target(module: &Module, path: &[String], modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut here = module.clone();
    for (at, name) in path.iter().enumerate() {
        match (name.as_str(), at) {
            ("crate", 0) => here.clear(),
            ("self", _) => {}
            ("super", _) => drop(here.pop()),
            _ => {
                here.push(name.clone());
                if !modules.contains_key(&here) {
                    here.pop();
                    break;
                }
            }
        }
    }
    (!here.is_empty()).then_some(here)
}
