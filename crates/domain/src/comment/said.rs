//! What there is to say of a pull request in one channel.

use std::sync::Arc;

use super::code::{code, list};
use crate::assembly::SecondOpinion;
use crate::audit::{Action, Entry};
use crate::candidate::Candidate;
use crate::dismissal::DismissalKind;
use crate::facts::Facts;
use crate::id::JobName;
use crate::status::{PickStatus, StatusGroup};
use crate::time::{Timestamp, duration};

/// Characters of a reason, a path or a job at most.
const MAX_REASON: usize = 200;
const MAX_PATH: usize = 120;
/// Files or jobs of one channel at most.
const MOST: usize = 8;

/// What there is to say.
pub(super) struct Said {
    /// What became of it, for a sentence's second half.
    pub(super) what: String,
    /// Whether it is reason enough to begin a comment.
    pub(super) begins: bool,
    /// When the channel's log last said something of it.
    pub(super) at: Timestamp,
}

/// What there is to say of a candidate in a channel; `None` where its team decided nothing about it.
pub(super) fn said(facts: &Facts, candidate: &Candidate, status: &PickStatus) -> Option<Said> {
    let log = facts.log.of(candidate.pr);
    let at = log.iter().map(|entry| entry.at).max()?;
    if !log.iter().any(is_decision) {
        return None;
    }
    let mut what = words(status);
    if let Some(more) = servers_have(facts, candidate, status) {
        what = format!("{what}; {more}");
    }
    Some(Said {
        what,
        begins: begins(status),
        at,
    })
}

fn is_decision(entry: &Arc<Entry>) -> bool {
    matches!(
        entry.action,
        Action::Approve { .. } | Action::Veto { .. } | Action::Dismiss { .. }
    )
}

/// Whether it is reason enough to begin a comment: what only the team can mend, what goes on by itself
/// and what upstream did itself is not.
fn begins(status: &PickStatus) -> bool {
    match status {
        PickStatus::Released { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::BuildFailed { .. } => true,
        PickStatus::Dismissed { kind, .. } => match kind {
            DismissalKind::NotAffected => true,
            DismissalKind::Rejected | DismissalKind::Later { .. } => false,
        },
        PickStatus::Superseded { .. }
        | PickStatus::InBase
        | PickStatus::InOtherPick
        | PickStatus::ResolvedAway
        | PickStatus::PutOff { .. }
        | PickStatus::Vetoed { .. }
        | PickStatus::AwaitingApproval { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Stale { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::GivenUp { .. }
        | PickStatus::BuildCancelled { .. }
        | PickStatus::NoMachine { .. }
        | PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing => false,
    }
}

/// The state in words. Steps on the way are one: each of them would be a change of the comment.
fn words(status: &PickStatus) -> String {
    match status {
        PickStatus::Released { release, at } => {
            let release = code(release.as_str(), MAX_REASON);
            format!("**released** in {release}, since {at}")
        }
        PickStatus::Superseded { lag_seconds } => {
            let lag = duration(*lag_seconds);
            format!("**superseded**: the stable channel has it, {lag} after this one")
        }
        PickStatus::InBase => "the stable channel has it".to_owned(),
        PickStatus::InOtherPick => "other fixes in it have all of this one".to_owned(),
        PickStatus::ResolvedAway => {
            "nothing of it was left once its conflicts were resolved".to_owned()
        }
        PickStatus::Dismissed { kind, reason, .. } => {
            format!("**{}**: {}", kind.words(), code(reason, MAX_REASON))
        }
        PickStatus::PutOff { until, .. } => format!("put off until {until}"),
        PickStatus::AwaitingApproval { .. } => {
            "this head waits for the approval of its team".to_owned()
        }
        PickStatus::Vetoed { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::Stale { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::BuildFailed { .. }
        | PickStatus::GivenUp { .. }
        | PickStatus::BuildCancelled { .. }
        | PickStatus::NoMachine { .. } => set_aside(status),
        PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing => "approved, and on its way".to_owned(),
    }
}

fn set_aside(status: &PickStatus) -> String {
    let because = match status {
        PickStatus::Conflict { conflicts, .. } => {
            let files = list(conflicts.iter().map(|it| &*it.path), MOST, MAX_PATH);
            return format!(
                "**needs help with a conflict**: approved, but it does not apply there, in {files}"
            );
        }
        PickStatus::Vetoed { vetoes, .. } => {
            let reasons = vetoes.last().map(|it| code(&it.reason, MAX_REASON));
            format!("its team objects: {}", reasons.unwrap_or_default())
        }
        PickStatus::Disputed { git, .. } => {
            let (SecondOpinion::Conflict { paths } | SecondOpinion::OtherTree { paths }) = git;
            let files = list(paths.iter().map(String::as_str), MOST, MAX_PATH);
            format!("approved, but it can be merged in two ways, in {files}")
        }
        PickStatus::Stale { .. } => {
            "it changes something else there by now than what was approved".to_owned()
        }
        PickStatus::Unavailable { reason } => code(reason, MAX_REASON),
        PickStatus::BuildFailed { jobs, .. } if jobs.is_empty() => {
            "approved, but the package set does not evaluate with it".to_owned()
        }
        PickStatus::BuildFailed { jobs, .. } => format!("approved, but it breaks {}", all(jobs)),
        PickStatus::NoMachine { jobs, .. } => {
            format!("approved, but no machine builds {}", all(jobs))
        }
        PickStatus::GivenUp { .. } => {
            "approved, but its build does not come to an end for now".to_owned()
        }
        PickStatus::BuildCancelled { .. } => "its build was stopped".to_owned(),
        PickStatus::Superseded { .. }
        | PickStatus::InBase
        | PickStatus::InOtherPick
        | PickStatus::ResolvedAway
        | PickStatus::Dismissed { .. }
        | PickStatus::PutOff { .. }
        | PickStatus::AwaitingApproval { .. }
        | PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing
        | PickStatus::Released { .. } => return words(status),
    };
    format!("**set aside**: {because}")
}

fn all(jobs: &[JobName]) -> String {
    list(jobs.iter().map(JobName::as_str), MOST, MAX_PATH)
}

/// What servers have of it, where the state does not say so. (The release that they have it in
/// changes with each one that comes out, and is not named.)
fn servers_have(facts: &Facts, candidate: &Candidate, status: &PickStatus) -> Option<String> {
    let says_so = match status.group() {
        StatusGroup::Out | StatusGroup::Done => true,
        StatusGroup::NeedsDecision
        | StatusGroup::PutOff
        | StatusGroup::UnderWay
        | StatusGroup::SetAside
        | StatusGroup::Dismissed => false,
    };
    if says_so {
        return None;
    }
    let release = facts.current_release()?;
    let pick = release.picks.iter().find(|it| it.pr == candidate.pr)?;
    Some(match pick.head == candidate.head {
        true => "servers have it still".to_owned(),
        false => format!("servers have its earlier head `{}`", pick.head.short()),
    })
}
