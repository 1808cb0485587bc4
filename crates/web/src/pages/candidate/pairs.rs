//! Patches against patches: what each commit changed before, and what it changes now.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{Candidate, CommitSha, PatchId, PickedCommit};
use picket_merger::Merger;

use crate::chain::Chain;
use crate::error::PageError;
use crate::lines::{Lines, between};
use crate::state::AppState;

/// Lines on one page.
const PAGE_LINES: usize = 2_000;

/// One commit, and how its patch differs.
pub(super) struct CommitChange {
    pub(super) title: String,
    pub(super) note: &'static str,
    pub(super) diff: Lines,
}

/// Two patches to compare, and what they are of.
pub(super) struct Pair {
    title: String,
    old: Option<String>,
    new: Option<String>,
    note: &'static str,
}

/// What a commit changes, before or now.
pub(super) struct Change {
    pub(super) title: String,
    /// The name of the patch, where it is on record.
    pub(super) id: Option<PatchId>,
    /// `None` where it is not known.
    pub(super) text: Option<String>,
}

/// The pairs as a page shows them, within its lines.
pub(super) fn shown(pairs: &[Pair]) -> Vec<CommitChange> {
    let mut left = PAGE_LINES;
    let pairs = pairs.iter();
    pairs
        .map(|pair| CommitChange::new(pair, &mut left))
        .collect()
}

/// The commits that change something else than before, each with what it was, and how many change the
/// same. Those that changed keep their order, so that the first new one is taken for what the first
/// old one became.
pub(super) fn paired(mut old: Vec<Change>, new: Vec<Change>) -> (Vec<Pair>, usize) {
    let all = new.len();
    let mut came = Vec::new();
    for change in new {
        match old.iter().position(|it| it.is_same(&change)) {
            Some(at) => drop(old.remove(at)),
            None => came.push(change),
        }
    }
    let unchanged = all - came.len();
    let mut gone = old.into_iter();
    let mut pairs: Vec<_> = came
        .into_iter()
        .map(|Change { title, text, .. }| match gone.next() {
            Some(old) => Pair::new(title, Some(old.text), Some(text), ""),
            None => Pair::new(title, None, Some(text), "this commit was not there"),
        })
        .collect();
    pairs.extend(gone.map(|old| Pair::new(old.title, Some(old.text), None, "is not there now")));
    (pairs, unchanged)
}

/// Patches that are on record, each with a title.
pub(super) async fn recorded(
    app: &AppState,
    patches: Vec<(String, &PatchId)>,
) -> Result<Vec<Change>, PageError> {
    let ids: BTreeSet<_> = patches.iter().map(|(_, id)| (*id).clone()).collect();
    let texts = app.store.patches(&ids).await?;
    let changes = patches.into_iter().map(|(title, id)| Change {
        title,
        text: texts.get(id).cloned(),
        id: Some(id.clone()),
    });
    Ok(changes.collect())
}

/// What a candidate's commits change as they are picked.
pub(super) async fn picked(
    app: &AppState,
    candidate: &Candidate,
    commits: &[PickedCommit],
) -> Result<Vec<Change>, PageError> {
    let commits = commits.iter();
    let titled = commits.map(|commit| (title(candidate, &commit.source), &commit.patch));
    recorded(app, titled.collect()).await
}

/// What commits of the pull request change, as far as the mirror has them.
pub(super) async fn own_patches(
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

impl Change {
    fn is_same(&self, other: &Self) -> bool {
        let is_same_patch = self.id.is_some() && self.id == other.id;
        is_same_patch || self.text.is_some() && self.text == other.text
    }
}

impl Pair {
    /// `None` for a commit that is not there, `Some(None)` for one whose text is not known.
    pub(super) fn new(
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
pub(super) fn title(candidate: &Candidate, commit: &CommitSha) -> String {
    let mut own = candidate.commits().iter();
    let short = commit.short();
    match own.find(|it| it.sha == *commit) {
        Some(own) => format!("{short} {}", own.subject),
        None => short.to_owned(),
    }
}
