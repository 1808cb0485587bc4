//! Where one pull request is on its way to the channel's servers, for pages and scripts.
//!
//! `derive` works it out, `reason` says it in a sentence, and `group` who has to do something.

mod derive;
mod group;
mod reason;

use serde::Serialize;

use crate::assembly::{PickedCommit, SecondOpinion};
use crate::audit::Actor;
use crate::conflict::Conflict;
use crate::dismissal::DismissalKind;
use crate::failure::FailureCause;
use crate::id::{CommitSha, JobName, Login, ReleaseName};
use crate::standing::{Approval, LapsedApproval, Veto};
use crate::time::Timestamp;

pub use derive::status;
pub use group::StatusGroup;

/// Where a pull request is, with the evidence. Derived at every look, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PickStatus {
    /// The stable channel has the fix, and this channel had it earlier.
    Superseded {
        /// By how many seconds.
        lag_seconds: i64,
    },
    /// The stable channel has all of the change already.
    InBase,
    /// Approved, and other picks of this channel have all of the change.
    InOtherPick,
    /// Approved, and people resolved its conflicts so that nothing of it is left.
    ResolvedAway,
    /// The team looked at this head, and nothing is to be done about it.
    Dismissed {
        /// Why.
        kind: DismissalKind,
        /// Why, in the person's own words.
        reason: String,
        /// Who said so.
        by: Actor,
        /// When.
        at: Timestamp,
    },
    /// The team decides on this head later.
    PutOff {
        /// From when on it waits for a decision again.
        until: Timestamp,
        /// Why, in the person's own words.
        reason: String,
        /// Who said so.
        by: Actor,
    },
    /// Somebody objects.
    Vetoed {
        /// The objections.
        vetoes: Vec<Veto>,
        /// The release that has it all the same: the objection came after it was sealed, and the
        /// next release goes without it.
        still_in: Option<ReleaseName>,
    },
    /// More approvals are needed.
    AwaitingApproval {
        /// The approvals of the current head.
        approvals: Vec<Approval>,
        /// How many more are needed.
        missing: u32,
        /// Approvals of it that do not count: of people who are not on the team any more.
        lapsed: Vec<LapsedApproval>,
        /// People who approved an earlier head only.
        stale: Vec<Login>,
    },
    /// Approved, but it does not apply to the base; set aside.
    Conflict {
        /// The commit of the pull request that does not apply.
        commit: CommitSha,
        /// Where.
        conflicts: Vec<Conflict>,
    },
    /// Approved, but git makes something else of it than Picket; set aside.
    Disputed {
        /// The commit of the pull request.
        commit: CommitSha,
        /// What git makes of it.
        git: SecondOpinion,
    },
    /// Approved, but it changes something else by now than what was approved; set aside.
    Stale {
        /// What it is now.
        commits: Vec<PickedCommit>,
        /// How many more people have to approve of that.
        missing: u32,
    },
    /// Approved, but its commits cannot be had; set aside.
    Unavailable {
        /// Why.
        reason: String,
    },
    /// Approved, but it breaks the build; set aside.
    BuildFailed {
        /// The commit whose build shows it.
        rev: CommitSha,
        /// The jobs that it breaks; none where the job set does not evaluate any more.
        jobs: Vec<JobName>,
    },
    /// Approved, but its build failed by the machine's fault as often as the policy tries; set
    /// aside for now.
    GivenUp {
        /// When it is tried again.
        until: Timestamp,
        /// The jobs that failed; none where the evaluation did not come to an end.
        jobs: Vec<JobName>,
        /// Why the first of them did, the last time; `None` where that was not recorded.
        cause: Option<FailureCause>,
    },
    /// Approved, but a person stopped its build; set aside.
    BuildCancelled {
        /// The commit whose build was stopped.
        rev: CommitSha,
        /// Who stopped it.
        by: Actor,
    },
    /// Approved, but there is no machine for some of what it changes; set aside.
    NoMachine {
        /// The commit whose build shows it.
        rev: CommitSha,
        /// The jobs that no machine builds.
        jobs: Vec<JobName>,
    },
    /// Approved; about to be put into a chain.
    Assembling,
    /// Approved; its chain is being built.
    Building {
        /// The commit that is built now.
        rev: CommitSha,
    },
    /// Approved; its build failed by the machine's fault and is tried again soon. Others do not wait
    /// for it.
    Retrying {
        /// When.
        until: Timestamp,
    },
    /// In a release that is about to come out.
    Releasing,
    /// In the channel's current release.
    Released {
        /// The first release that had it.
        release: ReleaseName,
        /// When that came out.
        at: Timestamp,
    },
}

impl PickStatus {
    /// The names of all states.
    pub const NAMES: [&str; 21] = [
        "superseded",
        "in_base",
        "in_other_pick",
        "resolved_away",
        "dismissed",
        "put_off",
        "vetoed",
        "awaiting_approval",
        "conflict",
        "disputed",
        "stale",
        "unavailable",
        "build_failed",
        "given_up",
        "build_cancelled",
        "no_machine",
        "assembling",
        "building",
        "retrying",
        "releasing",
        "released",
    ];

    /// The state's name, as JSON spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Superseded { .. } => "superseded",
            Self::InBase => "in_base",
            Self::InOtherPick => "in_other_pick",
            Self::ResolvedAway => "resolved_away",
            Self::Dismissed { .. } => "dismissed",
            Self::PutOff { .. } => "put_off",
            Self::Vetoed { .. } => "vetoed",
            Self::AwaitingApproval { .. } => "awaiting_approval",
            Self::Conflict { .. } => "conflict",
            Self::Disputed { .. } => "disputed",
            Self::Stale { .. } => "stale",
            Self::Unavailable { .. } => "unavailable",
            Self::BuildFailed { .. } => "build_failed",
            Self::GivenUp { .. } => "given_up",
            Self::BuildCancelled { .. } => "build_cancelled",
            Self::NoMachine { .. } => "no_machine",
            Self::Assembling => "assembling",
            Self::Building { .. } => "building",
            Self::Retrying { .. } => "retrying",
            Self::Releasing => "releasing",
            Self::Released { .. } => "released",
        }
    }

    /// Whether nothing more will happen unless a person, or upstream, acts.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Superseded { .. }
            | Self::InBase
            | Self::InOtherPick
            | Self::ResolvedAway
            | Self::Dismissed { .. }
            | Self::PutOff { .. }
            | Self::Vetoed { .. }
            | Self::AwaitingApproval { .. }
            | Self::Conflict { .. }
            | Self::Disputed { .. }
            | Self::Stale { .. }
            | Self::Unavailable { .. }
            | Self::BuildFailed { .. }
            | Self::BuildCancelled { .. }
            | Self::NoMachine { .. }
            | Self::Released { .. } => true,
            Self::GivenUp { .. }
            | Self::Assembling
            | Self::Building { .. }
            | Self::Retrying { .. }
            | Self::Releasing => false,
        }
    }
}
