//! What a conflict says of itself, against what `git merge-tree` says of it.

use std::collections::{BTreeMap, BTreeSet};

use picket_treemerge::{
    AllText, ConflictKind, Conflicts, Mode, ObjectId, Outcome, Repository, Version, merge,
};

use crate::{
    moves::moved_case,
    random::{case, generate},
    repository::{Case, Change, Entry, Scratch, Tree, file, numbered, octal, open, tree},
};

type Stages = [Option<Version>; 3];

/// git's answer to a merge that conflicts: its tree, and the versions of each path.
struct GitConflict {
    tree: ObjectId,
    stages: BTreeMap<Vec<u8>, Stages>,
}

const MODES: [Mode; 4] = [Mode::File, Mode::Executable, Mode::Symlink, Mode::Submodule];

impl GitConflict {
    /// Nothing if git merges these, or breaks off.
    fn of(scratch: &Scratch, trees: &[ObjectId]) -> Option<Self> {
        let output = scratch
            .git()
            .args(["merge-tree", "--write-tree", "-z"])
            .arg(format!("--merge-base={}", trees[0]))
            .args([trees[1].to_string(), trees[2].to_string()])
            .output()
            .expect("git runs");
        if output.status.code() != Some(1) {
            return None;
        }
        let mut parts = output.stdout.split(|byte| *byte == 0);
        let tree = id(parts.next().expect("a tree"));
        let mut stages = BTreeMap::<_, Stages>::new();
        for part in parts.take_while(|part| !part.is_empty()) {
            let tab = part.iter().position(|byte| *byte == b'\t').expect("a tab");
            let fields: Vec<&[u8]> = part[..tab].split(|byte| *byte == b' ').collect();
            let mode = MODES
                .into_iter()
                .find(|mode| octal(*mode).as_bytes() == fields[0]);
            let stage = usize::from(fields[2][0] - b'1');
            stages.entry(part[tab + 1..].to_vec()).or_default()[stage] = Some(Version {
                mode: mode.expect("a known mode"),
                id: id(fields[1]),
            });
        }
        Some(Self { tree, stages })
    }

    /// Its tree with our version of each path that conflicts.
    fn with_ours(&self, scratch: &Scratch) -> ObjectId {
        let ours = |(path, stages): (&Vec<u8>, &Stages)| (path.clone(), stages[1]);
        let changes: Vec<Change> = self.stages.iter().map(ours).collect();
        scratch.updated(self.tree, &changes)
    }
}

fn id(text: &[u8]) -> ObjectId {
    std::str::from_utf8(text)
        .expect("text")
        .parse()
        .expect("an id")
}

fn conflicts(repository: &Repository, trees: &[ObjectId]) -> Option<Conflicts> {
    match merge(repository, &AllText, trees[0], trees[1], trees[2]).expect("nothing is missing") {
        Outcome::Conflict(conflicts) => Some(conflicts),
        Outcome::Merged(_) | Outcome::Unsure(_) => None,
    }
}

/// Whether a conflict of this kind has versions. (Renames that conflict may take them from one
/// that has to do with them.)
fn has_stages(kind: ConflictKind) -> bool {
    use ConflictKind::{AddAdd, Binary, Content, Mode, ModifyDelete, Submodule, Symlink};
    matches!(
        kind,
        Content | AddAdd | Binary | Mode | ModifyDelete | Symlink | Submodule
    )
}

fn check_one(scratch: &Scratch, found: &Conflicts, git: &GitConflict) {
    let only_files = found.paths.iter().all(|path| has_stages(path.kind));
    for path in &found.paths {
        let has = path.stages.iter().any(Option::is_some);
        assert!(has || !only_files || !has_stages(path.kind), "{path}");
        if has && let Some(stages) = git.stages.get(&path.path) {
            assert_eq!(path.stages, *stages, "{path}");
        }
    }
    assert_eq!(found.can_be_settled(), only_files);
    if only_files {
        let stages = found
            .paths
            .iter()
            .map(|path| (path.path.clone(), path.stages));
        assert_eq!(stages.collect::<BTreeMap<_, _>>(), git.stages);
        assert_eq!(found.tree, git.with_ours(scratch));
    }
}

/// Checks every case that conflicts, and returns the kinds of those that can be settled.
fn check(cases: &[Case]) -> BTreeSet<String> {
    let scratch = Scratch::new();
    let ids = scratch.add(cases.iter().flatten());
    let repository = open(&scratch.path());
    let mut kinds = BTreeSet::new();
    for trees in ids.chunks_exact(3) {
        let Some(found) = conflicts(&repository, trees) else {
            continue;
        };
        let Some(git) = GitConflict::of(&scratch, trees) else {
            continue;
        };
        check_one(&scratch, &found, &git);
        if found.can_be_settled() {
            kinds.extend(found.paths.iter().map(|path| format!("{:?}", path.kind)));
        }
    }
    kinds
}

#[test]
fn conflicts_have_gits_versions_and_tree() {
    let kinds = check(&generate(&case(), 4, 600));
    let expected = ["AddAdd", "Binary", "Content", "ModifyDelete", "Submodule"];
    for kind in expected {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
}

#[test]
fn conflicts_among_moves_have_gits_versions_and_tree() {
    let kinds = check(&generate(&moved_case(), 5, 250));
    assert!(kinds.contains("Content"), "{kinds:?}");
}

#[test]
#[ignore = "minutes long: for changes of the engine"]
fn many_conflicts_have_gits_versions_and_tree() {
    for seed in 30..36 {
        check(&generate(&case(), seed, 3000));
        check(&generate(&moved_case(), seed, 3000));
    }
}

/// The conflict of three trees, which git sees alike.
fn one(base: &Tree, ours: &Tree, theirs: &Tree) -> Conflicts {
    let scratch = Scratch::new();
    let ids = scratch.add([base, ours, theirs]);
    let found = conflicts(&open(&scratch.path()), &ids).expect("a conflict");
    let git = GitConflict::of(&scratch, &ids).expect("a conflict");
    check_one(&scratch, &found, &git);
    found
}

#[test]
fn a_conflict_after_a_rename_is_of_the_new_name() {
    let with = |path, line| tree(&[(path, numbered(20, Some((3, line)))), ("g", file("g\n"))]);
    let found = one(&with("old", "a"), &with("new", "b"), &with("old", "c"));
    assert_eq!(found.paths[0].path, b"new");
    assert!(found.paths[0].stages.iter().all(Option::is_some));
}

#[test]
fn a_file_changed_by_them_and_removed_by_us_keeps_its_directory() {
    let base = tree(&[("d/x", file("x\n")), ("g", file("g\n"))]);
    let theirs = tree(&[("d/x", file("changed\n")), ("g", file("g\n"))]);
    let found = one(&base, &tree(&[("g", file("g\n"))]), &theirs);
    assert!(found.can_be_settled());
    // A file in the directory's place is in its way, if the file below it comes back.
    let ours = tree(&[("d", file("d\n")), ("g", file("g\n"))]);
    assert!(!one(&base, &ours, &theirs).can_be_settled());
}

#[test]
fn links_and_permissions_have_versions() {
    let with = |entry| tree(&[("f", entry), ("g", file("g\n"))]);
    let link = |target: &str| with(Entry::Symlink(target.into()));
    let found = one(&link("a"), &link("b"), &link("c"));
    assert_eq!(found.paths[0].kind, ConflictKind::Symlink);
    assert!(found.can_be_settled());
    let (plain, executable) = (with(file("f\n")), with(Entry::Executable("f\n".into())));
    let found = one(&Tree::new(), &plain, &executable);
    assert_eq!(found.paths[0].kind, ConflictKind::Mode);
    assert_eq!(
        found.paths[0]
            .stages
            .map(|version| version.map(|version| version.mode)),
        [None, Some(Mode::File), Some(Mode::Executable),]
    );
}

#[test]
fn what_merges_beside_a_conflict_is_merged() {
    let with = |f: &str, g| tree(&[("f", file(f)), ("g", numbered(20, g))]);
    let ours = with("ours\n", Some((2, "ours")));
    let found = one(
        &with("f\n", None),
        &ours,
        &with("theirs\n", Some((15, "theirs"))),
    );
    let mut expected = ours;
    let both = (1..=20).map(|number| match number {
        2 => "ours\n".to_owned(),
        15 => "theirs\n".to_owned(),
        number => format!("line {number}\n"),
    });
    let both = Entry::File(both.collect::<String>().into_bytes());
    expected.insert(b"g".to_vec(), both);
    assert_eq!(found.tree, Scratch::new().add([&expected])[0]);
    assert!(found.objects.iter().any(|(id, ..)| *id == found.tree));
}
