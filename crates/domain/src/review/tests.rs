use std::sync::Arc;

use crate::fixtures::{base, candidate, channel, decisions, everybody, policy, sha};
use crate::*;

/// The facts of a channel with one candidate, what comes of picking it, and a log.
fn facts(outcome: Option<PickOutcome>, log: &[(&str, Action)]) -> (Facts, Candidate) {
    let candidate = candidate(7, "head");
    let mut facts = Facts {
        today: Some(OnBase::new(base("base", 100))),
        candidates: [(candidate.pr, Arc::new(candidate.clone()))]
            .into_iter()
            .collect(),
        team: Arc::new(everybody()),
        ..Facts::new(policy(2))
    };
    for entry in decisions(log) {
        facts.log.push(entry);
    }
    let input = facts.input(&candidate);
    if let (Some(on), Some(outcome)) = (&mut facts.today, outcome) {
        on.assessments.insert(input, Arc::new(outcome));
    }
    (facts, candidate)
}

fn picked(patch: &str) -> PickOutcome {
    PickOutcome::Picked {
        commits: vec![PickedCommit {
            source: sha("head"),
            commit: sha(patch),
            patch: Sha256::of(patch.as_bytes()).into(),
            verbatim: false,
        }],
        renames: Renames::NotNeeded,
    }
}

fn conflict() -> PickOutcome {
    PickOutcome::Conflict {
        commit: sha("head"),
        conflicts: Vec::new(),
        renames: Renames::NotNeeded,
    }
}

fn approve(patch: &str) -> Action {
    Action::Approve {
        channel: channel(),
        pr: PrNumber(7),
        head: sha("head"),
        patches: vec![Sha256::of(patch.as_bytes()).into()],
        not_shown: Vec::new(),
    }
}

fn veto() -> Action {
    Action::Veto {
        channel: channel(),
        pr: PrNumber(7),
        reason: "no".into(),
    }
}

fn login(name: &str) -> Login {
    Login::parse(name).unwrap()
}

/// What comes of an approval by somebody who saw these facts, given on those.
fn given(by: &str, then: &Facts, now: &Facts) -> Result<Option<Action>, Objection> {
    let candidate = now.candidates[&PrNumber(7)].as_ref();
    let at = Timestamp::from_unix(1_000);
    let (before, after) = (resolve(then, at), resolve(now, at));
    let old = then.candidates[&PrNumber(7)].as_ref();
    let seen = Seen::of(then, &before, old).digest();
    let shown = Shown {
        not_shown: &[],
        head: &old.head,
        seen: &seen,
    };
    approval(now, &after, candidate, &login(by), shown)
}

#[test]
fn an_approval_covers_what_was_shown() {
    let (facts, _) = facts(Some(picked("a")), &[]);
    assert_eq!(given("ada", &facts, &facts), Ok(Some(approve("a"))));
}

#[test]
fn what_was_approved_already_is_not_recorded_again() {
    let log = [("ada", approve("a")), ("grace", approve("b"))];
    let (facts, _) = facts(Some(picked("a")), &log);
    assert_eq!(given("ada", &facts, &facts), Ok(None));
    let again = given("grace", &facts, &facts);
    assert_eq!(again, Ok(Some(approve("a"))));
}

#[test]
fn nobody_approves_their_own_or_what_has_moved_or_what_is_settled() {
    let (then, _) = facts(Some(picked("a")), &[]);
    assert_eq!(given("author", &then, &then), Err(Objection::Own));
    let (other, _) = facts(Some(picked("b")), &[]);
    assert_eq!(given("ada", &then, &other), Err(Objection::PickMoved));
    let (conflicts, _) = facts(Some(conflict()), &[]);
    assert_eq!(given("ada", &then, &conflicts), Err(Objection::PickMoved));
    let mut pushed = then.clone();
    let candidate = pushed.candidates.get_mut(&PrNumber(7)).unwrap();
    Arc::make_mut(candidate).head = sha("pushed");
    assert_eq!(given("ada", &then, &pushed), Err(Objection::HeadMoved));
    let by = ContainedBy::Base;
    let (settled, _) = facts(Some(PickOutcome::Contained { by }), &[]);
    assert_eq!(given("ada", &settled, &settled), Err(Objection::Settled));
}

#[test]
fn an_author_is_known_by_the_account_under_whatever_name() {
    let (mut facts, mut candidate) = facts(Some(picked("a")), &[]);
    candidate.author_id = Some(AccountId(41));
    facts.candidates.insert(candidate.pr, Arc::new(candidate));
    let team = [("ada", 41), ("author", 77), ("grace", 42)].map(|(name, id)| {
        let member = Member {
            account: Some(AccountId(id)),
            ..Member::default()
        };
        (login(name), member)
    });
    facts.team = Arc::new(team.into_iter().collect());
    assert_eq!(given("ada", &facts, &facts), Err(Objection::Own));
    for other in ["author", "grace"] {
        assert_eq!(given(other, &facts, &facts), Ok(Some(approve("a"))));
    }
}

#[test]
fn the_last_word_counts() {
    let (pr, ada) = (PrNumber(7), login("ada"));
    let withdraw = Action::Withdraw {
        channel: channel(),
        pr,
        reason: "sorry".into(),
    };
    for (log, spoken) in [
        (vec![], false),
        (vec![("ada", veto())], true),
        (vec![("grace", veto())], false),
        (vec![("ada", approve("a")), ("ada", withdraw)], false),
    ] {
        let (facts, _) = facts(None, &log);
        assert_eq!(has_spoken(&facts, pr, &ada), spoken, "{log:?}");
    }
}

#[test]
fn a_pick_that_waits_for_approval_conflicts_with_the_base() {
    let place = |outcome| {
        let (facts, candidate) = facts(outcome, &[]);
        let resolution = resolve(&facts, Timestamp::from_unix(1_000));
        let place = ConflictPlace::of(&facts, &resolution, &candidate);
        place.map(|place| (place.onto.clone(), place.before.len()))
    };
    assert_eq!(place(Some(conflict())), Some((sha("base"), 0)));
    assert_eq!(place(Some(picked("a"))), None);
    assert_eq!(place(None), None);
}

#[test]
fn an_approved_pick_conflicts_where_the_chain_tried_it() {
    let log = [("ada", approve("a")), ("grace", approve("a"))];
    let (mut facts, seven) = facts(Some(picked("a")), &log);
    let at = Timestamp::from_unix(1_000);
    let Next::Assemble(spec) = resolve(&facts, at).next else {
        panic!("a chain is to be made");
    };
    let before = PickResult {
        pr: PrNumber(5),
        head: sha("five"),
        outcome: picked("five"),
    };
    let tried = PickResult {
        pr: seven.pr,
        head: seven.head.clone(),
        outcome: conflict(),
    };
    let picks = vec![before, tried];
    let on = facts.today.as_mut().unwrap();
    on.assemblies
        .insert(spec.id(), Arc::new(Assembly { picks }));
    let resolution = resolve(&facts, at);
    let place = ConflictPlace::of(&facts, &resolution, &seven).unwrap();
    assert_eq!(place.onto, &sha("five"));
    let before: Vec<_> = place.before.iter().map(|before| before.pr.0).collect();
    assert_eq!(before, [5]);
}

#[test]
fn a_veto_is_overruled_where_nobody_can_take_it_back() {
    let (mut facts, candidate) = facts(None, &[("grace", veto())]);
    let can = |facts: &Facts, of: &str| can_be_overruled(facts, &candidate, &login(of));
    assert!(!can(&facts, "grace"), "she can take it back");
    facts.team = Arc::new(["ada"].map(login).into_iter().collect());
    assert!(can(&facts, "grace"));
    assert!(!can(&facts, "edsger"), "he never objected");
}
