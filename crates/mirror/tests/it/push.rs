//! Release commits, tags and branches, and the push.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};
use picket_domain::{CommitSha, ReleaseName};
use picket_mirror::{Committer, GitAddress, Mirror, PushRefs, Pushed, ReleaseRefs};

use crate::support::*;

struct World {
    upstream: Upstream,
    root: Oid,
    mirror: Mirror,
    remote: PathBuf,
}

fn world() -> World {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let remote = upstream.temp.path().join("remote.git");
    Repository::init_bare(&remote).unwrap();
    World {
        upstream,
        root,
        mirror,
        remote,
    }
}

impl World {
    /// A release with this number, after another one.
    fn release(&self, previous: Option<&CommitSha>, n: u32) -> ReleaseRefs {
        let message = format!("release {n}");
        let rev = self
            .mirror
            .release_commit(previous, &sha(self.root), &message)
            .unwrap();
        ReleaseRefs {
            branch: branch("nixos-26.05-sec"),
            tag: ReleaseName::parse(&format!("nixos-26.05.{n}.abc")).unwrap(),
            rev,
        }
    }

    /// Puts a release's references in their places, here and there.
    fn publish(&self, refs: &ReleaseRefs) -> Pushed {
        self.mirror.set_release_refs(refs).unwrap();
        self.push(refs)
    }

    fn push(&self, refs: &ReleaseRefs) -> Pushed {
        let address = GitAddress::parse(self.remote.to_str().unwrap()).unwrap();
        let refs = PushRefs {
            branch: refs.branch.clone(),
            rev: refs.rev.clone(),
            tags: vec![(refs.tag.clone(), refs.rev.clone())],
        };
        self.mirror.push_refs(&address, &refs).unwrap()
    }

    /// The references of the mirror (but for what was fetched) or of the remote.
    fn refs(&self, of: &Path) -> Vec<(String, String)> {
        let listed = git(
            of,
            &[
                "for-each-ref",
                "--format=%(objectname) %(refname)",
                "refs/heads",
                "refs/tags",
            ],
        );
        let pairs = listed.lines().map(|line| line.split_once(' ').unwrap());
        pairs
            .map(|(id, name)| (name.to_owned(), id.to_owned()))
            .collect()
    }

    fn assert_out(&self, releases: &[&ReleaseRefs]) {
        let last = releases.last().unwrap();
        let mut expected = vec![(format!("refs/heads/{}", last.branch), last.rev.to_string())];
        expected.extend(
            releases
                .iter()
                .map(|it| (format!("refs/tags/{}", it.tag), it.rev.to_string())),
        );
        assert_eq!(
            self.refs(&self.upstream.mirror_dir()),
            expected,
            "in the mirror"
        );
        assert_eq!(self.refs(&self.remote), expected, "on the remote");
    }

    fn hook(&self, name: &str, script: &str) {
        let path = self.remote.join("hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn unhook(&self, name: &str) {
        fs::remove_file(self.remote.join("hooks").join(name)).unwrap();
    }
}

#[test]
fn a_release_commit_has_the_tips_tree_and_two_parents() {
    let world = world();
    let first = world
        .mirror
        .release_commit(None, &sha(world.root), "first\n")
        .unwrap();
    let tip = world.upstream.commit(&[world.root], "tip", |edit| {
        edit.put("x", "x");
    });
    world.upstream.branch("release", tip);
    world.upstream.update(&world.mirror, &[]);
    let make = || {
        world
            .mirror
            .release_commit(Some(&first), &sha(tip), "second")
            .unwrap()
    };
    let second = make();
    assert_eq!(make(), second);
    let text = git(
        &world.upstream.mirror_dir(),
        &["cat-file", "commit", second.as_str()],
    );
    let (tree, time) = {
        let tip = world.upstream.repo.find_commit(tip).unwrap();
        (tip.tree_id(), tip.time().seconds())
    };
    let by = format!("Picket <picket@localhost> {time} +0000");
    let expected = format!(
        "tree {tree}\nparent {first}\nparent {tip}\nauthor {by}\ncommitter {by}\n\nsecond\n"
    );
    assert_eq!(text, expected);
    let team = Committer::new("Team", "team@example.org").unwrap();
    let theirs = world.mirror.clone().with_committer(team);
    assert_ne!(
        theirs
            .release_commit(Some(&first), &sha(tip), "second")
            .unwrap(),
        second
    );
}

#[test]
fn releases_go_out_one_after_another_and_again() {
    let world = world();
    let first = world.release(None, 1);
    let second = world.release(Some(&first.rev), 2);
    assert_eq!(world.publish(&first), Pushed::Pushed);
    assert_eq!(world.publish(&first), Pushed::NothingToDo);
    world.assert_out(&[&first]);
    assert_eq!(world.publish(&second), Pushed::Pushed);
    world.assert_out(&[&first, &second]);
    // What is out already stays, and the branch does not go back on the remote.
    assert_eq!(world.push(&first), Pushed::NothingToDo);
    world.assert_out(&[&first, &second]);
}

#[test]
fn a_debt_of_several_releases_is_paid_at_once() {
    let world = world();
    let first = world.release(None, 1);
    let second = world.release(Some(&first.rev), 2);
    for release in [&first, &second] {
        world.mirror.set_release_refs(release).unwrap();
    }
    let tags = [&first, &second].map(|it| (it.tag.clone(), it.rev.clone()));
    let refs = PushRefs {
        branch: second.branch.clone(),
        rev: second.rev.clone(),
        tags: tags.to_vec(),
    };
    let address = GitAddress::parse(world.remote.to_str().unwrap()).unwrap();
    let pushed = world.mirror.push_refs(&address, &refs).unwrap();
    assert_eq!(pushed, Pushed::Pushed);
    world.assert_out(&[&first, &second]);
}

#[test]
fn in_the_mirror_the_database_is_right() {
    let world = world();
    let (one, other) = (world.release(None, 1), world.release(None, 2));
    world.mirror.set_release_refs(&one).unwrap();
    assert!(world.refs(&world.remote).is_empty());
    let moved = ReleaseRefs {
        tag: one.tag.clone(),
        ..other
    };
    world.mirror.set_release_refs(&moved).unwrap();
    let refs = world.refs(&world.upstream.mirror_dir());
    assert_eq!(refs.len(), 2);
    assert!(
        refs.iter().all(|(_, id)| *id == moved.rev.as_str()),
        "{refs:?}"
    );
}

#[test]
fn a_tag_never_moves_on_a_remote() {
    let world = world();
    let first = world.release(None, 1);
    assert_eq!(world.publish(&first), Pushed::Pushed);
    let next = ReleaseRefs {
        tag: first.tag.clone(),
        ..world.release(Some(&first.rev), 2)
    };
    let (tag, at) = (first.tag.clone(), first.rev.clone());
    assert_eq!(world.push(&next), Pushed::TagTaken { tag, at });
    world.assert_out(&[&first]);
}

#[test]
fn a_remote_that_somebody_else_moved_is_not_overwritten() {
    let world = world();
    let first = world.release(None, 1);
    assert_eq!(world.publish(&first), Pushed::Pushed);
    let remote = Repository::open_bare(&world.remote).unwrap();
    let ours = remote.find_commit(oid(&first.rev)).unwrap();
    let by = git2::Signature::now("Mallory", "m@example.org").unwrap();
    let name = "refs/heads/nixos-26.05-sec";
    let tree = ours.tree().unwrap();
    let theirs = remote.commit(Some(name), &by, &by, "mine", &tree, &[&ours]);
    let at = sha(theirs.unwrap());
    let second = world.release(Some(&first.rev), 2);
    assert_eq!(
        world.publish(&second),
        Pushed::NotFastForward { at: at.clone() }
    );
    assert_eq!(sha(remote.refname_to_id(name).unwrap()), at);
    remote
        .reference(name, oid(&first.rev), true, "put back")
        .unwrap();
    assert_eq!(world.publish(&second), Pushed::Pushed);
    world.assert_out(&[&first, &second]);
}

#[test]
fn a_push_that_was_half_done_is_finished() {
    let world = world();
    let first = world.release(None, 1);
    world.hook("update", "case \"$1\" in refs/heads/*) exit 1;; esac");
    let pushed = world.publish(&first);
    assert!(matches!(pushed, Pushed::Refused { .. }), "{pushed:?}");
    let there = world.refs(&world.remote);
    assert_eq!(
        there,
        [(format!("refs/tags/{}", first.tag), first.rev.to_string())]
    );
    world.unhook("update");
    assert_eq!(world.publish(&first), Pushed::Pushed);
    world.assert_out(&[&first]);
}

#[test]
fn a_refused_push_says_why_and_is_made_again() {
    let world = world();
    let first = world.release(None, 1);
    world.hook("pre-receive", "echo 'branch is protected' >&2; exit 1");
    let Pushed::Refused { message } = world.publish(&first) else {
        panic!("it is refused");
    };
    assert!(message.contains("branch is protected"), "{message}");
    assert!(world.refs(&world.remote).is_empty());
    world.unhook("pre-receive");
    assert_eq!(world.publish(&first), Pushed::Pushed);
    world.assert_out(&[&first]);
}

#[test]
fn a_remote_that_is_not_there_is_unreachable() {
    let world = world();
    let first = world.release(None, 1);
    fs::remove_dir_all(&world.remote).unwrap();
    let pushed = world.publish(&first);
    assert!(matches!(pushed, Pushed::Unreachable { .. }), "{pushed:?}");
}

#[test]
fn a_push_that_was_taken_counts_whatever_git_says() {
    let world = world();
    let first = world.release(None, 1);
    // The connection breaks after the remote has moved its references.
    world.hook("post-receive", "kill -9 $PPID");
    assert_eq!(world.publish(&first), Pushed::Pushed);
    world.assert_out(&[&first]);
}

#[test]
fn lock_files_of_a_killed_writer_do_not_block() {
    let world = world();
    let first = world.release(None, 1);
    let dir = world.upstream.mirror_dir();
    for name in [
        format!("refs/heads/{}.lock", first.branch),
        format!("refs/tags/{}.lock", first.tag),
    ] {
        fs::create_dir_all(dir.join(&name).parent().unwrap()).unwrap();
        fs::write(dir.join(name), "").unwrap();
    }
    assert_eq!(world.publish(&first), Pushed::Pushed);
    world.assert_out(&[&first]);
}
