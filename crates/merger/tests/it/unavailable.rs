//! What cannot be picked at all, whatever it goes on.

use picket_domain::PickOutcome;
use picket_merger::{Contents, MirrorError};

use crate::support::*;

fn reason(outcome: PickOutcome) -> String {
    match outcome {
        PickOutcome::Unavailable { reason } => reason,
        other => panic!("not unavailable: {other:?}"),
    }
}

#[test]
fn paths_that_git_refuses_are_not_picked() {
    for path in [".git/hooks/post-checkout", "a/../../b", "x/.GIT/config"] {
        let (upstream, root) = Upstream::new();
        let head = upstream.commit(&[root], "harmless", |edit| {
            edit.put(path, "evil");
        });
        let outcome = upstream.outcome(root, &candidate(1, head));
        assert!(reason(outcome).contains("not safe to write"), "{path}");
    }
}

#[test]
fn a_few_trees_that_stand_for_more_files_than_can_be_are_not_picked() {
    let (upstream, root) = Upstream::new();
    let odb = upstream.repo.odb().unwrap();
    let mut at = upstream.repo.blob(b"x").unwrap();
    let mut mode = "100644";
    for _ in 0..12 {
        let mut bytes = Vec::new();
        for n in 0..10 {
            bytes.extend(format!("{mode} {n}\0").bytes());
            bytes.extend_from_slice(at.as_bytes());
        }
        at = odb.write(git2::ObjectType::Tree, &bytes).unwrap();
        mode = "40000";
    }
    let head = upstream.raw_commit(at, &[root], "A <a@b>", b"small");
    let pr = candidate(1, head);
    assert!(reason(upstream.outcome(root, &pr)).contains("changes more files"));
    let diff = upstream.mirror(&[&pr]).diff(&pr).unwrap();
    assert!(diff.files.is_empty() && diff.is_cut(), "{diff:?}");
}

#[test]
fn what_cannot_be_picked_says_why() {
    let (upstream, root) = Upstream::new();
    let mirror = upstream.mirror(&[]);
    let assess = |candidate| reason(assess(&mirror, root, &candidate).outcome);
    let head = git2::Oid::from_str(&"d".repeat(40)).unwrap();
    assert_eq!(
        assess(candidate(1, head)),
        "its head dddddddddddd cannot be had from GitHub"
    );
    let mut odd = candidate(1, root);
    odd.base_branch = branch("gone");
    assert!(assess(odd).starts_with("upstream has no branch gone"));
    assert!(assess(candidate(1, root)).starts_with("its head is on its base branch"));
}

#[test]
fn a_missing_base_or_candidate_is_an_error() {
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.put("new", "x");
    });
    let pr = candidate(1, head);
    let mirror = upstream.mirror(&[&pr]);
    let absent = git2::Oid::from_str(&"d".repeat(40)).unwrap();
    let error = try_assess(&mirror, absent, &pr).unwrap_err();
    assert!(
        matches!(
            error,
            picket_merger::MergeError::Mirror(MirrorError::MissingCommit(_))
        ),
        "{error}"
    );
    let error = mirror
        .assemble(
            &spec(root, vec![pick(&pr)]),
            &Default::default(),
            &Contents::new(),
        )
        .unwrap_err();
    assert!(
        matches!(error, picket_merger::MergeError::UnknownCandidate(_)),
        "{error}"
    );
}
