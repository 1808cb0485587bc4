//! The part of a candidate's page that says where the pick is not what was approved, or not what
//! the pull request's own commits change, and shows the difference: patch against patch.

use picket_domain::{Action, Actor, Approval, Candidate, PatchId, PickedCommit, Seen, Timestamp};

use super::pairs::{CommitChange, Pair, own_patches, paired, picked, recorded, shown, title};
use crate::error::PageError;
use crate::look::Look;
use crate::state::AppState;
use crate::time::When;

/// How what is picked differs from what it is measured against.
pub(super) struct ChangedView {
    /// The approvals that do not cover it; none where the pick is not stale.
    pub(super) approved: Vec<ApprovedView>,
    /// How many more people have to approve; 0 where the pick is not stale.
    pub(super) missing: u32,
    /// Whether it is measured against the pull request's own commits.
    pub(super) against_own: bool,
    pub(super) commits: Vec<CommitChange>,
    /// How many commits are as they were.
    pub(super) unchanged: usize,
}

/// An approval that was given to something else.
pub(super) struct ApprovedView {
    pub(super) by: String,
    pub(super) when: When,
    /// What the person saw.
    pub(super) what: &'static str,
}

impl ChangedView {
    /// What differs; `None` where the pick is what was approved, or there is none.
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
    ) -> Result<Option<Self>, PageError> {
        let seen = look.seen(candidate);
        let stale = look.stale(candidate);
        if seen.commits.is_empty() || stale.is_none() && seen.commits.iter().all(|it| it.verbatim) {
            return Ok(None);
        }
        let outdated = match stale {
            Some(_) => not_covering(look, candidate, &seen),
            None => Vec::new(),
        };
        let last = last_approved(look, candidate, &outdated);
        let against_own = last.is_none();
        let (pairs, unchanged) = match last {
            Some(patches) => with_approved(app, candidate, &patches, seen.commits).await?,
            None => with_own(app, candidate, seen.commits).await?,
        };
        Ok(Some(Self {
            approved: outdated
                .iter()
                .map(|approval| ApprovedView::new(approval, look.now))
                .collect(),
            missing: stale.map_or(0, |it| it.missing),
            against_own,
            commits: shown(&pairs),
            unchanged,
        }))
    }
}

impl ApprovedView {
    fn new(approval: &Approval, now: Timestamp) -> Self {
        Self {
            by: approval.by.to_string(),
            when: When::new(approval.at, now),
            what: match approval.patches.is_empty() {
                true => "the pull request's own change",
                false => "what the pick changed then",
            },
        }
    }
}

/// The approvals of the head that were given to something else, oldest first.
fn not_covering(look: &Look<'_>, candidate: &Candidate, seen: &Seen<'_>) -> Vec<Approval> {
    let mut approvals = look.approvals(candidate);
    approvals.retain(|approval| !seen.is_covered_by(approval));
    approvals
}

/// The patches that the last one of these approvals was given to; `None` where it was given to the
/// pull request's own change, or there is none.
fn last_approved(
    look: &Look<'_>,
    candidate: &Candidate,
    outdated: &[Approval],
) -> Option<Vec<PatchId>> {
    let mut log = look.facts.log.of(candidate.pr).iter().rev();
    let patches = log.find_map(|entry| match (&entry.actor, &entry.action) {
        (
            Actor::Person(by),
            Action::Approve {
                pr, head, patches, ..
            },
        ) if (*pr, head) == (candidate.pr, &candidate.head)
            && outdated.iter().any(|approval| approval.by == *by) =>
        {
            Some(patches)
        }
        _ => None,
    });
    patches.filter(|patches| !patches.is_empty()).cloned()
}

/// The commits that were approved otherwise, each with what it was. Those that changed keep their
/// order, so that the first new one is taken for what the first old one became.
async fn with_approved(
    app: &AppState,
    candidate: &Candidate,
    approved: &[PatchId],
    commits: &[PickedCommit],
) -> Result<(Vec<Pair>, usize), PageError> {
    let old = approved.iter();
    let old = old.map(|id| (format!("Patch {}", &id.as_str()[..12]), id));
    let old = recorded(app, old.collect()).await?;
    Ok(paired(old, picked(app, candidate, commits).await?))
}

/// The commits that are not picked to the line, each with what the pull request's own changes.
async fn with_own(
    app: &AppState,
    candidate: &Candidate,
    commits: &[PickedCommit],
) -> Result<(Vec<Pair>, usize), PageError> {
    let edited: Vec<_> = commits.iter().filter(|commit| !commit.verbatim).collect();
    let ids = edited.iter().map(|commit| commit.patch.clone()).collect();
    let texts = app.store.patches(&ids).await?;
    let sources = edited.iter().map(|commit| commit.source.clone()).collect();
    let mut own = own_patches(&app.mirror, sources).await?;
    let unchanged = commits.len() - edited.len();
    let pairs = edited.into_iter().map(|commit| {
        let (old, new) = (own.remove(&commit.source), texts.get(&commit.patch));
        Pair::new(
            title(candidate, &commit.source),
            Some(old),
            Some(new.cloned()),
            "",
        )
    });
    Ok((pairs.collect(), unchanged))
}
