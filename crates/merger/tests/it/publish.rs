//! Release commits, tags and branches, and the push.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};
use picket_domain::{CommitSha, ReleaseName};
use picket_merger::{Committer, MergeError, Mirror, PublishRefs};

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
    fn release(&self, previous: Option<&CommitSha>, n: u32) -> PublishRefs {
        let message = format!("release {n}");
        let rev = self
            .mirror
            .release_commit(previous, &sha(self.root), &message)
            .unwrap();
        PublishRefs {
            branch: branch("nixos-26.05-sec"),
            tag: ReleaseName::parse(&format!("nixos-26.05.{n}.abc")).unwrap(),
            rev,
            remote: Some(self.remote.to_str().unwrap().to_owned()),
        }
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

    fn assert_out(&self, releases: &[&PublishRefs]) {
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
    world.mirror.publish_refs(&first).unwrap();
    world.mirror.publish_refs(&first).unwrap();
    world.assert_out(&[&first]);
    world.mirror.publish_refs(&second).unwrap();
    world.assert_out(&[&first, &second]);
    world.mirror.publish_refs(&first).unwrap();
    world.assert_out(&[&first, &second]);
}

#[test]
fn without_a_remote_only_the_mirror_changes() {
    let world = world();
    let release = PublishRefs {
        remote: None,
        ..world.release(None, 1)
    };
    world.mirror.publish_refs(&release).unwrap();
    assert_eq!(world.refs(&world.upstream.mirror_dir()).len(), 2);
    assert!(world.refs(&world.remote).is_empty());
}

#[test]
fn a_branch_never_goes_back_nor_aside() {
    let world = world();
    let (one, other) = (world.release(None, 1), world.release(None, 2));
    let (one, other) = (
        PublishRefs {
            remote: None,
            ..one
        },
        PublishRefs {
            remote: None,
            ..other
        },
    );
    world.mirror.publish_refs(&one).unwrap();
    let error = world.mirror.publish_refs(&other).unwrap_err();
    assert!(
        matches!(error, MergeError::NotFastForward { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("of the mirror stands at"),
        "{error}"
    );
    let refs = world.refs(&world.upstream.mirror_dir());
    assert!(
        refs.iter().all(|(_, id)| *id == one.rev.as_str()),
        "{refs:?}"
    );
}

#[test]
fn a_tag_never_moves() {
    let world = world();
    let first = world.release(None, 1);
    world.mirror.publish_refs(&first).unwrap();
    let next = world.release(Some(&first.rev), 2);
    let error = world
        .mirror
        .publish_refs(&PublishRefs {
            tag: first.tag.clone(),
            ..next
        })
        .unwrap_err();
    assert!(matches!(error, MergeError::TagTaken { .. }), "{error}");
    world.assert_out(&[&first]);
}

#[test]
fn a_remote_that_somebody_else_moved_is_not_overwritten() {
    let world = world();
    let first = world.release(None, 1);
    world.mirror.publish_refs(&first).unwrap();
    let remote = Repository::open_bare(&world.remote).unwrap();
    let ours = remote.find_commit(oid(&first.rev)).unwrap();
    let by = git2::Signature::now("Mallory", "m@example.org").unwrap();
    let name = "refs/heads/nixos-26.05-sec";
    let theirs = remote.commit(
        Some(name),
        &by,
        &by,
        "mine",
        &ours.tree().unwrap(),
        &[&ours],
    );
    let theirs = theirs.unwrap();
    let second = world.release(Some(&first.rev), 2);
    let error = world.mirror.publish_refs(&second).unwrap_err();
    assert!(
        matches!(error, MergeError::NotFastForward { .. }),
        "{error}"
    );
    assert_eq!(remote.refname_to_id(name).unwrap(), theirs);
    remote
        .reference(name, oid(&first.rev), true, "put back")
        .unwrap();
    world.mirror.publish_refs(&second).unwrap();
    world.assert_out(&[&first, &second]);
}

#[test]
fn a_push_that_was_half_done_is_finished() {
    let world = world();
    let first = world.release(None, 1);
    world.hook("update", "case \"$1\" in refs/heads/*) exit 1;; esac");
    let error = world.mirror.publish_refs(&first).unwrap_err();
    assert!(
        matches!(
            error,
            MergeError::Transport {
                command: "push",
                ..
            }
        ),
        "{error}"
    );
    let there = world.refs(&world.remote);
    assert_eq!(
        there,
        [(format!("refs/tags/{}", first.tag), first.rev.to_string())]
    );
    world.unhook("update");
    world.mirror.publish_refs(&first).unwrap();
    world.assert_out(&[&first]);
}

#[test]
fn a_refused_push_says_why_and_is_made_again() {
    let world = world();
    let first = world.release(None, 1);
    world.hook("pre-receive", "echo 'branch is protected' >&2; exit 1");
    let error = world.mirror.publish_refs(&first).unwrap_err();
    assert!(error.to_string().contains("branch is protected"), "{error}");
    assert!(world.refs(&world.remote).is_empty());
    world.unhook("pre-receive");
    world.mirror.publish_refs(&first).unwrap();
    world.assert_out(&[&first]);
}

#[test]
fn a_push_that_was_taken_counts_whatever_git_says() {
    let world = world();
    let first = world.release(None, 1);
    // The connection breaks after the remote has moved its references.
    world.hook("post-receive", "kill -9 $PPID");
    world.mirror.publish_refs(&first).unwrap();
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
    world.mirror.publish_refs(&first).unwrap();
    world.assert_out(&[&first]);
}

#[test]
fn a_remote_of_an_odd_kind_is_refused_before_anything_changes() {
    let world = world();
    let release = PublishRefs {
        remote: Some("ext::sh -c id".to_owned()),
        ..world.release(None, 1)
    };
    let error = world.mirror.publish_refs(&release).unwrap_err();
    assert!(matches!(error, MergeError::RemoteRefused { .. }), "{error}");
    assert!(world.refs(&world.upstream.mirror_dir()).is_empty());
}
