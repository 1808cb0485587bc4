//! Patches of the team's own: mails that become commits, the same ones each time.

use std::process::Command;

use picket_domain::PrNumber;
use picket_mirror::{Applied, GitAddress, Mirror, MirrorError};

use crate::support::*;

/// Two commits onto the root as `git format-patch` writes them.
fn series(upstream: &Upstream, root: git2::Oid) -> (git2::Oid, Vec<u8>) {
    let first = upstream.commit(&[root], "openssl: fix CVE-2026-1234\n\nBy hand.", |edit| {
        edit.line("pkgs/openssl.nix", "openssl line 3\n", "openssl, fixed\n");
    });
    let second = upstream.commit(&[first], "openssl: a test", |edit| {
        edit.put_as(EXECUTABLE, "pkgs/test", b"\0\x01 binary");
    });
    let mails = Command::new("git")
        .arg("--git-dir")
        .arg(upstream.path())
        .args(["format-patch", "--stdout", "--binary"])
        .arg(format!("{root}..{second}"))
        .output()
        .unwrap();
    assert!(mails.status.success());
    (second, mails.stdout)
}

fn tree(mirror: &Mirror, applied: &Applied) -> git2::Oid {
    let head = git2::Oid::from_str(applied.head.as_str()).unwrap();
    let repo = mirror.repository().unwrap();
    repo.find_commit(head).unwrap().tree_id()
}

#[test]
fn mails_become_the_same_commits_wherever_they_are_applied() {
    let (upstream, root) = Upstream::new();
    let (tip, mails) = series(&upstream, root);
    let mirror = upstream.mirror(&[]);
    let applied = mirror.apply_mails(&sha(root), &mails).unwrap();
    assert_eq!(applied.title, "openssl: fix CVE-2026-1234");
    assert_eq!(applied.body, "By hand.");
    assert_eq!(
        tree(&mirror, &applied),
        upstream.repo.find_commit(tip).unwrap().tree_id()
    );

    let own = PrNumber::own(1);
    assert!(!mirror.is_kept(own, &applied.head).unwrap());
    mirror.keep_own(own, &applied.head).unwrap();
    assert!(mirror.is_kept(own, &applied.head).unwrap());

    // A browser sends what was pasted with other ends of lines; a mirror may be lost.
    std::fs::remove_dir_all(upstream.mirror_dir()).unwrap();
    let pasted = mails.clone();
    let binary_apart = String::from_utf8(pasted).unwrap().replace('\n', "\r\n");
    let again = upstream.mirror(&[]);
    let from_browser = again.apply_mails(&sha(root), binary_apart.as_bytes());
    assert_eq!(from_browser.unwrap(), applied);
}

#[test]
fn a_pushed_branch_is_read_as_mails() {
    let (upstream, root) = Upstream::new();
    let (tip, _) = series(&upstream, root);
    let later = upstream.commit(&[root], "later", |edit| {
        edit.put("later", "x");
    });
    upstream.branch("release", later);
    upstream.branch("own", tip);
    upstream.branch("nothing", root);
    let merge = upstream.commit(&[tip, later], "merge", |edit| {
        edit.put("later", "x");
    });
    upstream.branch("merged", merge);
    let mirror = upstream.mirror(&[]);
    let remote = GitAddress::parse(upstream.path().to_str().unwrap()).unwrap();
    let mails = |name| mirror.mails_of(&remote, &branch(name), &branch("release"));

    let read = mails("own").unwrap();
    assert_eq!(read.onto, sha(root));
    let applied = mirror.apply_mails(&read.onto, &read.text).unwrap();
    assert_eq!(
        tree(&mirror, &applied),
        upstream.repo.find_commit(tip).unwrap().tree_id()
    );
    for (name, why) in [
        ("nothing", "has nothing that release lacks"),
        ("merged", "is a merge"),
        ("absent", "has no branch absent"),
    ] {
        let error = mails(name).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
}

#[test]
fn what_is_no_usable_patch_is_told_with_the_reason() {
    let (upstream, root) = Upstream::new();
    let (_, mails) = series(&upstream, root);
    let other = upstream.commit(&[root], "other", |edit| {
        edit.put("pkgs/openssl.nix", "something else\n");
    });
    upstream.branch("master", other);
    let mirror = upstream.mirror(&[]);
    let text = String::from_utf8(mails).unwrap();
    let outside = text.replace("pkgs/openssl.nix", "../openssl.nix");
    let hidden = text.replace("pkgs/test", ".git/hooks/x");
    let nameless = text.replace("From: ", "X-From: ");
    let empty = "From: a <a@example.org>\nDate: Mon, 1 Jan 2026 00:00:00 +0000\nSubject: x\n\ny\n";
    for (onto, mails, why) in [
        (
            other,
            text.as_str(),
            "mail 1 does not apply: error: patch failed: pkgs/openssl.nix",
        ),
        (
            root,
            outside.as_str(),
            "../openssl.nix: does not exist in index",
        ),
        (root, hidden.as_str(), "invalid path '.git/hooks/x'"),
        (root, nameless.as_str(), "mail 1 has no line \"Author:\""),
        (root, empty, "mail 1 has no patch in it"),
        (
            root,
            "diff --git a/x b/x",
            "hand in what git format-patch --stdout writes",
        ),
        (root, "", "the patch cannot be used"),
    ] {
        let error = mirror
            .apply_mails(&sha(onto), mails.as_bytes())
            .unwrap_err();
        assert!(
            matches!(error, MirrorError::UnusablePatch { .. }) && error.to_string().contains(why),
            "{why}: {error}"
        );
    }
}
