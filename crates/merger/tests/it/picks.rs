//! Single picks and chains: what applies, and what the commits are.

use picket_domain::{Candidate, PickOutcome, PickResult, Renames};

use crate::support::*;

#[test]
fn commits_are_deterministic_and_say_where_they_come_from() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "release", |edit| {
        edit.line("pkgs/nginx.nix", "nginx line 1\n", "nginx line one\n");
    });
    upstream.branch("release", base);
    let first = upstream.commit(
        &[root],
        "openssl: 3.0.14 -> 3.0.15\n\nCVE-2026-1\n",
        |edit| {
            edit.line("pkgs/openssl.nix", "line 6", "line six");
        },
    );
    let head = upstream.commit(&[first], "nginx: rebuild", |edit| {
        edit.line("pkgs/nginx.nix", "line 11", "line eleven");
    });
    let commits = upstream.picked(base, &candidate(12345, head));
    let log = commits.iter().map(|commit| {
        let text = git(
            &upstream.mirror_dir(),
            &["cat-file", "commit", commit.as_str()],
        );
        format!("commit {commit}\n{text}")
    });
    insta::assert_snapshot!(log.collect::<Vec<_>>().join("\n"), @r"
    commit b419f7a2622ab0cf019331fc443859ab42ba4a14
    tree 811dc13f9b1682869aabd0a676e9932b25656ed7
    parent bb204e0a259bbf40e4d5c600b9a7678fa39d2bb9
    author Ada Lovelace <ada@example.org> 1790000180 +0200
    committer Picket <picket@localhost> 1790200100 +0000

    openssl: 3.0.14 -> 3.0.15

    CVE-2026-1

    (cherry picked from commit 098d90c25370f641e4a50c0825f1c06a783f00b5)
    Picket-PR: 12345
    Approved-by: grace
    Approved-by: edsger

    commit 813461a06d6eab7c159ef0b722a33d15596bad22
    tree 29b52497c6e16729a272dd66877845c16c072dc7
    parent b419f7a2622ab0cf019331fc443859ab42ba4a14
    author Ada Lovelace <ada@example.org> 1790000240 +0200
    committer Picket <picket@localhost> 1790200100 +0000

    nginx: rebuild

    (cherry picked from commit f1dfb3eb7bd0178daf210dac1e688b9b3bcbc733)
    Picket-PR: 12345
    Approved-by: grace
    Approved-by: edsger
    ");
}

#[test]
fn the_same_spec_makes_the_same_chain_in_any_mirror() {
    let make = || {
        let (upstream, root) = Upstream::new();
        let one = upstream.commit(&[root], "one", |edit| {
            edit.put("one", "1");
        });
        let two = upstream.commit(&[root], "two", |edit| {
            edit.put("two", "2");
        });
        let (one, two) = (candidate(1, one), candidate(2, two));
        let once = upstream.assemble(root, &[&one, &two]);
        assert_eq!(upstream.assemble(root, &[&one, &two]), once);
        (once, upstream.assemble(root, &[&two, &one]))
    };
    let (once, other_order) = make();
    assert_eq!(make(), (once.clone(), other_order.clone()));
    let base = sha(git2::Oid::ZERO_SHA1);
    assert_ne!(once.tip(&base), other_order.tip(&base));
}

#[test]
fn modes_links_binaries_submodules_and_odd_names_are_picked() {
    let module = git2::Oid::from_str(&"5".repeat(40)).unwrap();
    let odd = b"caf\xe9/\xff.nix".as_slice();
    let (upstream, base, pr) = two_sides(
        |edit| {
            edit.put("script", text("s", 9))
                .put(odd, "before\n")
                .put("dos", "one\r\ntwo\r\n");
            edit.put_as(LINK, "link", "old").put("image", b"\0\x01");
        },
        |edit| {
            edit.put("other", "x")
                .line("script", "s line 9", "s line nine");
        },
        |edit| {
            let script = text("s", 9).replace("s line 1\n", "s line one\n");
            edit.put_as(EXECUTABLE, "script", script)
                .put(odd, "after\n");
            edit.put_as(LINK, "link", "new").put("image", b"\0\x02");
            edit.put("dos", "one\r\ntwo\r\nthree\r\n")
                .entry(SUBMODULE, "module", module);
        },
    );
    let commits = upstream.picked(base, &pr);
    let tip = commits.last().unwrap();
    let files = upstream.picked_files(tip);
    assert_eq!(files.0[b"script".as_slice()].0, EXECUTABLE);
    assert!(
        upstream
            .mirror_file(tip, "script")
            .ends_with(b"s line nine\n")
    );
    assert!(
        upstream
            .mirror_file(tip, "script")
            .starts_with(b"s line one\n")
    );
    assert_eq!(files.0[b"module".as_slice()], (SUBMODULE, module));
    assert_eq!(upstream.mirror_file(tip, "link"), b"new");
    assert_eq!(upstream.mirror_file(tip, "image"), b"\0\x02");
    assert_eq!(upstream.mirror_file(tip, "dos"), b"one\r\ntwo\r\nthree\r\n");
    assert_eq!(
        upstream
            .mirror_repo()
            .find_blob(files.0[odd].1)
            .unwrap()
            .content(),
        b"after\n"
    );
}

/// A package's expression, not too much like another one's.
fn package(n: usize) -> String {
    let hash = |salt: usize| (n + 1) * 7_919 * (salt + 104_729) % 1_000_003;
    format!(
        "{{ lib, stdenv, fetchurl, dep{}, dep{} }}:\n\nstdenv.mkDerivation rec {{\n  \
         pname = \"package{n}\";\n  version = \"1.{}\";\n  src = fetchurl {{\n    \
         url = \"https://example.org/{}.tar.gz\";\n    hash = \"{}\";\n  }};\n  \
         buildInputs = [ dep{} dep{} ];\n  meta.homepage = \"https://{}.example.org\";\n}}\n",
        hash(1),
        hash(2),
        hash(3),
        hash(4),
        hash(5),
        hash(1),
        hash(2),
        hash(6)
    )
}

#[test]
fn a_fix_follows_its_file_among_two_thousand_that_moved_to_by_name() {
    let old = |n: usize| format!("pkgs/misc/package{n}.nix");
    let new = |n: usize| format!("pkgs/by-name/pa/package{n}/package.nix");
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "packages", |edit| {
        for n in 0..2000 {
            edit.put(old(n), package(n));
        }
    });
    // Each file is edited as it moves, so that only its likeness tells where it came from.
    let moved = upstream.commit(&[base], "treewide: move to by-name", |edit| {
        for n in 0..2000 {
            edit.rename(&old(n), &new(n)).line(
                &new(n),
                "stdenv.mkDerivation rec {",
                "stdenv.mkDerivation (finalAttrs: {",
            );
        }
    });
    let head = upstream.commit(&[moved], "fix", |edit| {
        edit.line(&new(1234), "version = \"1.", "version = \"1.0.1-");
    });
    upstream.branch("master", moved);
    upstream.branch("release", base);
    let outcome = upstream.outcome(base, &candidate(1, head));
    let PickOutcome::Picked { commits, renames } = outcome else {
        panic!("not picked: {outcome:?}");
    };
    assert_eq!(renames, Renames::Followed { found: 1 });
    let [commit] = commits.as_slice() else {
        panic!("one commit, not {commits:?}");
    };
    assert!(!commit.verbatim, "another file is changed than by the fix");
    let content = upstream.mirror_file(&commit.commit, &old(1234));
    let expected = package(1234).replace("version = \"1.", "version = \"1.0.1-");
    assert_eq!(String::from_utf8(content).unwrap(), expected);
}

#[test]
fn a_commit_without_parents_is_picked_as_all_new() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[], "from nothing", |edit| {
        edit.put("new", "all of it\n");
    });
    assert_eq!(
        upstream.file_after(root, &candidate(1, head), "new"),
        b"all of it\n"
    );
}

#[test]
fn three_hundred_commits_are_picked_in_order() {
    let (upstream, root) = Upstream::new();
    let mut head = root;
    for n in 0..300 {
        let line = format!("change {n}\n");
        head = upstream.commit(&[head], &line, |edit| {
            edit.put("counter", line.repeat(3));
        });
    }
    let commits = upstream.picked(root, &candidate(1, head));
    assert_eq!(commits.len(), 300);
    let last = upstream.mirror_file(commits.last().unwrap(), "counter");
    assert_eq!(last, "change 299\n".repeat(3).as_bytes());
}

#[test]
fn author_and_message_keep_bytes_that_are_no_utf8() {
    let (upstream, root) = Upstream::new();
    let with_file = upstream.commit(&[root], "scratch", |edit| {
        edit.put("new", "x");
    });
    let tree = upstream.repo.find_commit(with_file).unwrap().tree_id();
    let bytes = [
        format!("tree {tree}\nparent {root}\n").into_bytes(),
        b"author Andr\xe9  <a@b> 1500000000 -0730\n".to_vec(),
        b"committer x <x@y> 1500000001 +0000\nencoding ISO-8859-1\n".to_vec(),
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n".to_vec(),
        b"\ncaf\xe9\n\nSigned-off-by: Andr\xe9 <a@b>\n".to_vec(),
    ]
    .concat();
    let head = upstream
        .repo
        .odb()
        .unwrap()
        .write(git2::ObjectType::Commit, &bytes)
        .unwrap();
    let commits = upstream.picked(root, &candidate(5, head));
    let repo = upstream.mirror_repo();
    let picked = repo.find_commit(oid(&commits[0])).unwrap();
    let header = [
        format!("tree {tree}\nparent {root}\n").as_bytes(),
        b"author Andr\xe9  <a@b> 1500000000 -0730\n",
        b"committer Picket <picket@localhost> 1790200100 +0000\nencoding ISO-8859-1\n",
    ]
    .concat();
    assert_eq!(picked.raw_header_bytes(), header);
    let message = [
        b"caf\xe9\n\nSigned-off-by: Andr\xe9 <a@b>\n".as_slice(),
        format!("(cherry picked from commit {head})\n").as_bytes(),
        b"Picket-PR: 5\nApproved-by: grace\nApproved-by: edsger\n",
    ]
    .concat();
    assert_eq!(picked.message_raw_bytes(), message);
}

#[test]
fn what_a_pick_changes_is_told_and_is_the_same_wherever_it_applies_alike() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line six");
    });
    let pr = candidate(1, head);
    let of = |line: &str, to: &str| {
        let base = upstream.commit(&[root], "release", |edit| {
            edit.line("pkgs/openssl.nix", line, to).put("more", "x");
        });
        upstream.branch("release", base);
        let assessed = assess(&upstream.mirror(&[&pr]), base, &pr);
        let PickOutcome::Picked { commits, .. } = assessed.outcome else {
            panic!("not picked");
        };
        assert!(commits[0].verbatim);
        (commits[0].patch.clone(), assessed.patches)
    };
    let (patch, texts) = of("line 4\n", "line four\n");
    insta::assert_snapshot!(texts[&patch], @r"
    diff --git a/pkgs/openssl.nix b/pkgs/openssl.nix
    --- a/pkgs/openssl.nix
    +++ b/pkgs/openssl.nix
    @@
     openssl line 3
     openssl line four
     openssl line 5
    -openssl line 6
    +openssl line six
     openssl line 7
     openssl line 8
     openssl line 9
    ");
    assert_eq!(texts.len(), 1);
    assert_eq!(of("line 1\n", "line 0\nline 1\n").0, patch);
}

#[test]
fn assessing_writes_nothing() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("new", "x");
    });
    let pr = candidate(1, head);
    let mirror = upstream.mirror(&[&pr]);
    let count = || git(&upstream.mirror_dir(), &["count-objects", "-v"]);
    let before = count();
    let outcome = assess(&mirror, root, &pr).outcome;
    assert!(matches!(outcome, PickOutcome::Picked { .. }));
    assert_eq!(count(), before);
}

#[test]
fn a_pick_that_stands_on_one_that_was_approved_later_follows_it() {
    let (upstream, base) = Upstream::new();
    let file = "pkgs/nginx.nix";
    let below = upstream.commit(&[base], "nginx: 1 -> 2", |edit| {
        edit.line(file, "nginx line 5", "version 2");
    });
    upstream.branch("master", below);
    let above = upstream.commit(&[below], "nginx: 2 -> 3", |edit| {
        edit.line(file, "version 2", "version 3");
    });
    let one = listing(&merged(&candidate(1, below), Some(below)), &[below]);
    let two = candidate(2, above);
    let outcomes = |picks: &[&Candidate]| {
        let assembly = upstream.assemble(base, picks);
        let outcome = |pick: &PickResult| {
            let is_picked = matches!(pick.outcome, PickOutcome::Picked { .. });
            (pick.pr.0, is_picked)
        };
        assembly.picks.iter().map(outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&[&two]), [(2, false)]);
    assert_eq!(outcomes(&[&two, &one]), [(1, true), (2, true)]);
}

#[test]
fn a_pick_passes_gits_own_check_whatever_its_author_is() {
    let (upstream, root) = Upstream::new();
    let tree = upstream.commit(&[root], "a tree", |edit| {
        edit.put("odd", "x");
    });
    let tree = upstream.repo.find_commit(tree).unwrap().tree_id();
    let odd = upstream.raw_commit(tree, &[root], "Ada<ada@example.org>", b"odd\n");
    let chain = upstream.picked(root, &candidate(1, odd));
    let picked = chain.last().unwrap();
    let dir = upstream.mirror_dir();
    let check = format!("git cat-file commit {picked} | git hash-object -t commit --stdin");
    let checked = std::process::Command::new("sh")
        .args(["-c", &check])
        .current_dir(&dir)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(
        git(&dir, &["log", "-1", "--format=%an <%ae>", picked.as_str()]).trim(),
        "Ada <ada@example.org>"
    );
}

#[test]
fn commits_that_undo_each_other_are_no_fix() {
    let (upstream, root) = Upstream::new();
    let there = upstream.commit(&[root], "there", |edit| {
        edit.put("it", "x");
    });
    let back = upstream.commit(&[there], "Revert", |edit| {
        edit.remove("it");
    });
    let it = candidate(1, back);
    let mirror = upstream.mirror(&[&it]);
    let assembly = assembled(&mirror, &spec(root, vec![pick(&it)]), &[(it.pr, it)].into());
    let PickOutcome::Unavailable { reason } = &assembly.picks[0].outcome else {
        panic!("{assembly:?}");
    };
    assert_eq!(
        reason,
        "its commits undo each other: together they change nothing"
    );
}
