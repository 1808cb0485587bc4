//! Forms other than the plain one: the commits that stand in for a pull request's.

use std::collections::BTreeSet;

use git2::Oid;
use picket_domain::{
    Candidate, ContainedBy, Form, MitigationName, PackageFolder, PickOutcome, ResolvedSet, Sha256,
};
use picket_merger::Contents;

use crate::support::*;

const LIST: &str = "nixos/modules/module-list.nix";
const FOLDER: &str = "pkgs/libraries/openssl";

/// An upstream with a list of modules and a library, the revision with those, and a pull request
/// that fixes the library and says so elsewhere.
fn nixos() -> (Upstream, Oid, Candidate) {
    let (upstream, root) = Upstream::new();
    let base = upstream.commit(&[root], "nixos", |edit| {
        edit.put(LIST, "[\n  ./a.nix\n]\n");
        edit.put("pkgs/by-name/cu/curl/package.nix", "curl\n");
        edit.put(format!("{FOLDER}/default.nix"), text("openssl", 12));
        edit.put_as(EXECUTABLE, format!("{FOLDER}/patches/a"), "a\n");
    });
    upstream.branch("master", base);
    let head = upstream.commit(&[base], "fix", |edit| {
        edit.line("pkgs/libraries/openssl/default.nix", "line 6", "line six");
        edit.put("doc/news.md", "openssl\n");
    });
    (upstream, base, candidate(4245, head))
}

fn written(text: &str) -> (picket_domain::ContentId, Contents) {
    let id = picket_domain::ContentId::from(Sha256::of(text.as_bytes()));
    (id.clone(), Contents::from([(id, text.as_bytes().to_vec())]))
}

fn mitigation(text: &str) -> (Form, Contents) {
    let (settings, contents) = written(text);
    let name = MitigationName::parse("cve-2026-31431").unwrap();
    (Form::Mitigation { name, settings }, contents)
}

fn graft(folder: &str, text: &str) -> (Form, Contents) {
    let (pairs, contents) = written(text);
    let folder = Some(PackageFolder::parse(folder).unwrap());
    (Form::Graft { folder, pairs }, contents)
}

impl Upstream {
    /// What comes of carrying a candidate so, alone and in a chain.
    fn carried(
        &self,
        base: Oid,
        pr: &Candidate,
        (form, contents): &(Form, Contents),
    ) -> PickOutcome {
        self.branch("release", base);
        let mirror = self.mirror(&[pr]);
        let made = (&ResolvedSet::default(), form);
        let assessed = mirror.assess(&sha(base), pr, made, contents).unwrap();
        let mut pick = pick(pr);
        pick.form = form.clone();
        let known = [(pr.pr, pr.clone())].into();
        let assembled = mirror.assemble(&spec(base, vec![pick]), &known, contents);
        let outcome = assembled.unwrap().assembly.picks.remove(0).outcome;
        assert_eq!(without_ids(&assessed.outcome), without_ids(&outcome));
        outcome
    }
}

fn only_commit(outcome: &PickOutcome) -> &picket_domain::PickedCommit {
    match outcome {
        PickOutcome::Picked { commits, .. } => {
            assert_eq!(commits.len(), 1);
            &commits[0]
        }
        other => panic!("not carried: {other:?}"),
    }
}

fn reason(outcome: &PickOutcome) -> &str {
    match outcome {
        PickOutcome::Unavailable { reason } => reason,
        other => panic!("it is carried: {other:?}"),
    }
}

/// The files that a commit has and its base has not, or has otherwise.
fn new_files(
    upstream: &Upstream,
    base: Oid,
    commit: &picket_domain::CommitSha,
) -> BTreeSet<String> {
    let before = upstream.files(base).0;
    let after = upstream.picked_files(commit).0;
    assert!(before.keys().all(|path| after.contains_key(path)));
    let new = after
        .iter()
        .filter(|(path, it)| before.get(*path) != Some(it));
    new.map(|(path, _)| String::from_utf8(path.clone()).unwrap())
        .collect()
}

#[test]
fn a_mitigation_adds_a_module_and_nothing_of_the_pull_request() {
    let (upstream, base, pr) = nixos();
    let form = mitigation("{ boot.blacklistedKernelModules = [ \"algif_aead\" ]; }\n");
    let outcome = upstream.carried(base, &pr, &form);
    let commit = only_commit(&outcome);
    assert_eq!((&commit.source, commit.verbatim), (&pr.head, false));
    let files = new_files(&upstream, base, &commit.commit);
    insta::assert_debug_snapshot!(files, @r#"
    {
        "nixos/modules/module-list.nix",
        "nixos/modules/security/channel/carried/4245.nix",
        "nixos/modules/security/channel/checks.nix",
        "nixos/modules/security/channel/default.nix",
    }
    "#);
    let list = upstream.mirror_file(&commit.commit, LIST);
    assert_eq!(list, b"[\n  ./a.nix\n  ./security/channel\n]\n");
    let repo = upstream.mirror_repo();
    let commit = repo.find_commit(oid(&commit.commit)).unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(commit.message_raw_bytes()), @"
    channel: mitigation for #4245

    Picket-PR: 4245
    Picket-Form: mitigation
    Picket-Head: 9269f8307cbad9fba49c61a64ec41c95d1d957ed
    Approved-by: grace
    Approved-by: edsger
    ");
    assert_eq!(commit.parent_id(0).unwrap(), base);
    let explained = upstream.empty_mirror().explain(&sha(commit.id()));
    let reason = explained.unwrap_err().to_string();
    assert!(reason.ends_with("it stands in for a pull request, by files that it adds"));
    // It depends on nothing but what it is made of.
    assert_eq!(upstream.carried(base, &pr, &form), outcome);
    let other = upstream.carried(base, &pr, &mitigation("{ }\n"));
    assert_ne!(only_commit(&other).patch, only_commit(&outcome).patch);
}

#[test]
fn a_mitigation_does_not_wait_for_a_pick_that_applies() {
    let (upstream, base, pr) = nixos();
    let empty = upstream.commit(&[base], "nothing yet", |_| ());
    let base = upstream.commit(&[base], "other", |edit| {
        edit.line(
            "pkgs/libraries/openssl/default.nix",
            "line 6",
            "line 6, otherwise",
        );
    });
    let form = mitigation("{ }\n");
    only_commit(&upstream.carried(base, &pr, &form));
    // Nor for one that changes anything.
    only_commit(&upstream.carried(base, &candidate(1, empty), &form));
    let as_is = (Form::AsIs, Contents::new());
    let outcome = upstream.carried(base, &pr, &as_is);
    assert!(matches!(outcome, PickOutcome::Conflict { .. }));
    let outcome = upstream.carried(base, &pr, &graft(FOLDER, "[ ]\n"));
    assert!(matches!(outcome, PickOutcome::Conflict { .. }));
}

#[test]
fn a_graft_has_the_fixed_folder_beside_the_old_one() {
    let (upstream, base, pr) = nixos();
    let form = graft(
        FOLDER,
        "[ { old = openssl; new = callPackage graft { }; } ]\n",
    );
    let outcome = upstream.carried(base, &pr, &form);
    let commit = &only_commit(&outcome).commit;
    insta::assert_debug_snapshot!(new_files(&upstream, base, commit), @r#"
    {
        "nixos/modules/module-list.nix",
        "nixos/modules/security/channel/carried/4245.nix",
        "nixos/modules/security/channel/checks.nix",
        "nixos/modules/security/channel/default.nix",
        "pkgs/by-name/ch/channel-graft-4245/package.nix",
        "pkgs/libraries/openssl-graft-4245/default.nix",
        "pkgs/libraries/openssl-graft-4245/patches/a",
    }
    "#);
    let fixed = upstream.mirror_file(commit, "pkgs/libraries/openssl-graft-4245/default.nix");
    assert_eq!(
        String::from_utf8(fixed).unwrap(),
        text("openssl", 12).replace("line 6", "line six")
    );
    let mode =
        upstream.picked_files(commit).0[&b"pkgs/libraries/openssl-graft-4245/patches/a"[..]].0;
    assert_eq!(mode, EXECUTABLE);
}

#[test]
fn both_leave_when_the_base_has_the_fix() {
    let (upstream, base, pr) = nixos();
    let fixed = upstream.commit(&[base], "backport", |edit| {
        edit.line("pkgs/libraries/openssl/default.nix", "line 6", "line six");
        edit.put("doc/news.md", "openssl\n");
    });
    let by = ContainedBy::Base;
    for form in [mitigation("{ }\n"), graft(FOLDER, "[ ]\n")] {
        let outcome = upstream.carried(fixed, &pr, &form);
        assert_eq!(outcome, PickOutcome::Contained { by });
    }
}

#[test]
fn forms_share_the_list_and_leave_others_picks_alone() {
    let (upstream, base, one) = nixos();
    let oid_of = |pr: &Candidate| Oid::from_str(pr.head.as_str()).unwrap();
    // It stands on the other one's commit, which is not picked by a mitigation.
    let head = upstream.commit(&[oid_of(&one)], "more", |edit| {
        edit.put("more", "x");
    });
    let two = candidate(4246, head);
    let mirror = upstream.mirror(&[&one, &two]);
    let (form, mut contents) = mitigation("{ }\n");
    let (graft, text) = graft(FOLDER, "[ ]\n");
    contents.extend(text);
    let known = [(one.pr, one.clone()), (two.pr, two.clone())].into();
    let picks = |forms: [&Form; 2]| {
        let pick = |pr, form: &Form| picket_domain::ApprovedPick {
            form: form.clone(),
            ..pick(pr)
        };
        vec![pick(&one, forms[0]), pick(&two, forms[1])]
    };
    let assembled = |forms| {
        let made = mirror.assemble(&spec(base, picks(forms)), &known, &contents);
        made.unwrap().assembly
    };
    let both = assembled([&form, &graft]);
    let base_rev = sha(base);
    let tip = both.tip(&base_rev);
    let list = upstream.mirror_file(tip, LIST);
    assert_eq!(list, b"[\n  ./a.nix\n  ./security/channel\n]\n");
    let alone = |form: &Form| {
        let made = mirror.assess(&base_rev, &two, (&ResolvedSet::default(), form), &contents);
        only_commit(&made.unwrap().outcome).patch.clone()
    };
    // What stands before it is no reason to approve it again.
    assert_eq!(only_commit(&both.picks[1].outcome).patch, alone(&graft));
    let files = upstream.picked_files(tip).0;
    for carried in ["4245", "4246"] {
        let path = format!("nixos/modules/security/channel/carried/{carried}.nix");
        assert!(files.contains_key(path.as_bytes()));
    }
    let after = assembled([&form, &Form::AsIs]);
    match &after.picks[1].outcome {
        PickOutcome::Picked { commits, .. } => assert_eq!(commits.len(), 2),
        other => panic!("not picked: {other:?}"),
    }
}

#[test]
fn what_has_no_place_is_set_aside_with_the_reason() {
    let (upstream, base, pr) = nixos();
    let reasons: Vec<_> = [
        graft("pkgs/by-name/cu", "[ ]\n"),
        graft("pkgs/not/there", "[ ]\n"),
        graft("pkgs/libraries/openssl/default.nix", "[ ]\n"),
        (mitigation("{ }\n").0, Contents::new()),
    ]
    .iter()
    .map(|form| reason(&upstream.carried(base, &pr, form)).to_owned())
    .collect();
    insta::assert_debug_snapshot!(reasons, @r#"
    [
        "the pull request changes nothing in pkgs/by-name/cu",
        "pkgs/not/there is no folder",
        "pkgs/libraries/openssl/default.nix is no folder",
        "the text of its form is not at hand, or is damaged: choose the form again",
    ]
    "#);
    let (upstream, root) = Upstream::new();
    let head = upstream.commit(&[root], "fix", |edit| {
        edit.line("pkgs/openssl.nix", "line 6", "line six");
    });
    let outcome = upstream.carried(root, &candidate(1, head), &mitigation("{ }\n"));
    insta::assert_snapshot!(reason(&outcome), @"the base has no nixos/modules/module-list.nix of the usual form");
}
