//! nixpkgs moved thousands of packages to `pkgs/by-name`, and fixes are picked to branches from
//! before that.

use picket_lab::replay::Triple;
use picket_treemerge::{AllText, Merged, Outcome, merge};

use crate::repository::{Scratch, Tree, file, open};

fn package(number: usize, version: &str) -> String {
    let rest: String = (0..12)
        .map(|line| format!("  line{line} = \"{number}-{line}\";\n"))
        .collect();
    format!("{{\n  pname = \"package{number}\";\n  version = \"{version}\";\n{rest}}}\n")
}

/// The tree before the move, after it, and with the fix after it.
fn trees(count: usize) -> [Tree; 3] {
    let (mut old, mut moved) = (Tree::new(), Tree::new());
    for number in 0..count {
        let text = package(number, "1.0");
        let folder = ["tools", "development", "servers"][number % 3];
        old.insert(
            format!("pkgs/{folder}/package{number}/default.nix").into(),
            file(&text),
        );
        let text = text.replace("{\n", "{ lib }:\n{\n");
        let shard = number % 97;
        moved.insert(
            format!("pkgs/by-name/{shard:02}/package{number}/package.nix").into(),
            file(&text),
        );
    }
    for tree in [&mut old, &mut moved] {
        for number in 0..200 {
            let text = file(&package(90_000 + number, "1.0"));
            tree.insert(format!("pkgs/games/game{number}/default.nix").into(), text);
        }
    }
    let mut fixed = moved.clone();
    let target = format!("pkgs/by-name/42/package{}/package.nix", 42 + 97);
    let text = package(42 + 97, "1.0.1").replace("{\n", "{ lib }:\n{\n");
    fixed.insert(target.into(), file(&text));
    [old, moved, fixed]
}

/// The fix reaches the package at its old place, as with git.
fn fix_is_picked(count: usize) {
    let [old, moved, fixed] = trees(count);
    let mut expected = old.clone();
    let place = [b"tools".as_slice(), b"development", b"servers"][(42 + 97) % 3];
    let path = [
        b"pkgs/",
        place,
        format!("/package{}/default.nix", 42 + 97).as_bytes(),
    ]
    .concat();
    expected.insert(path, file(&package(42 + 97, "1.0.1")));
    let scratch = Scratch::new();
    let ids = scratch.add([&old, &moved, &fixed, &expected]);
    let triple = Triple {
        base: ids[1],
        ours: ids[0],
        theirs: ids[2],
    };
    let compared = scratch.merge(&[triple]).remove(0);
    assert!(compared.agree(), "{compared:?}");
    assert_eq!(compared.tree(), Some(ids[3]));
    let repository = open(&scratch.path());
    let outcome = merge(
        &repository,
        &AllText,
        triple.base,
        triple.ours,
        triple.theirs,
    );
    let Ok(Outcome::Merged(Merged { renames, .. })) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        renames.ours.wanted > 0 && renames.ours.found > 0,
        "{renames:?}"
    );
    assert!(!renames.ours.gave_up);
}

#[test]
fn a_fix_is_picked_across_600_moves() {
    fix_is_picked(600);
}

#[test]
fn a_fix_is_picked_across_2000_moves() {
    fix_is_picked(2000);
}
