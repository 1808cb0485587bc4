//! What a page shows that a pick changes: what an approval that is given on it covers.

use picket_domain::{
    Approval, Candidate, CommitSha, PatchId, PickOutcome, PickedCommit, Sha256, StalePick, Standing,
};

use crate::look::Look;

/// What a pick changes, as far as that is known.
///
/// The page says what it showed by a digest in its form, and the handler looks again: where the
/// base has moved since, or somebody resolved a conflict otherwise, nothing is approved.
pub(crate) struct Seen<'a> {
    head: &'a CommitSha,
    /// The picked commits; none where the pull request does not apply, or was not tried yet, and
    /// its own diff is all that can be seen.
    pub(crate) commits: &'a [PickedCommit],
}

impl<'a> Seen<'a> {
    /// In the chain where the pick waits for approval of what it is there, or else alone on the
    /// base.
    pub(crate) fn of(look: &'a Look<'_>, candidate: &'a Candidate) -> Self {
        let commits = match stale(look, candidate) {
            Some(stale) => stale.commits.as_slice(),
            None => match look.assessment(candidate) {
                Some(PickOutcome::Picked { commits, .. }) => commits.as_slice(),
                _ => &[],
            },
        };
        let head = &candidate.head;
        Self { head, commits }
    }

    /// The patches, in the order of the commits.
    pub(crate) fn patches(&self) -> Vec<PatchId> {
        let patches = self.commits.iter().map(|commit| commit.patch.clone());
        patches.collect()
    }

    /// Names what is seen.
    pub(crate) fn digest(&self) -> String {
        let mut text = self.head.to_string();
        for commit in self.commits {
            text += " ";
            text += commit.patch.as_str();
        }
        Sha256::of(text.as_bytes()).to_string()
    }

    /// Whether an approval of this head was given to what is seen.
    pub(crate) fn is_covered_by(&self, approval: &Approval) -> bool {
        approval.covers(self.commits)
    }
}

/// The candidate's pick, where too few people approved of what it changes in the chain.
pub(crate) fn stale<'a>(look: &'a Look<'_>, candidate: &Candidate) -> Option<&'a StalePick> {
    let key = (candidate.pr, &candidate.head);
    let mut stale = look.resolution.stale.iter();
    stale.find(|it| (it.pick.pr, &it.pick.head) == key)
}

/// The approvals of the candidate's current head, oldest first.
pub(crate) fn approvals(look: &Look<'_>, candidate: &Candidate) -> Vec<Approval> {
    match Standing::of(candidate, &look.facts.policy, &look.facts.log) {
        Standing::Pending { approvals, .. } | Standing::Approved { approvals, .. } => approvals,
        Standing::Vetoed { .. } => Vec::new(),
    }
}

/// How many people approved of what is to be released: of the head, and where the pick is stale,
/// of what it changes by now.
pub(crate) fn have(look: &Look<'_>, candidate: &Candidate) -> u32 {
    let approvals = approvals(look, candidate);
    let counts = |approval: &&Approval| match stale(look, candidate) {
        Some(stale) => approval.covers(&stale.commits),
        None => true,
    };
    approvals.iter().filter(counts).count() as u32
}
