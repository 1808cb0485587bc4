//! The part of a candidate's page that says where the pick is not what was approved, or not what
//! the pull request's own commits change, and shows the difference: patch against patch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use picket_domain::{
    Action, Actor, Approval, Candidate, CommitSha, PatchId, PickedCommit, Seen, Timestamp,
};
use picket_merger::Merger;

use crate::chain::Chain;
use crate::error::PageError;
use crate::lines::{Lines, between};
use crate::look::Look;
use crate::state::AppState;
use crate::time::When;

/// Lines on one page.
const PAGE_LINES: usize = 2_000;

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

/// One commit, and how its patch differs.
pub(super) struct CommitChange {
    pub(super) title: String,
    pub(super) note: &'static str,
    pub(super) diff: Lines,
}

/// Two patches to compare, and what they are of.
struct Pair {
    title: String,
    old: Option<String>,
    new: Option<String>,
    note: &'static str,
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
        let mut left = PAGE_LINES;
        Ok(Some(Self {
            approved: outdated
                .iter()
                .map(|approval| ApprovedView::new(approval, look.now))
                .collect(),
            missing: stale.map_or(0, |it| it.missing),
            against_own,
            commits: pairs
                .iter()
                .map(|pair| CommitChange::new(pair, &mut left))
                .collect(),
            unchanged,
        }))
    }
}

impl CommitChange {
    /// Shows at most `left` lines, and takes those off.
    fn new(pair: &Pair, left: &mut usize) -> Self {
        let [old, new] = [&pair.old, &pair.new].map(|text| text.as_deref().unwrap_or_default());
        let diff = between(old, new, *left);
        *left -= diff.lines.len();
        Self {
            title: pair.title.clone(),
            note: pair.note,
            diff,
        }
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
    let mut gone: VecDeque<_> = approved
        .iter()
        .filter(|id| commits.iter().all(|commit| commit.patch != **id))
        .collect();
    let came = commits
        .iter()
        .filter(|commit| !approved.contains(&commit.patch));
    let mut ids: BTreeSet<_> = gone.iter().copied().cloned().collect();
    ids.extend(came.clone().map(|commit| commit.patch.clone()));
    let texts = app.store.patches(&ids).await?;
    let text = |id: &PatchId| texts.get(id).cloned();
    let mut pairs = Vec::new();
    for commit in came {
        let old = gone.pop_front();
        let note = match old {
            Some(_) => "",
            None => "this commit was not there",
        };
        let (old, new) = (old.map(text), text(&commit.patch));
        pairs.push(Pair::new(title(candidate, commit), old, Some(new), note));
    }
    let unchanged = commits.len() - pairs.len();
    pairs.extend(gone.into_iter().map(|id| {
        let (title, note) = (format!("Patch {}", &id.as_str()[..12]), "is not there now");
        Pair::new(title, Some(text(id)), None, note)
    }));
    Ok((pairs, unchanged))
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
        Pair::new(title(candidate, commit), Some(old), Some(new.cloned()), "")
    });
    Ok((pairs.collect(), unchanged))
}

async fn own_patches(
    mirror: &Merger,
    sources: Vec<CommitSha>,
) -> Result<BTreeMap<CommitSha, String>, PageError> {
    let mirror = mirror.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let read = |source: CommitSha| match mirror.patch(&source) {
            Ok(text) => Some((source, text)),
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "a patch cannot be shown");
                None
            }
        };
        sources.into_iter().filter_map(read).collect()
    });
    Ok(reading.await?)
}

impl Pair {
    /// `None` for a commit that is not there, `Some(None)` for one whose text is not known.
    fn new(
        title: String,
        old: Option<Option<String>>,
        new: Option<Option<String>>,
        note: &'static str,
    ) -> Self {
        let is_unknown = old == Some(None) || new == Some(None);
        let (old, new) = (old.flatten(), new.flatten());
        Self {
            title,
            old: old.filter(|_| !is_unknown),
            new: new.filter(|_| !is_unknown),
            note: match is_unknown {
                true => "the text of one of the two is not known here",
                false => note,
            },
        }
    }
}

/// What a commit is called on the page.
fn title(candidate: &Candidate, commit: &PickedCommit) -> String {
    let mut own = candidate.commits().iter();
    let short = commit.source.short();
    match own.find(|it| it.sha == commit.source) {
        Some(own) => format!("{short} {}", own.subject),
        None => short.to_owned(),
    }
}
