//! The diff that the candidate page shows.

use picket_merger::{Diff, FileDiff, LineKind, MergeError, MirrorError};

use crate::support::*;

fn diff_of(change: impl FnOnce(&mut Edit<'_>)) -> Diff {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", change);
    let later = upstream.commit(&[root], "later", |edit| {
        edit.put("later", "not shown");
    });
    upstream.branch("master", later);
    let pr = candidate(1, head);
    upstream.mirror(&[&pr]).diff(&pr).unwrap()
}

fn shown(file: &FileDiff) -> String {
    let mut text = String::new();
    for hunk in &file.hunks {
        text += &format!("{}\n", hunk.heading);
        for line in &hunk.lines {
            let sign = match line.kind {
                LineKind::Context => ' ',
                LineKind::Added => '+',
                LineKind::Removed => '-',
                LineKind::Remark => '\\',
            };
            let number = |n: Option<u32>| n.map_or(String::from("-"), |n| n.to_string());
            text += &format!(
                "{} {} {sign}{}\n",
                number(line.old),
                number(line.new),
                line.text
            );
        }
    }
    text
}

#[test]
fn hunks_have_numbered_lines() {
    let diff = diff_of(|edit| {
        edit.line(
            "pkgs/nginx.nix",
            "nginx line 6\n",
            "nginx line six\nand a half\n",
        );
    });
    let [file] = diff.files.as_slice() else {
        panic!("{diff:?}")
    };
    assert_eq!(
        (file.additions, file.deletions, diff.is_cut()),
        (2, 1, false)
    );
    insta::assert_snapshot!(shown(file), @r"
    @@ -3,7 +3,8 @@ nginx line 2
    3 3  nginx line 3
    4 4  nginx line 4
    5 5  nginx line 5
    6 - -nginx line 6
    - 6 +nginx line six
    - 7 +and a half
    7 8  nginx line 7
    8 9  nginx line 8
    9 10  nginx line 9
    ");
}

#[test]
fn every_kind_of_change_is_told() {
    let diff = diff_of(|edit| {
        edit.put("added", "new")
            .remove("pkgs/mastodon.nix")
            .put("image", b"\0\x01");
        edit.rename("pkgs/nginx.nix", "by-name/nginx.nix");
        edit.line("by-name/nginx.nix", "line 3", "line three");
        let same = text("openssl", 12);
        edit.put_as(EXECUTABLE, "pkgs/openssl.nix", same);
        edit.entry(
            SUBMODULE,
            "module",
            git2::Oid::from_str(&"5".repeat(40)).unwrap(),
        );
        edit.put(b"caf\xe9", "odd");
        edit.put_as(EXECUTABLE, "run", "#!/bin/sh\n");
        edit.put_as(LINK, "way", "/etc/passwd");
    });
    let told: Vec<_> = diff
        .files
        .iter()
        .map(|file| {
            format!(
                "{} {:?} {:?} binary: {}",
                file.path, file.change, file.mode, file.is_binary
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    added Added None binary: false
    by-name/nginx.nix Renamed { from: "pkgs/nginx.nix" } None binary: false
    caf� Added None binary: false
    image Added None binary: true
    module Added Some(("000000", "160000")) binary: false
    pkgs/mastodon.nix Removed None binary: false
    pkgs/openssl.nix Modified Some(("100644", "100755")) binary: false
    run Added Some(("000000", "100755")) binary: false
    way Added Some(("000000", "120000")) binary: false
    "#);
}

/// What `git apply` makes of the whole patch is what the head has.
#[test]
fn the_whole_patch_makes_the_head() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("image", b"\0\x01")
            .put("wide", "x".repeat(200_000));
        edit.put_as(LINK, "way", "/etc/passwd")
            .remove("pkgs/mastodon.nix");
    });
    let candidate = listing(&candidate(1, head), &[head]);
    let mirror = upstream.mirror(&[&candidate]);
    let patch = mirror.whole_patch(&candidate, 1 << 20).unwrap().unwrap();
    let repo = &upstream.repo;
    let tree = |id| repo.find_commit(id).unwrap().tree().unwrap();
    let patch = git2::Diff::from_buffer(&patch).unwrap();
    let mut index = repo.apply_to_tree(&tree(root), &patch, None).unwrap();
    let made = index.write_tree_to(repo).unwrap();
    assert_eq!(made, tree(head).id());
    assert_eq!(
        mirror.whole_patch(&candidate, 1_000).unwrap(),
        None,
        "it is longer"
    );
}

#[test]
fn all_commits_are_taken_together_however_they_were_merged() {
    let (upstream, root) = Upstream::new();
    let first = upstream.commit(&[root], "first", |edit| {
        edit.put("fix", "one\n");
    });
    let head = upstream.commit(&[first], "second", |edit| {
        edit.put("fix", "two\n");
    });
    let open = listing(&candidate(1, head), &[first, head]);
    let mirror = upstream.mirror(&[&open]);
    let before = mirror.diff(&open).unwrap();
    assert_eq!(before.files[0].additions, 1);
    let master = upstream.commit(&[root], "on", |edit| {
        edit.put("on", "x");
    });
    let merge = upstream.merge(master, head, "Merge #1");
    for tip in [merge, head] {
        upstream.branch("master", tip);
        upstream.update(&mirror, &[]);
        assert_eq!(mirror.diff(&merged(&open, Some(tip))).unwrap(), before);
    }
}

#[test]
fn much_is_cut_and_says_so() {
    let diff = diff_of(|edit| {
        for n in 0..400 {
            edit.put(format!("many/{n:03}"), "x\n");
        }
        edit.put("a-large-one", "line\n".repeat(5000));
        edit.put("a-wide-one", "ä".repeat(100_000));
        edit.put("a-huge-one", "x\n".repeat(600_000));
    });
    assert_eq!((diff.files.len(), diff.changed_files), (300, 403));
    assert!(diff.is_cut());
    let file = |path: &str| diff.files.iter().find(|file| file.path == path).unwrap();
    let large = file("a-large-one");
    assert_eq!(
        (large.hunks[0].lines.len(), large.additions, large.is_cut),
        (2000, 5000, true)
    );
    let wide = file("a-wide-one");
    assert_eq!(
        (wide.hunks[0].lines[0].text.chars().count(), wide.is_cut),
        (1000, true)
    );
    assert!(file("a-huge-one").is_binary);
    assert!(!file("many/000").is_cut);
    let lines: usize = diff
        .files
        .iter()
        .flat_map(|file| &file.hunks)
        .map(|hunk| hunk.lines.len())
        .sum();
    assert!(lines <= 20_000);
}

#[test]
fn a_head_that_is_gone_is_an_error() {
    let (upstream, _) = Upstream::new();
    let pr = candidate(1, git2::Oid::from_str(&"d".repeat(40)).unwrap());
    let error = upstream.mirror(&[]).diff(&pr).unwrap_err();
    assert!(
        matches!(error, MergeError::Mirror(MirrorError::MissingCommit(_))),
        "{error}"
    );
}

#[test]
fn a_head_whose_fetch_is_under_way_is_not_there_yet() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("fix", "fixed");
    });
    let (pr, mirror) = (candidate(1, head), upstream.mirror(&[]));
    // Git unpacks a commit before the tree that it names.
    let commit = upstream
        .repo
        .odb()
        .unwrap()
        .read(head)
        .unwrap()
        .data()
        .to_vec();
    let repo = upstream.mirror_repo();
    let odb = repo.odb().unwrap();
    odb.write(git2::ObjectType::Commit, &commit).unwrap();
    let error = mirror.diff(&pr).unwrap_err();
    assert!(
        matches!(error, MergeError::Mirror(MirrorError::MissingCommit(_))),
        "{error}"
    );
    upstream.update(&mirror, &[&pr]);
    assert_eq!(mirror.diff(&pr).unwrap().changed_files, 1);
}

/// The candidate page compares the two where a pick is not what the pull request has.
#[test]
fn a_commits_own_patch_reads_as_its_picks() {
    let (upstream, root) = Upstream::new();
    let [own, other] = ["six", "other"].map(|line| {
        upstream.commit(&[root], "fix", |edit| {
            edit.line("pkgs/nginx.nix", "nginx line 6\n", &format!("{line}\n"));
        })
    });
    let pr = candidate(1, own);
    let mirror = upstream.mirror(&[&pr]);
    let assessed = assess(&mirror, root, &pr);
    let texts: Vec<_> = assessed.patches.values().cloned().collect();
    assert_eq!(texts, [mirror.patch(&sha(own)).unwrap()]);
    assert!(texts[0].contains("+six\n"), "{}", texts[0]);
    let unknown = mirror.patch(&sha(other));
    assert!(
        matches!(
            unknown,
            Err(MergeError::Mirror(MirrorError::MissingCommit(_)))
        ),
        "{unknown:?}"
    );
}

#[test]
fn a_mode_that_git_does_not_write_is_shown() {
    let diff = diff_of(|edit| {
        edit.put_as(0o100_600, "odd", "x\n");
    });
    let [file] = diff.files.as_slice() else {
        panic!("{diff:?}");
    };
    assert_eq!(file.path, "odd");
    assert_eq!(file.mode, Some(("000000".into(), "100600".into())));
}
