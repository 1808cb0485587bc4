//! Files that are renamed, added or deleted on one side, or that are not asked about by their lines.

use picket_domain::{Investigation, Together};

use super::world::{FILE_NAME, World};
use super::{base_side, in_file, told};
use crate::support::*;

#[test]
fn lines_are_followed_through_a_rename() {
    const MOVED: &str = "pkgs/by-name/op/openssl.nix";
    let mut world = World::new();
    let missing = world.merged_change(41, "line 6", "line six");
    world.master = world.upstream.commit(&[world.master], "move", |edit| {
        edit.rename(FILE_NAME, MOVED);
    });
    let head = world.upstream.commit(&[world.master], "fix", |edit| {
        edit.line(MOVED, "line six\n", "line 6b\n");
    });
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![missing], Together::Clean)]
    );
    assert_eq!(said.prerequisites[0].commits[0].path, MOVED);
}

#[test]
fn a_files_name_is_nothing_but_a_name() {
    const NAME: &str = ":(glob)*,1:--output=x -L";
    let (upstream, root) = Upstream::new();
    let mut world = World {
        master: upstream.commit(&[root], "start", |edit| {
            edit.put(NAME, text("name", 9));
        }),
        release: root,
        upstream,
    };
    world.release = world.master;
    let change = |parent, from: &'static str, to: &'static str| {
        world.upstream.commit(&[parent], "change", |edit| {
            edit.line(NAME, from, to);
        })
    };
    let missing = change(world.master, "line 5\n", "line five\n");
    let head = change(missing, "line five\n", "line 5b\n");
    let ours = change(world.release, "line 5\n", "line V\n");
    (world.master, world.release) = (missing, ours);
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(ours, None)]);
    assert_eq!(said.prerequisites[0].commits[0].sha, sha(missing));
    assert_eq!(said.prerequisites[0].commits[0].path, NAME);
}

#[test]
fn a_name_that_is_no_text_is_not_asked_about() {
    let name = b"pkgs/\xff.nix";
    let mut world = World::new();
    let put = |parent, content: &'static str| {
        world.upstream.commit(&[parent], "change", |edit| {
            edit.put(name, content);
        })
    };
    let start = put(world.master, "one\n");
    let (ours, head) = (put(start, "ours\n"), put(start, "theirs\n"));
    (world.master, world.release) = (start, ours);
    let nothing = Investigation {
        is_cut_short: true,
        ..Investigation::default()
    };
    assert_eq!(world.investigate(head), nothing);
}

#[test]
fn the_base_may_have_renamed_the_file_too() {
    const MOVED: &str = "pkgs/ssl.nix";
    let mut world = World::new();
    let one = world.release_change("one", "line 6", "line six");
    world.release = world.upstream.commit(&[world.release], "move", |edit| {
        edit.rename(FILE_NAME, MOVED);
    });
    let head = world.change(world.master, "fix", "line 6", "line 6b");
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(one, None)]);
    assert_eq!(said.base_side[0].path, MOVED);
}

#[test]
fn the_commit_that_deleted_the_file_is_listed() {
    let mut world = World::new();
    world.release_change("before", "line 6", "line six");
    world.release = world.upstream.commit(&[world.release], "drop it", |edit| {
        edit.remove(FILE_NAME);
    });
    let head = world.change(world.master, "fix", "line 6", "line 6b");
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(world.release, None)]);
    assert_eq!(said.prerequisites, []);
}

#[test]
fn the_pull_request_that_added_the_file_is_missing() {
    let mut world = World::new();
    let added = world.upstream.commit(&[world.master], "init", |edit| {
        edit.put("pkgs/new.nix", text("new", 9));
    });
    world.merge(44, added);
    let head = world.upstream.commit(&[world.master], "fix", |edit| {
        edit.line("pkgs/new.nix", "line 5\n", "line five\n");
    });
    let said = world.investigate(head);
    assert_eq!(
        told(&said.prerequisites),
        [(Some(44), vec![added], Together::Clean)]
    );
    assert_eq!(base_side(&said), []);
}

#[test]
fn a_file_that_the_pull_request_deletes_is_asked_about_where_the_base_changed_it() {
    let mut world = World::new();
    let changed = world.release_change("one", "line 6", "line six");
    let missing = world.merged_change(41, "line 1", "line one");
    let head = world.upstream.commit(&[world.master], "drop it", |edit| {
        edit.remove(FILE_NAME);
    });
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(changed, None)]);
    let still = Together::StillConflicts { paths: in_file() };
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![missing], still)]
    );
}

#[test]
fn both_added_the_file() {
    let mut world = World::new();
    let added = world
        .upstream
        .commit(&[world.release], "init (#51)", |edit| {
            edit.put("pkgs/new.nix", text("ours", 5));
        });
    world.release = added;
    let head = world.upstream.commit(&[world.master], "init", |edit| {
        edit.put("pkgs/new.nix", text("theirs", 5));
    });
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(added, Some(51))]);
    assert_eq!(said.prerequisites, []);
}

#[test]
fn a_file_that_is_no_text_is_asked_about_as_a_whole() {
    let mut world = World::new();
    let put = |bytes: &'static [u8]| {
        move |edit: &mut Edit<'_>| {
            edit.put("logo.png", bytes);
        }
    };
    let start = world
        .upstream
        .commit(&[world.master], "start", put(b"\0one"));
    (world.master, world.release) = (start, start);
    let ours = world.upstream.commit(&[start], "ours", put(b"\0two"));
    world.release = ours;
    let theirs = world.upstream.commit(&[start], "six", put(b"\0three"));
    world.merge(41, theirs);
    let head = world
        .upstream
        .commit(&[world.master], "fix", put(b"\0four"));
    let said = world.investigate(head);
    assert_eq!(base_side(&said), [(ours, None)]);
    let paths = vec!["logo.png".to_owned()];
    let conflicts = Together::PrerequisiteConflicts { paths };
    assert_eq!(
        told(&said.prerequisites),
        [(Some(41), vec![theirs], conflicts)]
    );
}
