//! What happens where the merge engine and git are not of one mind.

use git2::Oid;
use picket_domain::{Assembly, Candidate, PickOutcome, SecondOpinion};
use picket_merger::{Contents, Engine};
use picket_treemerge::{
    Conflicts, Drivers, Kind, Merged, Mode, NewObjects, ObjectId, Objects, Outcome, Overlay,
    ReadError, Version, merge, update_tree,
};

use crate::resolutions::Resolutions;
use crate::support::*;

const OPENSSL: &str = "pkgs/openssl.nix";
const NGINX: &str = "pkgs/nginx.nix";

/// The tree with another content of a file.
fn changed(
    objects: &dyn Objects,
    tree: ObjectId,
    mut made: NewObjects,
    path: &str,
) -> (ObjectId, NewObjects) {
    let id = made.add(Kind::Blob, b"wrong\n".to_vec());
    let version = Version {
        mode: Mode::File,
        id,
    };
    let view = Overlay::new(&made, &objects);
    let changes = [(path.as_bytes().to_vec(), Some(version))];
    let (tree, trees) = update_tree(&view, tree, &changes).unwrap();
    made.extend(trees);
    (tree, made)
}

/// Merges one pull request's file wrongly: the one that adds `wrongly-merged`.
fn wrong_here(
    objects: &dyn Objects,
    drivers: &dyn Drivers,
    trees: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    let [base, ours, theirs] = trees;
    let outcome = merge(&objects, drivers, base, ours, theirs)?;
    let names = objects.read(&theirs, Kind::Tree)?;
    let is_it = names.windows(14).any(|it| it == b"wrongly-merged");
    Ok(match outcome {
        Outcome::Merged(merged) if is_it => {
            let (tree, objects) = changed(objects, merged.tree, merged.objects, OPENSSL);
            Outcome::Merged(Merged {
                tree,
                objects,
                renames: merged.renames,
            })
        }
        Outcome::Conflict(found) if is_it => {
            let (tree, objects) = changed(objects, found.tree, found.objects, NGINX);
            Outcome::Conflict(Conflicts {
                tree,
                objects,
                ..found
            })
        }
        as_it_is => as_it_is,
    })
}

/// Never sees a conflict: takes the pull request's whole tree.
fn takes_theirs(
    _: &dyn Objects,
    _: &dyn Drivers,
    [_, _, tree]: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    Ok(clean(tree))
}

/// Finds nothing to do, ever.
fn takes_ours(
    _: &dyn Objects,
    _: &dyn Drivers,
    [_, tree, _]: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    Ok(clean(tree))
}

fn clean(tree: ObjectId) -> Outcome {
    Outcome::Merged(Merged {
        tree,
        objects: NewObjects::default(),
        renames: Default::default(),
    })
}

/// Sees conflicts where there are none, of the file that both sides have changed.
fn fearful(
    objects: &dyn Objects,
    drivers: &dyn Drivers,
    [base, ours, theirs]: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    merge(&objects, &Fearful(drivers), base, ours, theirs)
}

struct Fearful<'d>(&'d dyn Drivers);

impl Drivers for Fearful<'_> {
    fn driver(&self, path: &[u8]) -> picket_treemerge::Driver {
        match path == OPENSSL.as_bytes() {
            true => picket_treemerge::Driver::Binary,
            false => self.0.driver(path),
        }
    }
}

/// A release whose files are not those of `master`.
fn world() -> (Upstream, Oid, Oid) {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line(OPENSSL, "line 12", "line twelve");
    });
    upstream.branch("release", base);
    (upstream, root, base)
}

fn assemble(
    upstream: &Upstream,
    engine: Engine,
    base: Oid,
    candidates: &[&Candidate],
    resolutions: &Resolutions,
) -> Assembly {
    let mirror = upstream.mirror(candidates).with_engine(engine);
    let picks = candidates.iter().map(|candidate| {
        let mut pick = pick(candidate);
        pick.resolved = resolutions.set.clone();
        pick
    });
    let picks = picks.collect();
    let known = candidates.iter().map(|it| (it.pr, (*it).clone())).collect();
    let assembled = mirror.assemble(&spec(base, picks), &known, &resolutions.contents);
    assembled.unwrap().assembly
}

fn dispute(assembly: &Assembly, candidate: &Candidate) -> SecondOpinion {
    match assembly.outcome(candidate.pr) {
        Some(PickOutcome::Disputed { commit, git }) => {
            assert_eq!(*commit, candidate.head);
            git.clone()
        }
        other => panic!("not disputed: {other:?}"),
    }
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn a_pick_of_which_git_makes_another_tree_is_set_aside_and_the_chain_goes_on() {
    let (upstream, root, base) = world();
    let fix = |name: &'static str, line: &'static str| {
        upstream.commit(&[root], name, |edit| {
            edit.put(name, "x").line(OPENSSL, line, name);
        })
    };
    let one = candidate(1, fix("one", "line 2\n"));
    let wrong = candidate(2, fix("wrongly-merged", "line 5\n"));
    let three = candidate(3, fix("three", "line 9\n"));
    let all = [&one, &wrong, &three];
    let assembly = assemble(&upstream, wrong_here, base, &all, &Resolutions::default());
    let other = SecondOpinion::OtherTree {
        paths: paths(&[OPENSSL]),
    };
    assert_eq!(dispute(&assembly, &wrong), other);
    let without = assemble(
        &upstream,
        merge_right,
        base,
        &[&one, &three],
        &Resolutions::default(),
    );
    let tips = [&assembly, &without].map(|assembly| assembly.tip(&one.head).clone());
    assert_eq!(tips[0], tips[1], "as if it had not been there");
    assert_eq!(assembly.applied().count(), 2);
}

fn merge_right(
    objects: &dyn Objects,
    drivers: &dyn Drivers,
    [base, ours, theirs]: [ObjectId; 3],
) -> Result<Outcome, ReadError> {
    merge(&objects, drivers, base, ours, theirs)
}

#[test]
fn a_conflict_that_only_git_sees_is_told() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line(OPENSSL, "line 12", "line XII");
    });
    let pr = candidate(1, head);
    let assembly = assemble(
        &upstream,
        takes_theirs,
        base,
        &[&pr],
        &Resolutions::default(),
    );
    let conflict = SecondOpinion::Conflict {
        paths: paths(&[OPENSSL]),
    };
    assert_eq!(dispute(&assembly, &pr), conflict);
}

#[test]
fn that_nothing_is_left_to_change_has_to_be_gits_opinion_too() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line(OPENSSL, "line 2\n", "line two\n").put("new", "x");
    });
    let pr = candidate(1, head);
    let assembly = assemble(&upstream, takes_ours, base, &[&pr], &Resolutions::default());
    let other = SecondOpinion::OtherTree {
        paths: paths(&["new", OPENSSL]),
    };
    assert_eq!(dispute(&assembly, &pr), other);
}

/// What a person made of the only conflict that an engine sees.
fn settled(upstream: &Upstream, engine: Engine, base: Oid, pr: &Candidate) -> Resolutions {
    let mirror = upstream.mirror(&[pr]).with_engine(engine);
    let (base, none) = (sha(base), Resolutions::default());
    let found = mirror.conflicts(&base, &base, pr, &none.set, &Contents::new());
    let files = found.unwrap().expect("a conflict").files;
    Resolutions::made(pr, &files, |_| {
        Some((picket_domain::FileMode::Plain, b"settled\n".to_vec()))
    })
}

#[test]
fn what_people_settled_has_to_be_what_git_calls_a_conflict() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line(OPENSSL, "line 2\n", "line two\n");
    });
    let pr = candidate(1, head);
    let resolutions = settled(&upstream, fearful, base, &pr);
    let assembly = assemble(&upstream, fearful, base, &[&pr], &resolutions);
    let other = SecondOpinion::OtherTree {
        paths: paths(&[OPENSSL]),
    };
    assert_eq!(dispute(&assembly, &pr), other);
}

#[test]
fn around_what_people_settled_git_has_to_make_the_same() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line(OPENSSL, "line 12", "line XII")
            .put("wrongly-merged", "x");
    });
    let pr = candidate(1, head);
    let resolutions = settled(&upstream, merge_right, base, &pr);
    let right = assemble(&upstream, merge_right, base, &[&pr], &resolutions);
    assert_eq!(right.applied().count(), 1, "{right:?}");
    let assembly = assemble(&upstream, wrong_here, base, &[&pr], &resolutions);
    let other = SecondOpinion::OtherTree {
        paths: paths(&[NGINX]),
    };
    assert_eq!(dispute(&assembly, &pr), other);
}

#[test]
fn what_git_makes_for_comparison_stays_out_of_the_mirror() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line(OPENSSL, "line 12", "line XII");
    });
    let pr = candidate(1, head);
    upstream.mirror(&[&pr]);
    let count = || git(&upstream.mirror_dir(), &["count-objects", "-v"]);
    let before = count();
    let assembly = assemble(&upstream, takes_ours, base, &[&pr], &Resolutions::default());
    dispute(&assembly, &pr);
    assert_eq!(count(), before);
}

fn unsure(_: &dyn Objects, _: &dyn Drivers, _: [ObjectId; 3]) -> Result<Outcome, ReadError> {
    Ok(Outcome::Unsure("the moon is in the wrong place"))
}

#[test]
fn a_merge_that_is_not_certain_is_left_to_people_and_says_why() {
    let (upstream, root, base) = world();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("new", "x");
    });
    let pr = candidate(1, head);
    let assembly = assemble(&upstream, unsure, base, &[&pr], &Resolutions::default());
    let Some(PickOutcome::Unavailable { reason }) = assembly.outcome(pr.pr) else {
        panic!("{assembly:?}");
    };
    assert!(
        reason.starts_with(&format!("its commit {}", pr.head.short())),
        "{reason}"
    );
    assert!(
        reason.contains("the moon is in the wrong place"),
        "{reason}"
    );
}
