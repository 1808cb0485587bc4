//! What is told of a pick is enough for git alone to make it again.

use std::path::PathBuf;
use std::process::Command;

use git2::Oid;
use picket_domain::{Candidate, CommitSha, FileMode, FileVersion, PickOutcome, Renames};
use picket_merger::{Committer, Explanation, MergeError, Merger, MirrorError};

use crate::resolutions::Resolutions;
use crate::support::*;

/// Assembles one candidate and explains its last commit.
fn explained(
    upstream: &Upstream,
    mirror: &Merger,
    base: Oid,
    candidate: &Candidate,
    resolutions: &Resolutions,
) -> Explanation {
    let mut pick = pick(candidate);
    pick.resolved = resolutions.set.clone();
    let known = [(candidate.pr, candidate.clone())].into();
    let assembled = mirror.assemble(&spec(base, vec![pick]), &known, &resolutions.contents);
    let assembly = assembled.unwrap().assembly;
    let PickOutcome::Picked { commits, .. } = &assembly.picks[0].outcome else {
        panic!("not picked: {assembly:?}");
    };
    let commit = &commits.last().unwrap().commit;
    // Servers get it on a branch.
    let dir = upstream.mirror_dir();
    git(&dir, &["update-ref", "refs/heads/channel", commit.as_str()]);
    mirror.explain(commit).unwrap()
}

/// A fresh clone of all that the mirror has; with files beside it that would change a merge if they
/// counted.
fn clone(upstream: &Upstream) -> PathBuf {
    let (top, dir) = (upstream.temp.path(), upstream.temp.path().join("fresh"));
    let path = dir.to_str().unwrap();
    let mirror = upstream.mirror_dir();
    git(
        top,
        &[
            "clone",
            "--quiet",
            "--no-checkout",
            mirror.to_str().unwrap(),
            path,
        ],
    );
    git(&dir, &["fetch", "--quiet", "origin", "+refs/*:refs/all/*"]);
    std::fs::write(dir.join(".gitattributes"), "* merge=union\n").unwrap();
    dir
}

/// Runs the steps in one shell; returns what the last one prints.
fn run(upstream: &Upstream, explanation: &Explanation) -> String {
    let dir = clone(upstream);
    let script = explanation.steps().join("\n");
    let output = Command::new("bash")
        .args(["-eu", "-c", &script])
        .current_dir(&dir)
        .env("HOME", upstream.temp.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{said}");
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().collect();
    assert_eq!(
        left.len(),
        2,
        "nothing but .git and the attributes: {left:?}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A pull request with one commit by this author.
fn by(
    upstream: &Upstream,
    parent: Oid,
    author: &[u8],
    change: impl FnOnce(&mut Edit<'_>),
) -> Candidate {
    let with = upstream.commit(&[parent], "scratch", change);
    let tree = upstream.repo.find_commit(with).unwrap().tree_id();
    let head = upstream.raw_commit(tree, &[parent], author, b"fix: it\n\nmore\n");
    candidate(7, head)
}

const ADA: &[u8] = b"Ada O'Lovelace $(id) <ada@example.org>";

#[test]
fn a_plain_pick_is_made_again() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line("pkgs/openssl.nix", "line 12", "line twelve")
            .put("more", "x");
    });
    upstream.branch("release", base);
    let pr = by(&upstream, root, ADA, |edit| {
        edit.line("pkgs/openssl.nix", "line 2\n", "line two\n");
    });
    let mirror = upstream.mirror(&[&pr]);
    let told = explained(&upstream, &mirror, base, &pr, &Resolutions::default());
    assert_eq!((&told.source, &told.onto), (&pr.head, &sha(base)));
    assert_eq!(told.base, Some(sha(root)));
    assert_eq!(told.renames, Renames::NotNeeded);
    assert_eq!(
        (told.options.rename_limit, told.options.rename_similarity),
        (7000, 50)
    );
    assert!(told.resolved.is_empty() && told.attributes.is_empty());
    assert!(told.git.starts_with("2."), "{}", told.git);
    assert!(
        told.engine.starts_with("picket-treemerge "),
        "{}",
        told.engine
    );
    assert!(
        told.committer.ends_with(" 1790200100 +0000"),
        "{}",
        told.committer
    );
    assert!(told.message.contains("Picket-PR: 7\n"), "{}", told.message);
    assert!(told.steps().last().unwrap().contains("git commit-tree"));
    assert_eq!(run(&upstream, &told), told.commit.to_string());
}

#[test]
fn a_pick_along_a_rename_is_made_again() {
    let (upstream, root) = Upstream::new();
    let moved = upstream.commit(&[root], "move", |edit| {
        edit.rename("pkgs/openssl.nix", "pkgs/by-name/op/openssl/package.nix");
    });
    upstream.branch("master", moved);
    let pr = by(&upstream, moved, ADA, |edit| {
        edit.line(
            "pkgs/by-name/op/openssl/package.nix",
            "line 2\n",
            "line two\n",
        );
    });
    let mirror = upstream.mirror(&[&pr]);
    let told = explained(&upstream, &mirror, root, &pr, &Resolutions::default());
    assert_eq!(told.renames, Renames::Followed { found: 1 });
    assert_eq!(run(&upstream, &told), told.commit.to_string());
}

/// Names that would do something if they were not quoted.
const HOSTILE: &str = "a '$(touch evil)' \"`touch evil`\" %s\\n\\\t\n-rf; ü";

#[test]
fn a_pick_with_resolved_files_is_made_again() {
    let (upstream, root) = Upstream::new();
    let start = upstream.commit(&[root], "start", |edit| {
        edit.put(HOSTILE, "1\n")
            .put("gone", "1\n")
            .put("script", "1\n");
    });
    let base = upstream.commit(&[start], "ours", |edit| {
        edit.put(HOSTILE, "2\n").remove("gone").put("script", "2\n");
    });
    upstream.branch("master", start);
    upstream.branch("release", base);
    let pr = by(&upstream, start, ADA, |edit| {
        edit.put(HOSTILE, "3\n")
            .put("gone", "3\n")
            .put("script", "3\n")
            .put("clean", "x");
    });
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let resolutions = Resolutions::made(&pr, &found, |path| match path {
        "gone" => None,
        "script" => Some((FileMode::Executable, b"both\n".to_vec())),
        _ => Some((FileMode::Plain, b"2\n3\n".to_vec())),
    });
    let mirror = upstream.mirror(&[&pr]);
    let told = explained(&upstream, &mirror, base, &pr, &resolutions);
    let paths: Vec<_> = told
        .resolved
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, [HOSTILE, "gone", "script"]);
    assert_eq!(told.resolved[1].result, None);
    assert_eq!(told.resolved[0].versions, found[0].conflict.versions);
    let script: &Option<FileVersion> = &told.resolved[2].result;
    assert_eq!(script.as_ref().unwrap().mode, FileMode::Executable);
    assert_eq!(run(&upstream, &told), told.commit.to_string());
}

#[test]
fn odd_authors_and_encodings_are_made_again() {
    let (upstream, root) = Upstream::new();
    for (n, author) in [
        b"Andr\xe9  <a@b>".as_slice(),
        b"Jr. <a@b>",
        b"'; touch evil; ' <$(touch evil)@b>",
    ]
    .into_iter()
    .enumerate()
    {
        let pr = by(&upstream, root, author, |edit| {
            edit.put(format!("new{n}"), "x");
        });
        let mirror = upstream.mirror(&[&pr]);
        let committer = Committer::new("Picket Inc.", "picket@example.org").unwrap();
        let mirror = mirror.with_committer(committer);
        let told = explained(&upstream, &mirror, root, &pr, &Resolutions::default());
        assert_eq!(
            run(&upstream, &told),
            told.commit.to_string(),
            "{}",
            told.author
        );
        std::fs::remove_dir_all(upstream.temp.path().join("fresh")).unwrap();
    }
    let tree = upstream.repo.find_commit(root).unwrap().tree_id();
    let bytes = [
        format!("tree {tree}\n").into_bytes(),
        b"author Andr\xe9 <a@b> 1500000000 -0730\n".to_vec(),
        b"committer x <x@y> 1500000001 +0000\nencoding ISO-8859-1\n\ncaf\xe9\n".to_vec(),
    ]
    .concat();
    let odb = upstream.repo.odb().unwrap();
    let pr = candidate(8, odb.write(git2::ObjectType::Commit, &bytes).unwrap());
    let bare = upstream.commit(&[], "a base that has nothing", |edit| {
        edit.put("something", "else");
    });
    upstream.branch("release", bare);
    let mirror = upstream.mirror(&[&pr]);
    let told = explained(&upstream, &mirror, bare, &pr, &Resolutions::default());
    assert_eq!(
        (told.base.as_ref(), told.encoding.as_deref()),
        (None, Some("ISO-8859-1"))
    );
    assert_eq!(run(&upstream, &told), told.commit.to_string());
}

#[test]
fn attributes_of_the_mirror_itself_count() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line("pkgs/openssl.nix", "line 12\n", "line 12\nours\n");
    });
    upstream.branch("release", base);
    let pr = by(&upstream, root, ADA, |edit| {
        edit.line("pkgs/openssl.nix", "line 12\n", "line 12\ntheirs\n");
    });
    let mirror = upstream.mirror(&[&pr]);
    let info = upstream.mirror_dir().join("info");
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("attributes"), "pkgs/*.nix merge=union\n").unwrap();
    let told = explained(&upstream, &mirror, base, &pr, &Resolutions::default());
    assert_eq!(told.attributes, "pkgs/*.nix merge=union\n");
    assert_eq!(run(&upstream, &told), told.commit.to_string());
}

#[test]
fn what_is_no_pick_is_not_explained() {
    let (upstream, root) = Upstream::new();
    let pr = by(&upstream, root, ADA, |edit| {
        edit.put("new", "x");
    });
    let forged = format!("fix\n\n(cherry picked from commit {})\n", pr.head);
    let forged = upstream.commit(&[root], &forged, |edit| {
        edit.put("new", "y");
    });
    upstream.branch("release", forged);
    let mirror = upstream.mirror(&[&pr]);
    let error = |commit: Oid| mirror.explain(&sha(commit)).unwrap_err().to_string();
    assert!(error(root).contains("names no source"), "{}", error(root));
    assert!(error(forged).contains("another tree"), "{}", error(forged));
    let absent = CommitSha::parse(&"d".repeat(40)).unwrap();
    let absent = mirror.explain(&absent).unwrap_err();
    assert!(
        matches!(absent, MergeError::Mirror(MirrorError::MissingCommit(_))),
        "{absent}"
    );
}

#[test]
fn an_explanation_can_be_sent() {
    let (upstream, root) = Upstream::new();
    let pr = by(&upstream, root, ADA, |edit| {
        edit.put("new", "x");
    });
    let mirror = upstream.mirror(&[&pr]);
    let mut told = explained(&upstream, &mirror, root, &pr, &Resolutions::default());
    (told.git, told.engine) = ("2.x".to_owned(), "picket-treemerge x".to_owned());
    insta::assert_json_snapshot!(told, @r#"
    {
      "commit": "3aa3614ba1fc9528504151a407f80e0323508836",
      "source": "65072a62cec0acae31fc7ee5c3956b776cb772bb",
      "base": "5aebee4c453bb526fafbd78e9f80e879688d82a4",
      "onto": "5aebee4c453bb526fafbd78e9f80e879688d82a4",
      "tree": "57ea2c9d435c8707d631e5d2b15236cea04a7027",
      "engine": "picket-treemerge x",
      "git": "2.x",
      "options": {
        "rename_limit": 7000,
        "rename_similarity": 50,
        "diff_algorithm": "histogram",
        "directory_renames": "conflict"
      },
      "attributes": "",
      "renames": {
        "renames": "not_needed"
      },
      "resolved": [],
      "author": "Ada O'Lovelace $(id) <ada@example.org> 1790000180 +0200",
      "committer": "Picket <picket@localhost> 1790200100 +0000",
      "encoding": null,
      "message": "fix: it\n\nmore\n\n(cherry picked from commit 65072a62cec0acae31fc7ee5c3956b776cb772bb)\nPicket-PR: 7\nApproved-by: grace\nApproved-by: edsger\n"
    }
    "#);
}
