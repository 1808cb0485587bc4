use super::*;
use crate::fixtures::{candidate, channel, decisions, everybody, policy, sha};
use crate::id::AccountId;
use crate::team::{Member, Unbinding};

fn approve(pr: u64, head: &str) -> Action {
    Action::Approve {
        channel: channel(),
        pr: crate::PrNumber(pr),
        head: sha(head),
        patches: Vec::new(),
        not_shown: Vec::new(),
    }
}

fn veto(pr: u64) -> Action {
    Action::Veto {
        channel: channel(),
        pr: crate::PrNumber(pr),
        reason: "no".into(),
    }
}

fn withdraw(pr: u64) -> Action {
    Action::Withdraw {
        channel: channel(),
        pr: crate::PrNumber(pr),
        reason: "err".into(),
    }
}

fn standing(log: &[(&str, Action)]) -> Standing {
    of_head("h1", &everybody(), &decisions(log))
}

fn of_head(head: &str, team: &Team, log: &[Entry]) -> Standing {
    let question = Question {
        candidate: &candidate(7, "h1"),
        head: &sha(head),
        policy: &policy(2),
        required: 2,
        team,
    };
    Standing::of(question, log)
}

fn of_released(team: &Team, log: &[Entry], released_at: i64) -> Standing {
    let question = Question {
        candidate: &candidate(7, "h1"),
        head: &sha("h1"),
        policy: &policy(2),
        required: 2,
        team,
    };
    Standing::of_released(question, log, Timestamp::from_unix(released_at))
}

/// The whole team, but for what is to be said of one of them.
fn team_with(name: &str, member: &Member) -> Team {
    let names = ["ada", "grace", "edsger", "author"].map(|name| Login::parse(name).unwrap());
    let of = |login: Login| {
        let is_it = login.as_str() == name;
        let member = is_it.then(|| member.clone());
        (login, member.unwrap_or_default())
    };
    names.into_iter().map(of).collect()
}

fn left(name: &str, at: i64) -> Team {
    let left_at = Some(Timestamp::from_unix(at));
    let member = Member {
        left_at,
        ..Member::default()
    };
    team_with(name, &member)
}

#[test]
fn enough_approvals_of_the_head_approve_it() {
    let both = standing(&[("ada", approve(7, "h1")), ("grace", approve(7, "h1"))]);
    assert!(matches!(both, Standing::Approved { at, .. } if at == Timestamp::from_unix(1)));
    let one = standing(&[("ada", approve(7, "h1"))]);
    assert!(matches!(one, Standing::Pending { missing: 1, .. }));
}

#[test]
fn one_person_counts_once_and_the_author_never() {
    let twice = standing(&[("ada", approve(7, "h1")), ("ada", approve(7, "h1"))]);
    assert!(matches!(twice, Standing::Pending { missing: 1, .. }));
    let author = standing(&[("ada", approve(7, "h1")), ("author", approve(7, "h1"))]);
    assert!(matches!(author, Standing::Pending { missing: 1, .. }));
}

/// The standing of a candidate of account 41, by whom a team's people are.
fn of_account_41(team: &Team, log: &[Entry]) -> Standing {
    let mut candidate = candidate(7, "h1");
    candidate.author_id = Some(AccountId(41));
    let question = Question {
        candidate: &candidate,
        head: &sha("h1"),
        policy: &policy(2),
        required: 2,
        team,
    };
    Standing::of(question, log)
}

fn account(id: u64) -> Member {
    Member {
        account: Some(AccountId(id)),
        ..Member::default()
    }
}

#[test]
fn an_author_who_has_another_name_now_does_not_count_either() {
    let log = decisions(&[("ada", approve(7, "h1")), ("grace", approve(7, "h1"))]);
    let renamed = of_account_41(&team_with("grace", &account(41)), &log);
    assert!(matches!(renamed, Standing::Pending { missing: 1, .. }));
    let other = of_account_41(&team_with("grace", &account(42)), &log);
    assert!(matches!(other, Standing::Approved { .. }));
}

#[test]
fn who_took_over_the_authors_name_counts_for_what_they_said_themselves() {
    let log = decisions(&[
        ("ada", approve(7, "h1")),
        ("author", approve(7, "h1")),
        ("author", approve(7, "h1")),
    ]);
    let unbound = |entry| {
        let at = Timestamp::from_unix(9);
        let unbound = Some(Unbinding { at, entry });
        let member = Member {
            unbound,
            ..account(77)
        };
        team_with("author", &member)
    };
    let both = of_account_41(&unbound(2), &log);
    assert!(matches!(both, Standing::Approved { at, .. } if at == Timestamp::from_unix(2)));
    let before = of_account_41(&unbound(3), &log);
    let Standing::Pending { lapsed, .. } = before else {
        panic!("that was the author, or may have been: {before:?}");
    };
    assert_eq!(lapsed, []);
}

#[test]
fn an_approval_of_an_earlier_head_is_stale() {
    let log = [("ada", approve(7, "h0")), ("grace", approve(7, "h1"))];
    match standing(&log) {
        Standing::Pending {
            missing: 1, stale, ..
        } => assert_eq!(stale[0].as_str(), "ada"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_veto_holds_until_its_author_withdraws_it() {
    let mut log = vec![
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
        ("edsger", veto(7)),
        ("ada", withdraw(7)),
        ("ada", approve(7, "h1")),
    ];
    assert!(matches!(standing(&log), Standing::Vetoed { .. }));
    log.push(("edsger", withdraw(7)));
    assert!(matches!(standing(&log), Standing::Approved { .. }));
}

#[test]
fn an_approval_of_a_new_head_leaves_that_of_the_old_one() {
    let log = decisions(&[
        ("ada", approve(7, "h0")),
        ("grace", approve(7, "h0")),
        ("ada", approve(7, "h1")),
    ]);
    let of = |head| of_head(head, &everybody(), &log);
    assert!(matches!(of("h0"), Standing::Approved { .. }));
    assert!(matches!(of("h1"), Standing::Pending { missing: 1, .. }));
}

#[test]
fn approving_lifts_ones_own_veto() {
    let log = [
        ("ada", veto(7)),
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
    ];
    assert!(matches!(standing(&log), Standing::Approved { .. }));
}

fn commit(patch: &str, verbatim: bool) -> PickedCommit {
    PickedCommit {
        source: sha("source"),
        commit: sha("commit"),
        patch: crate::Sha256::of(patch.as_bytes()).into(),
        verbatim,
    }
}

#[test]
fn an_approval_covers_what_was_seen() {
    let (one, two) = (commit("1", false), commit("2", true));
    let approval = |seen: &[&PickedCommit]| Approval {
        by: Login::parse("ada").unwrap(),
        at: Timestamp::from_unix(0),
        patches: seen.iter().map(|commit| commit.patch.clone()).collect(),
    };
    assert!(approval(&[&one, &two]).covers(&[one.clone(), two.clone()]));
    assert!(
        approval(&[&one, &two]).covers(std::slice::from_ref(&two)),
        "the base has a part by now"
    );
    assert!(!approval(&[&one]).covers(&[one.clone(), two.clone()]));
    let diff_alone = approval(&[]);
    assert!(diff_alone.covers(std::slice::from_ref(&two)));
    assert!(!diff_alone.covers(&[one, two]));
}

#[test]
fn approving_again_adds_what_was_seen_and_keeps_the_time() {
    let seen = |patch: &str| Action::Approve {
        channel: channel(),
        pr: crate::PrNumber(7),
        head: sha("h1"),
        patches: vec![commit(patch, false).patch],
        not_shown: Vec::new(),
    };
    let log = [("ada", seen("1")), ("grace", seen("1")), ("ada", seen("2"))];
    let Standing::Approved { approvals, at, .. } = standing(&log) else {
        panic!("two people approved it");
    };
    assert_eq!(at, Timestamp::from_unix(1));
    assert_eq!(approvals[0].patches.len(), 2);
    assert_eq!(approvals[1].patches.len(), 1);
}

#[test]
fn other_candidates_decisions_do_not_count() {
    let log = [("ada", approve(8, "h1")), ("grace", approve(7, "h1"))];
    assert!(matches!(
        standing(&log),
        Standing::Pending { missing: 1, .. }
    ));
}

#[test]
fn an_approval_of_somebody_who_left_does_not_count() {
    let log = decisions(&[("ada", approve(7, "h1")), ("grace", approve(7, "h1"))]);
    let Standing::Pending {
        missing, lapsed, ..
    } = of_head("h1", &left("grace", 9), &log)
    else {
        panic!("one of two has left");
    };
    assert_eq!(missing, 1);
    assert_eq!(
        (lapsed[0].by.as_str(), lapsed[0].why),
        ("grace", LapseReason::Left)
    );
    let back = of_head("h1", &everybody(), &log);
    assert!(
        matches!(back, Standing::Approved { .. }),
        "who comes back counts again"
    );
}

#[test]
fn what_is_out_stays_though_people_leave() {
    let log = decisions(&[
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
        ("edsger", approve(7, "h1")),
    ]);
    let counted = |standing: Standing| match standing {
        Standing::Approved { approvals, .. } => approvals.len(),
        other => panic!("{other:?}"),
    };
    // The chain names who approved: it must not become another one because somebody leaves, or
    // because what they had said without weight goes out.
    assert_eq!(counted(of_released(&left("grace", 20), &log, 10)), 3);
    assert_eq!(counted(of_released(&left("grace", 9), &log, 10)), 2);
    let two = &log[..2];
    assert_eq!(counted(of_released(&left("grace", 20), two, 10)), 2);
    let unknown = std::iter::once(Login::parse("ada").unwrap()).collect();
    assert_eq!(counted(of_released(&unknown, two, 10)), 2);
}

#[test]
fn who_takes_back_an_approval_of_what_is_out_does_so_though_others_left() {
    let log = decisions(&[
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
        ("ada", withdraw(7)),
    ]);
    let standing = of_released(&left("grace", 20), &log, 1);
    assert!(matches!(standing, Standing::Pending { missing: 1, .. }));
}

#[test]
fn another_account_of_the_same_name_approves_for_itself() {
    let log = decisions(&[
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
        ("grace", approve(7, "h1")),
    ]);
    let unbound = Some(Unbinding {
        at: Timestamp::from_unix(9),
        entry: 2,
    });
    let member = Member {
        unbound,
        ..Member::default()
    };
    let team = team_with("grace", &member);
    let of = |log| of_head("h1", &team, log);
    assert!(matches!(of(&log[..2]), Standing::Pending { .. }));
    let Standing::Approved { at, .. } = of(&log) else {
        panic!("the account that has the name now approved too");
    };
    assert_eq!(at, Timestamp::from_unix(2));
}

#[test]
fn a_veto_of_somebody_who_left_holds_until_a_member_overrules_it() {
    let overrule = Action::Overrule {
        channel: channel(),
        pr: crate::PrNumber(7),
        of: Login::parse("edsger").unwrap(),
        reason: "it was about an earlier head".into(),
    };
    let log = decisions(&[
        ("ada", approve(7, "h1")),
        ("grace", approve(7, "h1")),
        ("edsger", veto(7)),
        ("ada", overrule),
    ]);
    let of = |log| of_head("h1", &left("edsger", 9), log);
    assert!(matches!(of(&log[..3]), Standing::Vetoed { .. }));
    assert!(matches!(of(&log), Standing::Approved { .. }));
}
