//! The part of a candidate's page that says why it cannot be picked as it is.

use picket_domain::{CommitSha, Conflict, PickOutcome, PickStatus, SecondOpinion};

use crate::view::conflict_kind;

/// What keeps a candidate from the base.
pub(super) struct Trouble {
    pub(super) what: String,
    /// The files that it is about, each with what is wrong there.
    pub(super) files: Vec<(String, &'static str)>,
    /// What can be done about it; empty where that is clear.
    pub(super) advice: &'static str,
}

const BACKPORT: &str = "A backport to the stable branch, made upstream, would be picked instead: \
    nominate that pull request.";

const DISPUTE: &str = "Neither of the two is released until this is settled. Releasing what one \
    program made and the other one would not is how a fix goes wrong without anybody seeing it: \
    make the backport by hand upstream, and nominate that pull request.";

impl Trouble {
    /// What is wrong with the pick: alone, or else in the chain.
    pub(super) fn of(assessment: Option<&PickOutcome>, status: &PickStatus) -> Option<Self> {
        match status {
            PickStatus::Conflict { commit, conflicts } => {
                let place = match assessment {
                    Some(PickOutcome::Conflict { .. }) => "to today's base",
                    _ => "on top of the picks before it",
                };
                Some(Self::conflict(commit, conflicts, place))
            }
            PickStatus::Disputed { commit, git } => Some(Self::disputed(commit, git)),
            PickStatus::Unavailable { reason } => Some(Self::unavailable(reason)),
            PickStatus::AwaitingApproval { .. }
            | PickStatus::Dismissed { .. }
            | PickStatus::PutOff { .. }
            | PickStatus::Vetoed { .. }
            | PickStatus::Assembling => Self::alone(assessment?),
            // What comes of it in the chain is what counts.
            PickStatus::Superseded { .. }
            | PickStatus::InBase
            | PickStatus::InOtherPick
            | PickStatus::ResolvedAway
            | PickStatus::GivenUp { .. }
            | PickStatus::BuildCancelled { .. }
            | PickStatus::NoMachine { .. }
            | PickStatus::Stale { .. }
            | PickStatus::BuildFailed { .. }
            | PickStatus::Building { .. }
            | PickStatus::Retrying { .. }
            | PickStatus::Releasing
            | PickStatus::Released { .. } => None,
        }
    }

    fn alone(assessment: &PickOutcome) -> Option<Self> {
        match assessment {
            PickOutcome::Conflict {
                commit, conflicts, ..
            } => Some(Self::conflict(commit, conflicts, "to today's base")),
            PickOutcome::Disputed { commit, git } => Some(Self::disputed(commit, git)),
            PickOutcome::Unavailable { reason } => Some(Self::unavailable(reason)),
            PickOutcome::Picked { .. } | PickOutcome::Contained { .. } => None,
        }
    }

    fn conflict(commit: &CommitSha, conflicts: &[Conflict], where_to: &str) -> Self {
        let files = conflicts.iter();
        Self {
            what: format!("Commit {} does not apply {where_to}.", commit.short()),
            files: files
                .map(|it| (it.path.clone(), conflict_kind(it.kind)))
                .collect(),
            advice: BACKPORT,
        }
    }

    fn unavailable(reason: &str) -> Self {
        Self {
            what: reason.to_owned(),
            files: Vec::new(),
            advice: "",
        }
    }

    fn disputed(commit: &CommitSha, git: &SecondOpinion) -> Self {
        let commit = commit.short();
        let (what, paths, which) = match git {
            SecondOpinion::Conflict { paths } => (
                format!("Picket merges commit {commit} without a conflict, and git finds one:"),
                paths,
                "git finds a conflict here",
            ),
            SecondOpinion::OtherTree { paths } => (
                format!("Picket and git both merge commit {commit}, to different files:"),
                paths,
                "git makes something else of it",
            ),
        };
        Self {
            what,
            files: paths.iter().map(|path| (path.clone(), which)).collect(),
            advice: DISPUTE,
        }
    }
}
