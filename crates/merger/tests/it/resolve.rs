//! Conflicts as people are shown them, and what comes of what they made of them.

use git2::Oid;
use picket_domain::{
    Candidate, ConflictKind, ContainedBy, FileMode, Form, PickOutcome, ResolvedSet, Versions,
};
use picket_merger::Contents;

use crate::resolutions::Resolutions;
use crate::support::*;

fn plain(content: &str) -> Option<(FileMode, Vec<u8>)> {
    Some((FileMode::Plain, content.as_bytes().to_vec()))
}

const PATH: &str = "pkgs/openssl.nix";

/// A base and a pull request that change the same line, and the base's file and another one.
fn one_conflict() -> (Upstream, Oid, Candidate) {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "ours", |edit| {
        edit.line(PATH, "line 6", "line VI");
    });
    let half = upstream.commit(&[root], "before it", |edit| {
        edit.put("before", "x");
    });
    let head = upstream.commit(&[half], "openssl: fix\n\nwith care", |edit| {
        edit.line(PATH, "line 6", "line six")
            .line("pkgs/nginx.nix", "line 2\n", "line two\n");
    });
    upstream.branch("release", base);
    (upstream, base, candidate(7, head))
}

fn openssl(line: &str) -> String {
    text("openssl", 12).replace("line 6", line)
}

#[test]
fn a_conflict_comes_with_its_files_contents() {
    let (upstream, base, pr) = one_conflict();
    let mirror = upstream.mirror(&[&pr]);
    let (set, contents, sha) = (ResolvedSet::default(), Contents::new(), sha(base));
    let found = mirror.conflicts(&sha, &sha, &pr, &set, &contents);
    let found = found.unwrap().unwrap();
    assert_eq!(
        (found.commit, found.subject.as_str()),
        (pr.head, "openssl: fix")
    );
    let [file] = found.files.as_slice() else {
        panic!("one file, not {:?}", found.files);
    };
    assert_eq!(file.conflict.path, PATH);
    assert_eq!(file.conflict.kind, ConflictKind::BothModified);
    let content = |line: &str| Some(openssl(line).into_bytes());
    assert_eq!(file.base, content("line 6"));
    assert_eq!(file.ours, content("line VI"));
    assert_eq!(file.theirs, content("line six"));
}

#[test]
fn what_applies_has_no_conflicts() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("new", "x");
    });
    let found = upstream.conflicts(root, &candidate(1, head), &Resolutions::default());
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_resolution_settles_the_conflict_and_the_rest_merges() {
    let (upstream, base, pr) = one_conflict();
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let resolutions = Resolutions::made(&pr, &found, |_| plain(&openssl("line six, VI")));
    let PickOutcome::Picked { commits, .. } = upstream.resolved_outcome(base, &pr, &resolutions)
    else {
        panic!("not picked");
    };
    let verbatim: Vec<_> = commits.iter().map(|commit| commit.verbatim).collect();
    assert_eq!(verbatim, [true, false]);
    let tip = &commits[1].commit;
    let content = |path: &str| String::from_utf8(upstream.mirror_file(tip, path)).unwrap();
    assert_eq!(content(PATH), openssl("line six, VI"));
    assert!(content("pkgs/nginx.nix").contains("nginx line two\n"));
    assert_eq!(content("before"), "x");
    assert!(upstream.conflicts(base, &pr, &resolutions).is_empty());
}

#[test]
fn it_holds_on_another_base_as_long_as_the_versions_are_the_same() {
    let (upstream, base, pr) = one_conflict();
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let resolutions = Resolutions::made(&pr, &found, |_| plain(&openssl("line six, VI")));
    let outcome = |base| upstream.resolved_outcome(base, &pr, &resolutions);
    let elsewhere = upstream.commit(&[base], "on", |edit| {
        edit.put("on", "x")
            .line("pkgs/nginx.nix", "line 9", "line nine");
    });
    assert!(matches!(outcome(elsewhere), PickOutcome::Picked { .. }));
    let same_file = upstream.commit(&[elsewhere], "on", |edit| {
        edit.line(PATH, "line 12", "line twelve");
    });
    let PickOutcome::Conflict { conflicts, .. } = outcome(same_file) else {
        panic!("another version of the file is another conflict");
    };
    assert_eq!(conflicts[0].path, PATH);
    let moved_on = upstream.commit(
        &[Oid::from_str(pr.head.as_str()).unwrap()],
        "more",
        |edit| {
            edit.line("pkgs/mastodon.nix", "line 1\n", "line one\n");
        },
    );
    let newer = candidate(7, moved_on);
    let PickOutcome::Picked { commits, .. } = upstream.resolved_outcome(base, &newer, &resolutions)
    else {
        panic!("the commit that conflicts is the same");
    };
    assert_eq!(commits.len(), 3);
}

#[test]
fn a_content_that_is_missing_or_damaged_sets_its_pick_aside() {
    let (upstream, base, pr) = one_conflict();
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let Resolutions { set, mut contents } = Resolutions::made(&pr, &found, |_| plain("x\n"));
    let mirror = upstream.mirror(&[&pr]);
    let assess = |contents: &Contents| {
        let assessed = mirror.assess(&sha(base), &pr, (&set, &Form::AsIs), contents);
        assessed.unwrap().outcome
    };
    let is_set_aside = |outcome| match outcome {
        PickOutcome::Unavailable { reason } => {
            reason.contains(PATH) && reason.contains("settle the conflict again")
        }
        _ => false,
    };
    assert!(is_set_aside(assess(&Contents::new())));
    assert!(matches!(assess(&contents), PickOutcome::Picked { .. }));
    for content in contents.values_mut() {
        content.push(b'y');
    }
    assert!(is_set_aside(assess(&contents)));
}

#[test]
fn to_keep_ours_leaves_nothing_to_pick() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "ours", |edit| {
        edit.line(PATH, "line 6", "line VI");
    });
    let head = upstream.commit(&[root], "theirs", |edit| {
        edit.line(PATH, "line 6", "line six");
    });
    let pr = candidate(7, head);
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let resolutions = Resolutions::made(&pr, &found, |_| plain(&openssl("line VI")));
    let outcome = upstream.resolved_outcome(base, &pr, &resolutions);
    let by = ContainedBy::Resolution;
    assert_eq!(outcome, PickOutcome::Contained { by });
}

#[test]
fn every_file_of_a_commit_has_to_be_resolved() {
    let (upstream, root) = Upstream::new();
    let side = |name: &'static str| {
        move |edit: &mut Edit<'_>| {
            edit.line(PATH, "line 6", name)
                .line("pkgs/nginx.nix", "line 6", name);
        }
    };
    let base = upstream.commit(&[root], "ours", side("ours"));
    let pr = candidate(7, upstream.commit(&[root], "theirs", side("theirs")));
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let one = Resolutions::made(&pr, &found[..1], |_| plain("x\n"));
    let PickOutcome::Conflict { conflicts, .. } = upstream.resolved_outcome(base, &pr, &one) else {
        panic!("a file is left");
    };
    assert_eq!(conflicts.len(), 2);
    let both = Resolutions::made(&pr, &found, |_| plain("x\n"));
    let outcome = upstream.resolved_outcome(base, &pr, &both);
    assert!(matches!(outcome, PickOutcome::Picked { .. }), "{outcome:?}");
}

#[test]
fn any_kind_of_file_can_come_of_it() {
    let (upstream, root) = Upstream::new();
    let module = |digit: &str| Oid::from_str(&digit.repeat(40)).unwrap();
    let start = upstream.commit(&[root], "start", |edit| {
        edit.put("gone", text("a", 9))
            .put("image", b"\0\x01")
            .put("script", "1\n");
        edit.put_as(LINK, "link", "old")
            .entry(SUBMODULE, "module", module("1"));
    });
    let base = upstream.commit(&[start], "ours", |edit| {
        edit.remove("gone")
            .put("image", b"\0\x02")
            .put("script", "2\n");
        edit.put_as(LINK, "link", "ours")
            .entry(SUBMODULE, "module", module("2"));
    });
    let head = upstream.commit(&[start], "theirs", |edit| {
        edit.line("gone", "a line 3", "theirs")
            .put("image", b"\0\x03")
            .put("script", "3\n");
        edit.put_as(LINK, "link", "theirs")
            .entry(SUBMODULE, "module", module("3"));
    });
    upstream.branch("master", start);
    let pr = candidate(7, head);
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let paths: Vec<_> = found
        .iter()
        .map(|file| file.conflict.path.as_str())
        .collect();
    assert_eq!(paths, ["gone", "image", "link", "module", "script"]);
    let told = |path: &str| {
        found
            .iter()
            .find(|file| file.conflict.path == path)
            .unwrap()
    };
    assert_eq!(told("module").theirs, None);
    assert_eq!(told("link").theirs.as_deref(), Some(b"theirs".as_slice()));
    let resolutions = Resolutions::made(&pr, &found, |path| match path {
        "gone" => None,
        "image" => Some((FileMode::Plain, b"\0\x04".to_vec())),
        "link" => Some((FileMode::Link, b"both".to_vec())),
        "module" => Some((FileMode::Submodule, "4".repeat(40).into_bytes())),
        _ => Some((FileMode::Executable, b"4\n".to_vec())),
    });
    let outcome = upstream.resolved_outcome(base, &pr, &resolutions);
    let PickOutcome::Picked { commits, .. } = outcome else {
        panic!("not picked: {outcome:?}");
    };
    let files = upstream.picked_files(&commits[0].commit).0;
    assert!(!files.contains_key(b"gone".as_slice()));
    assert_eq!(files[b"module".as_slice()], (SUBMODULE, module("4")));
    assert_eq!(files[b"link".as_slice()].0, LINK);
    assert_eq!(files[b"script".as_slice()].0, EXECUTABLE);
    assert_eq!(upstream.mirror_file(&commits[0].commit, "image"), b"\0\x04");
}

#[test]
fn markers_that_are_left_in_a_resolution_are_refused() {
    let (upstream, base, pr) = one_conflict();
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    let left = "<<<<<<< ours\nline VI\n=======\nline six\n>>>>>>> theirs\n";
    let resolutions = Resolutions::made(&pr, &found, |_| plain(&openssl(left)));
    let PickOutcome::Conflict { conflicts, .. } =
        upstream.resolved_outcome(base, &pr, &resolutions)
    else {
        panic!("markers would ship");
    };
    let [conflict] = conflicts.as_slice() else {
        panic!("one file, not {conflicts:?}");
    };
    assert_eq!(
        (conflict.path.as_str(), conflict.kind),
        (PATH, ConflictKind::Markers)
    );
    assert!(conflict.can_be_resolved(), "it can be done again");
    assert_eq!(conflict.versions, found[0].conflict.versions);
    let again = upstream.conflicts(base, &pr, &resolutions);
    assert_eq!(again[0].ours, found[0].ours);
}

#[test]
fn conflicts_of_names_have_no_versions_and_cannot_be_settled() {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "ours", |edit| {
        edit.rename(PATH, "pkgs/ssl.nix");
    });
    let head = upstream.commit(&[root], "theirs", |edit| {
        edit.rename(PATH, "pkgs/tls.nix");
    });
    let pr = candidate(7, head);
    let found = upstream.conflicts(base, &pr, &Resolutions::default());
    assert!(!found.is_empty());
    for file in &found {
        assert_eq!(file.conflict.versions, Versions::default());
        assert!(!file.conflict.can_be_resolved());
    }
    let resolutions = Resolutions::made(&pr, &found, |_| plain("x\n"));
    let outcome = upstream.resolved_outcome(base, &pr, &resolutions);
    assert!(
        matches!(outcome, PickOutcome::Conflict { .. }),
        "{outcome:?}"
    );
}

#[test]
fn a_conflict_with_a_pick_before_it_is_shown_on_that() {
    let (upstream, root) = Upstream::new();
    let below = upstream.commit(&[root], "below", |edit| {
        edit.put("below", "x");
    });
    let first = candidate(
        1,
        upstream.commit(&[below], "first", |edit| {
            edit.line(PATH, "line 6", "line VI");
        }),
    );
    // It stands on a commit of the first one, which the chain has under another id.
    let second = candidate(
        2,
        upstream.commit(&[below], "second", |edit| {
            edit.line(PATH, "line 6", "line six");
        }),
    );
    let assembly = upstream.assemble(root, &[&first, &second]);
    let tip = assembly.tip(&first.head).clone();
    let mirror = upstream.mirror(&[]);
    let (set, contents, base) = (ResolvedSet::default(), Contents::new(), sha(root));
    let on = |onto| {
        mirror
            .conflicts(&base, onto, &second, &set, &contents)
            .unwrap()
    };
    assert_eq!(on(&base), None);
    let found = on(&tip).unwrap();
    assert_eq!(found.commit, second.head);
    assert_eq!(found.files[0].ours, Some(openssl("line VI").into_bytes()));
}
