//! Trees with paths set and removed, as by `git update-index`.

use picket_treemerge::{Kind, Mode, ObjectId, Overlay, UpdateTreeError, Version, update_tree};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    random::case,
    repository::{Case, Change, Scratch, Tree, file, open, tree},
    steps::{DIRECTORIES, NAMES},
};

fn version(mode: Mode, text: &str) -> Version {
    let id = ObjectId::of(Kind::Blob, text.as_bytes());
    Version { mode, id }
}

fn change() -> impl Strategy<Value = Change> {
    let mode = prop_oneof![
        3 => Just(Mode::File),
        1 => Just(Mode::Executable),
        1 => Just(Mode::Symlink),
        1 => Just(Mode::Submodule),
    ];
    let to = prop::option::of((mode, "[a-c]").prop_map(|(mode, text)| version(mode, &text)));
    (0..DIRECTORIES.len(), 0..NAMES.len(), to).prop_map(|(directory, name, to)| {
        let path = [DIRECTORIES[directory], NAMES[name]].concat();
        (path.into_bytes(), to)
    })
}

/// Whether two of the changes cannot both be.
fn contradict(changes: &[Change]) -> bool {
    let mut last = std::collections::BTreeMap::new();
    for (path, version) in changes {
        last.insert(path.clone(), *version);
    }
    let set = || {
        last.iter()
            .filter(|(_, version)| version.is_some())
            .map(|(path, _)| path)
    };
    set().any(|path| {
        let below = [path.as_slice(), b"/"].concat();
        set().any(|other| other.starts_with(&below))
    })
}

#[test]
fn trees_change_as_gits() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[6; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (case(), prop::collection::vec(change(), 0..6));
    let cases: Vec<(Case, Vec<Change>)> = (0..300)
        .map(|_| strategy.new_tree(&mut runner).expect("a case").current())
        .collect();
    let scratch = Scratch::new();
    let ids = scratch.add(cases.iter().map(|(case, _)| &case[1]));
    let repository = open(&scratch.path());
    let mut refused = 0;
    for ((case, changes), id) in cases.iter().zip(ids) {
        match update_tree(&repository, id, changes) {
            Ok((tree, new)) => {
                // git applies one after the other: what is set makes way for what comes later.
                let (set, removed): (Vec<Change>, Vec<Change>) = changes_once(changes)
                    .into_iter()
                    .partition(|(_, to)| to.is_some());
                let git = scratch.updated(id, &[removed, set].concat());
                assert_eq!(tree, git, "{changes:?} of {:?}", case[1]);
                let whole = update_tree(&Overlay::new(&new, &repository), tree, &[]);
                assert_eq!(whole.expect("every tree is there").0, tree);
            }
            Err(UpdateTreeError::Path(_)) => {
                assert!(contradict(changes), "{changes:?}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!((1..150).contains(&refused), "{refused}");
}

fn changes_once(changes: &[Change]) -> Vec<Change> {
    changes
        .iter()
        .cloned()
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .collect()
}

fn of(from: &Tree, changes: &[(&str, Option<Version>)]) -> Result<ObjectId, UpdateTreeError> {
    let scratch = Scratch::new();
    let id = scratch.add([from])[0];
    let changes: Vec<Change> = changes
        .iter()
        .map(|(path, version)| (path.as_bytes().to_vec(), *version))
        .collect();
    update_tree(&open(&scratch.path()), id, &changes).map(|(tree, _)| tree)
}

#[test]
fn empty_directories_go_and_new_ones_come() {
    let from = tree(&[("a/b/x", file("x")), ("y", file("y"))]);
    let expected = tree(&[("c/d/x", file("x")), ("y", file("y"))]);
    let x = version(Mode::File, "x");
    let changed = of(&from, &[("a/b/x", None), ("c/d/x", Some(x))]);
    assert_eq!(
        changed.expect("well-formed"),
        Scratch::new().add([&expected])[0]
    );
    let emptied = of(&from, &[("a/b/x", None), ("y", None), ("gone", None)]);
    assert_eq!(emptied.expect("well-formed"), ObjectId::EMPTY_TREE);
}

#[test]
fn what_is_no_path_is_refused() {
    let x = Some(version(Mode::File, "x"));
    let deep = "d/".repeat(300) + "x";
    for path in [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "a/../b",
        ".git/config",
        "a/.GIT",
        "a\0b",
        &deep,
    ] {
        let refused = of(&Tree::new(), &[(path, x)]);
        assert!(
            matches!(refused, Err(UpdateTreeError::Path(_))),
            "{path:?}: {refused:?}"
        );
    }
    let refused = of(&Tree::new(), &[("d/x", x), ("d", x)]);
    assert!(
        matches!(refused, Err(UpdateTreeError::Path(_))),
        "{refused:?}"
    );
}
