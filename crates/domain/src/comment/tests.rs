use super::*;
use crate::fixtures::{candidate, channel, decisions, policy, sha};
use crate::*;

const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

fn site() -> CommentSite {
    CommentSite::new("https://sec.example.org/")
}

fn approve(pr: u64) -> Action {
    Action::Approve {
        channel: channel(),
        pr: PrNumber(pr),
        head: sha("head"),
        patches: Vec::new(),
        not_shown: Vec::new(),
    }
}

fn facts(actions: &[Action]) -> Facts {
    let actions: Vec<_> = actions.iter().map(|it| ("ada", it.clone())).collect();
    let mut facts = Facts::new(policy(1));
    facts.log = decisions(&actions).into_iter().collect();
    facts
}

/// The comment on pull request 7, where these are its states in channels that decided about it.
fn said(states: &[PickStatus]) -> Comment {
    let facts = facts(&[approve(7)]);
    let channels = states.iter().map(|it| (&facts, it));
    comment(&site(), &candidate(7, "head"), channels).unwrap()
}

/// The lines that tell of channels.
fn lines(states: &[PickStatus]) -> String {
    let comment = said(states);
    let lines = comment.text().lines().filter(|it| it.starts_with("- "));
    lines.collect::<Vec<_>>().join("\n")
}

fn conflict(paths: &[&str]) -> PickStatus {
    let conflicts = paths.iter().map(|path| Conflict {
        path: (*path).to_owned(),
        kind: ConflictKind::BothModified,
        versions: Versions::default(),
    });
    PickStatus::Conflict {
        commit: sha("commit"),
        conflicts: conflicts.collect(),
    }
}

fn released() -> PickStatus {
    PickStatus::Released {
        release: ReleaseName::parse("nixos-26.05.715880.3.0123456789ab").unwrap(),
        at: NOW,
    }
}

fn dismissed(kind: DismissalKind, reason: &str) -> PickStatus {
    PickStatus::Dismissed {
        kind,
        reason: reason.into(),
        by: Actor::Person(Login::parse("ada").unwrap()),
        at: NOW,
    }
}

fn vetoed(reason: &str) -> PickStatus {
    let veto = Veto {
        by: Login::parse("ada").unwrap(),
        at: NOW,
        reason: reason.into(),
    };
    PickStatus::Vetoed {
        vetoes: vec![veto],
        still_in: None,
    }
}

#[test]
fn a_comment_says_where_it_is_and_how_to_make_it_stop() {
    let comment = said(&[released()]);
    insta::assert_snapshot!(comment.text(), @r"
    <!-- picket:https://sec.example.org -->
    What became of this pull request, at head `9f2e6d33a371`, in security channels at `sec.example.org`:

    - `nixos-26.05-sec`: **released** in `nixos-26.05.715880.3.0123456789ab`, since 2026-11-18T11:06:40Z

    [The page about it](<https://sec.example.org/candidates/7>) says more. This comes from Picket, which nixpkgs does not run; it keeps this one comment up to date, and writes no other. To make it stop, delete the comment: nothing more is written here then.
    ");
}

#[test]
fn each_channel_has_a_line_that_says_what_became_of_it() {
    let jobs = |names: &[&str]| {
        let names = names.iter().map(|name| JobName::parse(name).unwrap());
        names.collect::<Vec<_>>()
    };
    let lines = lines(&[
        released(),
        conflict(&["pkgs/a.nix", "pkgs/b.nix"]),
        PickStatus::Superseded {
            lag_seconds: 266_400,
        },
        PickStatus::InBase,
        dismissed(DismissalKind::NotAffected, "the module is not built"),
        dismissed(DismissalKind::Rejected, "no fix"),
        vetoed("it breaks logins"),
        PickStatus::BuildFailed {
            rev: sha("rev"),
            jobs: jobs(&["tests.redis", "nixpkgs.redis.x86_64-linux"]),
        },
        PickStatus::BuildFailed {
            rev: sha("rev"),
            jobs: Vec::new(),
        },
        PickStatus::Disputed {
            commit: sha("commit"),
            git: SecondOpinion::OtherTree {
                paths: vec!["a.nix".into()],
            },
        },
        PickStatus::Stale {
            commits: Vec::new(),
            missing: 1,
        },
        PickStatus::Unavailable {
            reason: "its head is gone".into(),
        },
        PickStatus::NoMachine {
            rev: sha("rev"),
            jobs: jobs(&["tests.redis"]),
        },
        PickStatus::Releasing,
        PickStatus::AwaitingApproval {
            approvals: Vec::new(),
            missing: 1,
            lapsed: Vec::new(),
            stale: Vec::new(),
        },
    ]);
    insta::assert_snapshot!(lines, @r"
    - `nixos-26.05-sec`: **released** in `nixos-26.05.715880.3.0123456789ab`, since 2026-11-18T11:06:40Z
    - `nixos-26.05-sec`: **needs help with a conflict**: approved, but it does not apply there, in `pkgs/a.nix`, `pkgs/b.nix`
    - `nixos-26.05-sec`: **superseded**: the stable channel has it, 3 d 2 h after this one
    - `nixos-26.05-sec`: the stable channel has it
    - `nixos-26.05-sec`: **not affected**: `the module is not built`
    - `nixos-26.05-sec`: **not for this channel**: `no fix`
    - `nixos-26.05-sec`: **set aside**: its team objects: `it breaks logins`
    - `nixos-26.05-sec`: **set aside**: approved, but it breaks `tests.redis`, `nixpkgs.redis.x86_64-linux`
    - `nixos-26.05-sec`: **set aside**: approved, but the package set does not evaluate with it
    - `nixos-26.05-sec`: **set aside**: approved, but it can be merged in two ways, in `a.nix`
    - `nixos-26.05-sec`: **set aside**: it changes something else there by now than what was approved
    - `nixos-26.05-sec`: **set aside**: `its head is gone`
    - `nixos-26.05-sec`: **set aside**: approved, but no machine builds `tests.redis`
    - `nixos-26.05-sec`: approved, and on its way
    - `nixos-26.05-sec`: this head waits for the approval of its team
    ");
}

#[test]
fn what_others_wrote_is_no_markdown_and_mentions_nobody() {
    let hostile =
        "`</sub>@NixOS/security` [x](https://evil.example) <img src=x>\n\n# @ada #1 --> \u{202e}";
    let states = [
        conflict(&[hostile, "a`@b"]),
        dismissed(DismissalKind::NotAffected, hostile),
        vetoed(hostile),
        PickStatus::Unavailable {
            reason: hostile.into(),
        },
    ];
    insta::assert_snapshot!(lines(&states), @r"
    - `nixos-26.05-sec`: **needs help with a conflict**: approved, but it does not apply there, in `'</sub>@NixOS/security' [x](https://evil.example) <img src=x>��# @ada #1 --> �`, `a'@b`
    - `nixos-26.05-sec`: **not affected**: `'</sub>@NixOS/security' [x](https://evil.example) <img src=x>��# @ada #1 --> �`
    - `nixos-26.05-sec`: **set aside**: its team objects: `'</sub>@NixOS/security' [x](https://evil.example) <img src=x>��# @ada #1 --> �`
    - `nixos-26.05-sec`: **set aside**: `'</sub>@NixOS/security' [x](https://evil.example) <img src=x>��# @ada #1 --> �`
    ");
    let comment = said(&states);
    for line in comment.text().lines().filter(|it| it.starts_with("- ")) {
        let parts: Vec<_> = line.split('`').collect();
        assert_eq!(parts.len() % 2, 1, "every span is closed: {line}");
        // Even parts are outside of code spans.
        for ours in parts.iter().step_by(2) {
            let is_odd = |c: char| "@<>[]#\\&_".contains(c) || !c.is_ascii();
            assert!(!ours.contains(is_odd), "{ours:?} in {line}");
        }
    }
    // That of the mark, and those within code spans.
    assert_eq!(comment.text().matches("-->").count(), 5);
}

#[test]
fn a_comment_is_bounded() {
    let paths: Vec<_> = (0..5_000)
        .map(|n| format!("{n}/{}", "ü`".repeat(600)))
        .collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let comment = said(&vec![conflict(&paths); 40]);
    assert!(
        comment.text().contains("and 4992 more"),
        "{}",
        comment.text()
    );
    assert!(comment.text().contains("- and 24 more channels"));
    // GitHub takes 65,536 characters.
    assert!(comment.text().chars().count() < 20_000);
}

#[test]
fn nothing_is_said_where_nobody_decided() {
    let seven = candidate(7, "head");
    let waiting = PickStatus::AwaitingApproval {
        approvals: Vec::new(),
        missing: 2,
        lapsed: Vec::new(),
        stale: Vec::new(),
    };
    let nominated = Action::Nominate {
        pr: PrNumber(7),
        reason: "look".into(),
    };
    for actions in [Vec::new(), vec![nominated], vec![approve(8)]] {
        let facts = facts(&actions);
        for status in [&waiting, &PickStatus::InBase] {
            assert_eq!(comment(&site(), &seven, [(&facts, status)]), None);
        }
    }
    let own = candidate(PrNumber::own(1).0, "head");
    let facts = facts(&[approve(PrNumber::own(1).0)]);
    assert_eq!(comment(&site(), &own, [(&facts, &released())]), None);
}

#[test]
fn only_what_concerns_upstream_and_is_new_begins_a_comment() {
    let now = Timestamp::from_unix(60);
    for status in [
        released(),
        conflict(&["a"]),
        dismissed(DismissalKind::NotAffected, "no"),
    ] {
        let comment = said(&[PickStatus::InBase, status]);
        assert!(comment.may_begin(now));
        assert!(!comment.may_begin(now.plus_seconds(8 * 86_400)));
    }
    for status in [
        PickStatus::InBase,
        PickStatus::Releasing,
        vetoed("no"),
        dismissed(DismissalKind::Rejected, "no"),
        PickStatus::Superseded { lag_seconds: 1 },
    ] {
        assert!(
            !said(std::slice::from_ref(&status)).may_begin(now),
            "{status:?}"
        );
    }
    let closed = Candidate {
        upstream: UpstreamState::Closed,
        ..candidate(7, "head")
    };
    let facts = facts(&[approve(7)]);
    let comment = comment(&site(), &closed, [(&facts, &released())]).unwrap();
    assert!(!comment.may_begin(now));
}

#[test]
fn a_record_asks_for_one_step_after_the_other() {
    let (begins, other) = (said(&[released()]), said(&[PickStatus::InBase]));
    let now = Timestamp::from_unix(60);
    let at = |seconds: i64| now.plus_seconds(seconds);
    let mut record = CommentRecord::default();
    assert_eq!(record.next(&begins, now).0, CommentStep::Post);
    assert_eq!(record.next(&other, now).0, CommentStep::Nothing);
    record.posting(now);
    // Killed here: it is looked for, whatever there is to say by now.
    assert_eq!(record.next(&other, now), (CommentStep::Post, at(120)));
    record.there(CommentId(5), begins.digest(), at(130));
    assert_eq!(record.next(&begins, now).0, CommentStep::Nothing);
    let edit = (CommentStep::Edit(CommentId(5)), at(730));
    assert_eq!(record.next(&other, now), edit);
    assert_eq!(record.failed(at(800)), at(860));
    assert_eq!(record.next(&other, now).1, at(860));
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(
        serde_json::from_str::<CommentRecord>(&text).unwrap(),
        record
    );
    record.end(CommentEnd::Deleted, now);
    assert_eq!(record.next(&begins, now).0, CommentStep::Nothing);
    assert_eq!(record.id(), Some(CommentId(5)));
}

#[test]
fn what_github_refuses_again_and_again_has_an_end() {
    let mut record = CommentRecord::default();
    record.posting(NOW);
    let waits = (0..5).map(|_| {
        let next = record.refused("422: no\n", NOW);
        next.map(|it| it.seconds_since(NOW))
    });
    let waits: Vec<_> = waits.collect();
    assert_eq!(waits, [Some(60), Some(120), Some(240), Some(480), None]);
    let CommentPlace::Ended { why, .. } = &record.place else {
        panic!("{record:?}");
    };
    assert_eq!(why.words(), "GitHub refuses it: 422: no");
    let mut unclear = CommentRecord::default();
    let waits: Vec<_> = (0..40).map(|_| unclear.failed(NOW)).collect();
    assert_eq!(waits[39].seconds_since(NOW), 6 * 3_600);
    assert_eq!(unclear.place, CommentPlace::Unknown, "it is never given up");
}
