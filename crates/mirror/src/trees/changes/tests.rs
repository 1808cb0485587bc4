use picket_treemerge::NewObjects;

use super::*;

/// A tree from its entries as they are written.
fn tree(objects: &mut NewObjects, entries: &[(&str, &str, ObjectId)]) -> ObjectId {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend(format!("{mode} {name}\0").bytes());
        bytes.extend(id.as_bytes());
    }
    objects.add(Kind::Tree, bytes)
}

fn told(objects: &NewObjects, from: ObjectId, to: ObjectId) -> Vec<String> {
    let side = |version: Option<Version>| match version {
        Some(version) => format!("{:?} {}", version.mode, &version.id.to_string()[..4]),
        None => "-".to_owned(),
    };
    let found = changes(objects, from, to).unwrap().unwrap();
    let lines = found.iter().map(|change| {
        let path = String::from_utf8_lossy(&change.path);
        format!("{path}: {} > {}", side(change.old), side(change.new))
    });
    lines.collect()
}

#[test]
fn files_and_folders_that_take_each_others_place_are_told() {
    let mut objects = NewObjects::default();
    let [a, b] = ["a", "b"].map(|text| objects.add(Kind::Blob, text.into()));
    let below = tree(&mut objects, &[("100644", "in", a), ("120000", "link", b)]);
    let from = tree(
        &mut objects,
        &[
            ("100644", "same", a),
            ("40000", "x", below),
            ("100755", "y", a),
        ],
    );
    let to = tree(
        &mut objects,
        &[
            ("100644", "same", a),
            ("100644", "x", a),
            ("40000", "y", below),
        ],
    );
    let found = told(&objects, from, to);
    assert_eq!(
        found,
        [
            "x: - > File 2e65",
            "x/in: File 2e65 > -",
            "x/link: Symlink 63d8 > -",
            "y: Executable 2e65 > -",
            "y/in: - > File 2e65",
            "y/link: - > Symlink 63d8",
        ]
    );
}

#[test]
fn of_two_entries_with_one_name_neither_hides_the_other() {
    let mut objects = NewObjects::default();
    let [a, b] = ["a", "b"].map(|text| objects.add(Kind::Blob, text.into()));
    let evil = tree(&mut objects, &[("100644", ".git", b)]);
    let from = tree(&mut objects, &[("100644", "x", a)]);
    for entries in [
        [("100644", "x", a), ("40000", "x", evil)],
        [("40000", "x", evil), ("100644", "x", a)],
    ] {
        let to = tree(&mut objects, &entries);
        assert_eq!(told(&objects, from, to), ["x/.git: - > File 63d8"]);
    }
}

#[test]
fn a_tree_of_more_files_than_can_be_is_refused() {
    let mut objects = NewObjects::default();
    let mut at = objects.add(Kind::Blob, b"x".into());
    let mut mode = "100644";
    for _ in 0..12 {
        let names: Vec<_> = (0..10).map(|n| n.to_string()).collect();
        let entries: Vec<_> = names.iter().map(|name| (mode, name.as_str(), at)).collect();
        at = tree(&mut objects, &entries);
        mode = "40000";
    }
    let empty = ObjectId::EMPTY_TREE;
    assert_eq!(changes(&objects, empty, at).unwrap(), None);
}

#[test]
fn an_entry_is_found_by_its_path() {
    let mut objects = NewObjects::default();
    let a = objects.add(Kind::Blob, b"a".into());
    let below = tree(&mut objects, &[("100644", "in", a)]);
    let root = tree(&mut objects, &[("40000", "x", below), ("100644", "y", a)]);
    let at = |path: &str| entry_at(&objects, root, path.as_bytes()).unwrap();
    assert_eq!(at("x/in").unwrap().id, a);
    assert_eq!(at("x").unwrap().mode, Mode::Tree);
    assert_eq!(at("y/in"), None);
    assert_eq!(at("z"), None);
    let b = objects.add(Kind::Blob, b"b".into());
    let below = tree(&mut objects, &[("100755", "in", a)]);
    let other = tree(&mut objects, &[("40000", "x", below), ("100644", "y", b)]);
    let differs = |path: &str| differs_at(&objects, (root, other), path.as_bytes()).unwrap();
    assert!(differs("x/in") && differs("x") && differs("y"));
    assert!(!differs("x/out") && !differs("z"));
}

#[test]
fn trees_without_end_are_refused() {
    let mut objects = NewObjects::default();
    let mut at = objects.add(Kind::Blob, b"x".into());
    let mut mode = "100644";
    for _ in 0..10_000 {
        at = tree(&mut objects, &[(mode, "a", at)]);
        mode = "40000";
    }
    let empty = ObjectId::EMPTY_TREE;
    assert_eq!(changes(&objects, empty, at).unwrap(), None);
}

#[test]
fn entries_without_number_of_one_name_are_all_told() {
    let mut objects = NewObjects::default();
    let a = objects.add(Kind::Blob, b"a".into());
    let many = vec![("100644", "x", a); 20_000];
    let (from, to) = (tree(&mut objects, &many), tree(&mut objects, &many[1..]));
    assert_eq!(told(&objects, from, to).len(), 20_000);
}
