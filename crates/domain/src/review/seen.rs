//! What a page shows that a pick changes: what an approval that is given on it covers.

use crate::assembly::{PickOutcome, PickedCommit};
use crate::candidate::Candidate;
use crate::digest::Sha256;
use crate::facts::Facts;
use crate::id::{CommitSha, PatchId};
use crate::resolve::{Resolution, StalePick};
use crate::standing::{Approval, Standing};

/// What a pick changes, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    head: &'a CommitSha,
    /// The picked commits; none where the pull request does not apply, or was not tried yet, and
    /// its own diff is all that can be seen.
    pub commits: &'a [PickedCommit],
}

impl<'a> Seen<'a> {
    /// In the chain where the pick waits for approval of what it is there, or else alone on the
    /// base. `resolution` is that of the same facts.
    pub fn of(facts: &'a Facts, resolution: &'a Resolution, candidate: &'a Candidate) -> Self {
        let commits = match stale_pick(resolution, candidate) {
            Some(stale) => stale.commits.as_slice(),
            None => match facts.assessment(candidate) {
                Some(PickOutcome::Picked { commits, .. }) => commits.as_slice(),
                Some(
                    PickOutcome::Contained { .. }
                    | PickOutcome::Conflict { .. }
                    | PickOutcome::Disputed { .. }
                    | PickOutcome::Unavailable { .. },
                )
                | None => &[],
            },
        };
        let head = &candidate.head;
        Self { head, commits }
    }

    /// The patches, in the order of the commits: what is approved.
    pub fn patches(&self) -> Vec<PatchId> {
        let patches = self.commits.iter().map(|commit| commit.patch.clone());
        patches.collect()
    }

    /// Names what is seen.
    pub fn digest(&self) -> String {
        let mut text = self.head.to_string();
        for commit in self.commits {
            text += " ";
            text += commit.patch.as_str();
        }
        Sha256::of(text.as_bytes()).to_string()
    }

    /// Whether an approval of this head was given to what is seen.
    pub fn is_covered_by(&self, approval: &Approval) -> bool {
        approval.covers(self.commits)
    }
}

/// The candidate's pick, where too few people approved of what it changes in the chain.
pub fn stale_pick<'a>(resolution: &'a Resolution, candidate: &Candidate) -> Option<&'a StalePick> {
    let key = (candidate.pr, &candidate.head);
    let mut stale = resolution.stale.iter();
    stale.find(|it| (it.pick.pr, &it.pick.head) == key)
}

/// The approvals of the candidate's current head, oldest first.
pub fn approvals(facts: &Facts, candidate: &Candidate) -> Vec<Approval> {
    approvals_of(facts, candidate, &candidate.head)
}

/// The approvals of a head that the candidate has or had, oldest first.
pub fn approvals_of(facts: &Facts, candidate: &Candidate, head: &CommitSha) -> Vec<Approval> {
    match facts.standing(candidate, head) {
        Standing::Pending { approvals, .. } | Standing::Approved { approvals, .. } => approvals,
        Standing::Vetoed { .. } => Vec::new(),
    }
}

/// How many people approved of what is to be released: of the head, and where the pick is stale,
/// of what it changes by now.
pub fn counting_approvals(facts: &Facts, resolution: &Resolution, candidate: &Candidate) -> u32 {
    let approvals = approvals(facts, candidate);
    let counts = |approval: &&Approval| match stale_pick(resolution, candidate) {
        Some(stale) => approval.covers(&stale.commits),
        None => true,
    };
    approvals.iter().filter(counts).count() as u32
}
