//! What the audit log has entries of.

use serde::{Deserialize, Serialize};

use crate::account::Identity;
use crate::advisory::Advisory;
use crate::conflict::{ResolvedBy, ResolvedFile};
use crate::dismissal::DismissalKind;
use crate::form::Form;
use crate::id::{
    ChannelName, CommitSha, ContentId, Login, PatchId, PrNumber, ReleaseName, ReleaseSeq,
};
use crate::policy::JobPattern;
use crate::time::Timestamp;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// A person asked that an unlabelled pull request be watched.
    Nominate {
        /// The pull request.
        pr: PrNumber,
        /// Why.
        reason: String,
    },
    /// A person handed in a patch of the team's own, or another one in its place.
    SubmitPatch {
        /// Its number.
        pr: PrNumber,
        /// The commit that it was applied to.
        onto: CommitSha,
        /// The mails that it came as.
        patch: ContentId,
        /// What came of it: the head that is to be approved.
        head: CommitSha,
        /// Why it is needed.
        reason: String,
    },
    /// A person approved a head for a channel.
    Approve {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// The head that the person saw.
        head: CommitSha,
        /// What the pick of each commit changed that the person saw; none where the pull request
        /// did not apply, or was not assessed yet, and the person saw its own diff alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        patches: Vec<PatchId>,
        /// What the person's page did not show of the pull request's own diff, a line each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_shown: Vec<String>,
    },
    /// A person said what is to become of files in which a pull request conflicts.
    ResolveConflict {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Its commit that conflicts.
        commit: CommitSha,
        /// How the person came to it.
        by: ResolvedBy,
        /// The files; never empty.
        files: Vec<ResolvedFile>,
    },
    /// A person put an end to all resolutions of a pull request's conflicts.
    DropResolutions {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Why.
        reason: String,
    },
    /// A person said in which form the channel is to carry a head.
    ChooseForm {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// The head.
        head: CommitSha,
        /// The form.
        form: Form,
    },
    /// A person objected to a pull request, whatever its head.
    Veto {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Why.
        reason: String,
    },
    /// A person took back their approval or veto.
    Withdraw {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Why.
        reason: String,
    },
    /// A person said that nothing is to be done about a head.
    Dismiss {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// The head that the person saw.
        head: CommitSha,
        /// The advisories that it named then.
        advisories: Vec<Advisory>,
        /// Why.
        kind: DismissalKind,
        /// Why, in the person's own words.
        reason: String,
    },
    /// A person said that it is to be looked at again.
    Reopen {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Why.
        reason: String,
    },
    /// A person stopped the build of a revision.
    CancelBuild {
        /// The channel.
        channel: ChannelName,
        /// The revision.
        rev: CommitSha,
        /// Why.
        reason: String,
    },
    /// A person asked that a revision be built afresh.
    RetryBuild {
        /// The channel.
        channel: ChannelName,
        /// The revision.
        rev: CommitSha,
    },
    /// A person said that releases go without jobs that no machine can build, for a time.
    Waive {
        /// The channel.
        channel: ChannelName,
        /// The jobs.
        jobs: JobPattern,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// A person said that releases wait for such jobs again.
    EndWaiver {
        /// The channel.
        channel: ChannelName,
        /// The jobs, as the waiver named them.
        jobs: JobPattern,
        /// Why.
        reason: String,
    },
    /// A person put an end to the veto of somebody who is not on the team any more.
    Overrule {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// Whose veto.
        of: Login,
        /// Why.
        reason: String,
    },
    /// A release became the channel's current one.
    Released {
        /// The channel.
        channel: ChannelName,
        /// Its place in the channel.
        seq: ReleaseSeq,
        /// Its name.
        name: ReleaseName,
        /// Its commit.
        rev: CommitSha,
        /// The pull requests in it.
        picks: Vec<PrNumber>,
    },
    /// The stable channel has a fix that this channel had before it.
    Superseded {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// The first base that contains the fix.
        base: CommitSha,
        /// How many seconds earlier this channel's servers had it: the time from the release
        /// that first carried it to the moment that this base was seen.
        lag_seconds: i64,
    },
    /// The stable channel does not have a fix any more that it had: it was reverted there.
    Returned {
        /// The channel.
        channel: ChannelName,
        /// The pull request.
        pr: PrNumber,
        /// The first base that is without the fix.
        base: CommitSha,
    },
    /// Something came out about the account behind a login of the team.
    Account {
        /// The login.
        login: Login,
        /// What.
        event: AccountEvent,
    },
}

/// What came out about the account behind a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    /// The account goes by another login. What was said under this one does not count for
    /// what is not out yet.
    Renamed {
        /// The other login.
        to: Login,
    },
    /// Another account wanted to sign in under the login, and was not let in.
    Refused {
        /// That account.
        identity: Identity,
    },
    /// The login was taken from its account, on purpose: what was said under it so far does not
    /// count for what is not out yet, and the next account that signs in under it keeps it.
    Unbound {
        /// The account that had it.
        identity: Identity,
    },
}

impl Action {
    /// The channel and pull request that the action is about, where it is about one of each.
    pub fn pick(&self) -> Option<(&ChannelName, PrNumber)> {
        match self {
            Self::Approve { channel, pr, .. }
            | Self::Veto { channel, pr, .. }
            | Self::Withdraw { channel, pr, .. }
            | Self::Overrule { channel, pr, .. }
            | Self::ResolveConflict { channel, pr, .. }
            | Self::DropResolutions { channel, pr, .. }
            | Self::ChooseForm { channel, pr, .. }
            | Self::Dismiss { channel, pr, .. }
            | Self::Reopen { channel, pr, .. }
            | Self::Superseded { channel, pr, .. }
            | Self::Returned { channel, pr, .. } => Some((channel, *pr)),
            Self::Nominate { .. }
            | Self::SubmitPatch { .. }
            | Self::CancelBuild { .. }
            | Self::RetryBuild { .. }
            | Self::Waive { .. }
            | Self::EndWaiver { .. }
            | Self::Released { .. }
            | Self::Account { .. } => None,
        }
    }

    /// The pull request that the action is about, where it is about one.
    pub fn pr(&self) -> Option<PrNumber> {
        match self {
            Self::Nominate { pr, .. } | Self::SubmitPatch { pr, .. } => Some(*pr),
            other => other.pick().map(|(_, pr)| pr),
        }
    }

    /// The channel that the action is about, where it is about one.
    pub fn channel(&self) -> Option<&ChannelName> {
        match self {
            Self::Released { channel, .. }
            | Self::CancelBuild { channel, .. }
            | Self::RetryBuild { channel, .. }
            | Self::Waive { channel, .. }
            | Self::EndWaiver { channel, .. } => Some(channel),
            other => other.pick().map(|(channel, _)| channel),
        }
    }

    /// The action's name, as the log's records and filters spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nominate { .. } => "nominate",
            Self::SubmitPatch { .. } => "submit_patch",
            Self::Approve { .. } => "approve",
            Self::Veto { .. } => "veto",
            Self::Withdraw { .. } => "withdraw",
            Self::Overrule { .. } => "overrule",
            Self::ResolveConflict { .. } => "resolve_conflict",
            Self::DropResolutions { .. } => "drop_resolutions",
            Self::ChooseForm { .. } => "choose_form",
            Self::CancelBuild { .. } => "cancel_build",
            Self::RetryBuild { .. } => "retry_build",
            Self::Dismiss { .. } => "dismiss",
            Self::Reopen { .. } => "reopen",
            Self::Waive { .. } => "waive",
            Self::EndWaiver { .. } => "end_waiver",
            Self::Released { .. } => "released",
            Self::Superseded { .. } => "superseded",
            Self::Returned { .. } => "returned",
            Self::Account { .. } => "account",
        }
    }
}
