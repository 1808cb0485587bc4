//! What happened with one pull request, as far as it tells of what it fixes.

use std::sync::Arc;

use picket_domain::{
    Action, Actor, Advisory, Candidate, DismissalKind, Entry, Facts, Form, Release, ReleaseSeq,
    Standing, Timestamp,
};

use crate::run::Run;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) enum Happening<'f> {
    /// It was opened.
    Opened,
    /// Somebody approved a head of it; that ends what was said against it.
    Approved,
    /// The team said that the channel does not have what it fixes.
    NotAffected {
        advisories: &'f [Advisory],
        reason: &'f str,
        by: &'f Actor,
    },
    /// That does not hold any more.
    Asked,
    /// A release came out that is the first to carry it so.
    Carried { release: ReleaseSeq, form: &'f Form },
    /// A release came out that is the first not to carry it so any more; whether the stable channel
    /// had it by then.
    Left { release: ReleaseSeq, in_base: bool },
    /// The stable channel was found to have it.
    InBase,
    /// The stable channel was found not to have it any more.
    Returned,
}

/// All that happened, in no order.
pub(crate) fn happenings<'f>(
    facts: &'f Facts,
    candidate: &'f Candidate,
    runs: &[Run<'f>],
) -> Vec<(Timestamp, Happening<'f>)> {
    let log = facts.log.of(candidate.pr);
    let mut all = vec![(candidate.opened_at, Happening::Opened)];
    all.extend(log.iter().filter_map(|entry| said(entry)));
    for run in runs {
        let (release, at) = run.first;
        let (release, form) = (release.seq, run.form);
        all.push((at, Happening::Carried { release, form }));
        if let Some((without, at)) = run.left {
            let in_base = is_in_base(log, without);
            let release = without.seq;
            all.push((at, Happening::Left { release, in_base }));
        }
    }
    all.extend(asked_again(facts, candidate));
    all.extend(approved_in_base(facts, candidate));
    all
}

/// Of a veto or a resolved conflict nothing follows for what is fixed.
fn said(entry: &Entry) -> Option<(Timestamp, Happening<'_>)> {
    let happening = match &entry.action {
        Action::Approve { .. } => Happening::Approved,
        Action::Reopen { .. } => Happening::Asked,
        Action::Dismiss {
            kind: DismissalKind::NotAffected,
            advisories,
            reason,
            ..
        } => Happening::NotAffected {
            advisories,
            reason,
            by: &entry.actor,
        },
        // The last word counts, and it is not that the channel does not have it.
        Action::Dismiss {
            kind: DismissalKind::Rejected | DismissalKind::Later { .. },
            ..
        } => Happening::Asked,
        Action::Superseded { .. } => Happening::InBase,
        Action::Returned { .. } => Happening::Returned,
        Action::Nominate { .. }
        | Action::SubmitPatch { .. }
        | Action::ResolveConflict { .. }
        | Action::DropResolutions { .. }
        | Action::ChooseForm { .. }
        | Action::Veto { .. }
        | Action::Withdraw { .. }
        | Action::Overrule { .. }
        | Action::CancelBuild { .. }
        | Action::RetryBuild { .. }
        | Action::Waive { .. }
        | Action::EndWaiver { .. }
        | Action::Released { .. }
        | Action::Account { .. } => return None,
    };
    Some((entry.at, happening))
}

/// Whether a release is without a fix since the base that it stands on has it, by the log of the pull
/// request. That a newer base has it says nothing of a release on an older one.
pub(crate) fn is_in_base(log: &[Arc<Entry>], release: &Release) -> bool {
    let base = &release.base;
    let mut newest = log.iter().rev();
    let found = newest.find_map(|entry| match &entry.action {
        Action::Superseded { base: first, .. } if *first == base.rev => Some(true),
        Action::Superseded { .. } if entry.at <= base.seen_at => Some(true),
        Action::Returned { .. } if entry.at <= base.seen_at => Some(false),
        _ => None,
    });
    found.unwrap_or(false)
}

/// A push, or an advisory that was not named then, is a reason to look again. When that was is not on
/// record; it was there when GitHub last saw a change.
fn asked_again<'f>(
    facts: &'f Facts,
    candidate: &'f Candidate,
) -> Option<(Timestamp, Happening<'f>)> {
    let dismissal = facts.log.dismissal(candidate.pr)?;
    let holds = dismissal.holds_for(candidate, dismissal.at);
    let at = dismissal.at.max(candidate.updated_at);
    (!holds).then_some((at, Happening::Asked))
}

/// A fix that the team approved, and that the base of the release has which clients get. That it
/// contains what nobody approved says nothing: an empty change is contained, whatever it claims.
fn approved_in_base<'f>(
    facts: &'f Facts,
    candidate: &'f Candidate,
) -> Option<(Timestamp, Happening<'f>)> {
    // Most are told by this alone, which costs nothing.
    if facts.log.of(candidate.pr).is_empty() {
        return None;
    }
    let base = &facts.current_release()?.base;
    let mut bases = facts.released.iter().chain(&facts.today);
    let on = bases.find(|on| on.base.rev == base.rev)?;
    let outcome = on.assessments.get(&facts.input(candidate))?;
    if !outcome.is_in_base() {
        return None;
    }
    match facts.standing(candidate, &candidate.head) {
        Standing::Approved { at, .. } => Some((at.max(base.seen_at), Happening::InBase)),
        Standing::Pending { .. } | Standing::Vetoed { .. } => None,
    }
}
