//! Pick chains: what is to be put on a base, in which order.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::form::Form;
use crate::id::{ChainId, ChannelName, CommitSha, ContentId, PrNumber};
use crate::resolved_set::ResolvedSet;
use crate::standing::Approval;
use crate::time::Timestamp;

/// A pull request that policy lets into a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedPick {
    /// The pull request.
    pub pr: PrNumber,
    /// The head that was approved.
    pub head: CommitSha,
    /// Who approved it, oldest approval first.
    pub approvals: Vec<Approval>,
    /// When the last approval that was needed was given: the pick's place in the order, and the
    /// committer time of its commits.
    pub approved_at: Timestamp,
    /// What people made of its conflicts.
    #[serde(default, skip_serializing_if = "ResolvedSet::is_empty")]
    pub resolved: ResolvedSet,
    /// In which form the channel carries it.
    #[serde(default, skip_serializing_if = "Form::is_as_is")]
    pub form: Form,
    /// How many of the approvals have to cover what the pick changes. No commit depends on it, so
    /// that it is no part of a chain's spec.
    #[serde(skip)]
    pub needed: u32,
}

impl ApprovedPick {
    /// The contents that it needs: what people made of its conflicts, and the text of its form.
    pub fn contents(&self) -> impl Iterator<Item = &ContentId> {
        self.resolved.contents().chain(self.form.content())
    }
}

/// Everything that a pick chain depends on. Equal specs give equal commit ids, on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSpec {
    /// The channel.
    pub channel: ChannelName,
    /// The stable channel's revision that the picks go on.
    pub base: CommitSha,
    /// The picks, in the order in which they are made.
    pub picks: Vec<ApprovedPick>,
}

impl ChainSpec {
    /// The hash of the spec: the name under which its assembly is kept.
    pub fn id(&self) -> ChainId {
        let json = serde_json::to_vec(self).expect("a spec has no map with other than text keys");
        Sha256::of(&json).into()
    }
}
