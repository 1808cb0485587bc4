//! Each way in which an attribute's evaluation can read a file or another attribute: either the
//! attribute comes up when that changes, or it is told that everything may have changed.

use std::collections::BTreeMap;

use crate::changed::Touched;
use crate::dirt::{Dirt, Reach};
use crate::finding::Sets;
use crate::references::{Origin, References, build};

/// Attributes of the top level in these tests: enough for a large set.
fn filler() -> String {
    (0..20).map(|n| format!("filler{n} = {n};\n")).collect()
}

fn top(bindings: &str) -> String {
    format!(
        "{{ lib }}: self: pkgs: with pkgs; {{ {} {bindings} }}",
        filler()
    )
}

fn references(files: &[(&str, &str)]) -> References {
    let links = files.iter().map(|(path, content)| {
        let target = content.strip_prefix("-> ").map(ToOwned::to_owned);
        ((*path).to_owned(), target)
    });
    let contents: BTreeMap<_, _> = files.iter().copied().collect();
    build(&Origin {
        files: &links.collect(),
        content: &|path| contents.get(path).map(|it| it.as_bytes().to_vec()),
        is_attribute: &is_attribute,
        sets: &Sets::new(),
    })
}

fn is_attribute(name: &str) -> bool {
    name.starts_with("filler") || name.len() == 1
}

/// What comes up when this is touched; `everything` where everything may have changed.
fn candidates(files: &[(&str, &str)], touched: &Touched) -> Vec<String> {
    let references = references(files);
    let mut dirt = Dirt::new(&references, &is_attribute, "default.nix");
    dirt.touch(touched);
    let mut found = names(&mut dirt);
    if dirt.everything.is_some() {
        found.push("everything".to_owned());
    }
    found.sort();
    found
}

fn names(dirt: &mut Dirt<'_>) -> Vec<String> {
    let candidates = dirt.take_candidates().into_iter();
    candidates.map(|(path, _)| path.to_string()).collect()
}

fn file(path: &str) -> Touched {
    Touched::File(path.to_owned())
}

const TOP: &str = "pkgs/top.nix";

/// What comes up for a file when `a` is bound to this, among others.
fn reading(binding: &str, more: &[(&str, &str)], path: &str) -> Vec<String> {
    let text = top(&format!("a = {binding}; b = 1;"));
    let mut files = vec![
        ("default.nix", "import ./pkgs/top.nix"),
        (TOP, text.as_str()),
    ];
    files.extend_from_slice(more);
    candidates(&files, &file(path))
}

#[test]
fn a_file_is_found_however_it_is_read() {
    let package = "{ x }: x { patches = [ ./fix.patch ]; }";
    let more = [
        ("pkgs/a/default.nix", package),
        ("pkgs/a/fix.patch", ""),
        ("pkgs/a/b/c", ""),
    ];
    for (binding, path) in [
        ("callPackage ./a { }", "pkgs/a/default.nix"),
        ("callPackage ./a { }", "pkgs/a/fix.patch"),
        ("callPackage ./a/default.nix { }", "pkgs/a/fix.patch"),
        ("f { src = ./a; }", "pkgs/a/b/c"),
        ("readFile ./a/b/c", "pkgs/a/b/c"),
        ("readDir ./a", "pkgs/a/new"),
        ("pathExists ./a/new", "pkgs/a/new"),
        ("import (./a + \"/${x}\")", "pkgs/a/b/c"),
        ("import (./a + x)", "pkgs/a/b/c"),
        ("import ./a/${x}/c", "pkgs/a/b/c"),
        ("import (./. + \"/a/b/c\")", "pkgs/a/b/c"),
        ("import \"${./a}/b/c\"", "pkgs/a/b/c"),
        ("import (pkgs.path + \"/pkgs/a/b/c\")", "pkgs/a/b/c"),
        ("import (dirOf ./a/default.nix + \"/b\")", "pkgs/a/b/c"),
        ("import ./. { }", "pkgs/default.nix"),
        ("(import ./a).${x}.y or null", "pkgs/a/fix.patch"),
        ("let f = p: import p; in f ./a", "pkgs/a/fix.patch"),
    ] {
        assert_eq!(
            reading(binding, &more, path),
            ["a"],
            "{binding} reads {path}"
        );
    }
}

#[test]
fn links_are_followed() {
    let more = [
        ("pkgs/a", "-> ../shared/a"),
        ("shared/a/default.nix", "{ }: 1"),
        ("shared/a/f", ""),
    ];
    assert_eq!(
        reading("callPackage ./a { }", &more, "shared/a/default.nix"),
        ["a"]
    );
    assert_eq!(reading("f ./a", &more, "shared/a/f"), ["a"]);
    assert_eq!(reading("f ./a", &more, "pkgs/a"), ["a"]);
}

#[test]
fn what_nobody_reads_changes_nothing() {
    let more = [("pkgs/a/default.nix", "1"), ("nixos/x.nix", "{ }")];
    assert!(reading("callPackage ./a { }", &more, "nixos/x.nix").is_empty());
    assert!(reading("callPackage ./a { }", &more, "README.md").is_empty());
}

#[test]
fn the_way_through_the_entry_is_everything() {
    assert_eq!(reading("1", &[], "default.nix"), ["everything"]);
    assert!(reading("1", &[], TOP).contains(&"everything".to_owned()));
}

/// What comes up when the attribute `z` is found to differ in what others can read of it.
fn mentioning(bindings: &str, more: &[(&str, &str)]) -> Vec<String> {
    let text = top(&format!("z = 1; {bindings}"));
    let mut files = vec![
        ("default.nix", "import ./pkgs/top.nix"),
        (TOP, text.as_str()),
    ];
    files.extend_from_slice(more);
    let references = references(&files);
    let mut dirt = Dirt::new(&references, &is_attribute, "default.nix");
    dirt.spread("z", Reach::Read);
    let mut found = names(&mut dirt);
    found.sort();
    found
}

#[test]
fn an_attribute_is_found_however_it_is_mentioned() {
    let argument = [("pkgs/a.nix", "{ x, z ? null }: x { y = z.version; }")];
    assert_eq!(mentioning("a = callPackage ./a.nix { };", &argument), ["a"]);
    for mention in [
        "a = z.override { };",
        "a = pkgs.z.src;",
        "a = f { inherit z; };",
        "a = f { inherit (z) src; };",
        "a = pkgs.\"z\";",
        "a = getAttr \"z\" pkgs;",
        "a = \"${z}/bin\";",
        "a = attrByPath (splitString \".\" \"x.z.y\") pkgs;",
        "inherit (z) a;",
        "a.b.c = z;",
    ] {
        assert_eq!(mentioning(mention, &[]), ["a"], "{mention}");
    }
}

#[test]
fn it_goes_on_through_what_is_no_attribute() {
    let sets: String = (0..20).map(|n| format!("inner{n} = {n};\n")).collect();
    let set = format!("{{ pkgs }}: let mine = pkgs.z; in {{ {sets} helper = mine; }}");
    let more = [("pkgs/set.nix", set.as_str())];
    let bindings = "s = import ./set.nix { }; a = s.helper; b = s.inner1;";
    assert_eq!(mentioning(bindings, &more), ["a"]);
}

#[test]
fn packages_by_their_folders_come_and_go() {
    let text = top("a = 1;");
    let files = [
        ("default.nix", "import ./pkgs/top.nix"),
        (TOP, text.as_str()),
        ("pkgs/by-name/m/m/package.nix", "{ x }: x ./p"),
        ("pkgs/by-name/m/m/p/q", ""),
    ];
    assert_eq!(
        candidates(&files, &file("pkgs/by-name/m/m/package.nix")),
        ["m"]
    );
    assert_eq!(candidates(&files, &file("pkgs/by-name/m/m/p/q")), ["m"]);
    let (file, name) = ("pkgs/by-name".to_owned(), "new".to_owned());
    assert_eq!(candidates(&files, &Touched::Name { file, name }), ["new"]);
}
