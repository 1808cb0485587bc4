//! What a base has by way of other commits: backports that name their source, and reverts.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use git2::{Oid, Repository};

use crate::error::Result;
use crate::history::source::{Landed, Source};
use picket_mirror::{RawCommit, contains, walk};

/// How the line begins that names a pick's source, in git's own form (`cherry-pick -x`).
pub(crate) const PICKED_FROM: &[u8] = b"(cherry picked from commit ";
/// More commits than a stable branch gets in its life.
const MAX_COMMITS: usize = 200_000;
/// How many histories are kept in memory.
const MAX_KEPT: usize = 16;
const REVERTS: &[u8] = b"This reverts commit ";

/// What the messages of a base's own commits, those that a development branch lacks, tell.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Commits that were picked onto the base, and not reverted there since.
    picked: HashSet<Oid>,
    /// Commits that were reverted on the base, and not put back there since.
    reverted: HashSet<Oid>,
    /// The commits themselves, but for merges and for what was reverted; youngest first.
    own: Vec<Oid>,
    /// All of them.
    all: HashSet<Oid>,
    /// Whether there are more.
    is_cut: bool,
}

impl History {
    fn read(repo: &Repository, base: Oid, branch: Oid) -> Result<Self> {
        let mut history = Self::default();
        // Youngest first: a revert is seen before what it reverts, and before its own revert not.
        for (count, id) in walk(repo, &[base], &[branch], MAX_COMMITS + 1)?
            .into_iter()
            .enumerate()
        {
            if count == MAX_COMMITS {
                tracing::warn!(%base, "only the youngest {MAX_COMMITS} commits of the base were read");
                history.is_cut = true;
                break;
            }
            history.take(repo, id)?;
        }
        Ok(history)
    }

    fn take(&mut self, repo: &Repository, id: Oid) -> Result<()> {
        let commit = RawCommit::read(repo, id)?;
        self.all.insert(id);
        match (self.reverted.contains(&id), commit.parents.as_slice()) {
            (true, [] | [_]) => {}
            (true, [first, others @ ..]) => {
                // What the merge brought into its first parent's line.
                let brought_in = walk(repo, others, &[*first], MAX_COMMITS)?;
                self.reverted.extend(brought_in);
            }
            (false, parents) => {
                self.note(&commit.message);
                if parents.len() < 2 {
                    self.own.push(id);
                }
            }
        }
        Ok(())
    }

    /// Takes in the message of a commit that is not reverted.
    fn note(&mut self, message: &[u8]) {
        for line in message.split(|byte| *byte == b'\n') {
            if let Some(id) = id_after(line, PICKED_FROM) {
                self.picked.insert(id);
            }
            if let Some(id) = id_after(line, REVERTS) {
                self.reverted.insert(id);
            }
        }
    }
}

/// The commits that a message says were picked, or squashed, into its commit.
pub(crate) fn picked_from(message: &[u8]) -> impl Iterator<Item = Oid> {
    let lines = message.split(|byte| *byte == b'\n');
    lines.filter_map(|line| id_after(line, PICKED_FROM))
}

/// The full commit id that follows the phrase in the line.
fn id_after(line: &[u8], phrase: &[u8]) -> Option<Oid> {
    let at = line
        .windows(phrase.len())
        .position(|window| window == phrase)?;
    let id = line.get(at + phrase.len()..at + phrase.len() + 40)?;
    let is_id = id
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_id
        .then(|| Oid::from_str(std::str::from_utf8(id).ok()?).ok())
        .flatten()
}

/// What a base already has of a pull request, by history; trees are not looked at.
///
/// A revert is seen where it is among the commits that the base has and the pull request's base
/// branch lacks. One that both have is not: it is the history that people approved the pull
/// request in.
pub(crate) struct Known<'r> {
    repo: &'r Repository,
    base: Oid,
    history: Arc<History>,
    /// Whether the base's history has a commit: finding out takes a tenth of a second on nixpkgs,
    /// and a pull request may be picked more than once.
    found: RefCell<HashMap<Oid, bool>>,
}

impl Known<'_> {
    /// Whether the base has the whole pull request: its head, or what it was squashed to.
    pub(crate) fn has_all(&self, head: Oid, source: &Source) -> Result<bool> {
        let reverted = &self.history.reverted;
        let any_reverted = source.commits.iter().any(|id| reverted.contains(id));
        // A line that names the head tells of its last commit alone.
        let is_undone = any_reverted || self.is_unmerged(source);
        if !is_undone && self.contains(head, source)? {
            return Ok(true);
        }
        match source.landed {
            Landed::Squashed(commit) => self.has(commit, source),
            Landed::AsIs | Landed::Rebased(_) => Ok(false),
        }
    }

    /// Whether the base has one commit of the pull request, under its own id or its rebased one.
    pub(crate) fn has_commit(&self, id: Oid, source: &Source) -> Result<bool> {
        if self.is_unmerged(source) {
            return Ok(self.history.picked.contains(&id));
        }
        if let Landed::Rebased(became) = &source.landed
            && let Some(rebased) = became.get(&id)
            && self.has(*rebased, source)?
        {
            return Ok(true);
        }
        self.has(id, source)
    }

    /// The base.
    pub(crate) fn base(&self) -> Oid {
        self.base
    }

    /// The commits that the base has and the pull request's base branch lacks, but for merges and
    /// for what was reverted; youngest first.
    pub(crate) fn own(&self) -> &[Oid] {
        &self.history.own
    }

    /// Whether the base reverted the pull request's merge: its history has the commits then, and
    /// its tree does not.
    fn is_unmerged(&self, source: &Source) -> bool {
        source
            .merged_as
            .is_some_and(|merge| self.history.reverted.contains(&merge))
    }

    /// Whether the base has a commit by a line that names it.
    pub(crate) fn has_picked(&self, id: Oid) -> bool {
        self.history.picked.contains(&id)
    }

    fn has(&self, id: Oid, source: &Source) -> Result<bool> {
        if self.history.picked.contains(&id) {
            return Ok(true);
        }
        Ok(!self.history.reverted.contains(&id) && self.contains(id, source)?)
    }

    fn contains(&self, id: Oid, source: &Source) -> Result<bool> {
        if let Some(found) = self.found.borrow().get(&id) {
            return Ok(*found);
        }
        let is_only_here = !source.is_on_branch && source.commits.contains(&id);
        let found = match self.history.all.contains(&id) {
            true => true,
            // What the base has besides is on the base branch too.
            false if is_only_here && !self.history.is_cut => false,
            false => contains(self.repo, self.base, id)?,
        };
        self.found.borrow_mut().insert(id, found);
        Ok(found)
    }

    /// Takes note of commits that the base's history lacks.
    pub(crate) fn lacks(&self, commits: &[Oid]) {
        let lacking = commits.iter().map(|id| (*id, false));
        self.found.borrow_mut().extend(lacking);
    }
}

/// The histories that were read last; reading one takes a second on nixpkgs.
#[derive(Debug, Default)]
pub(crate) struct Histories(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    base: Oid,
    branch: Oid,
    history: Arc<History>,
}

impl Histories {
    /// What `base` has that `branch`, the tip of a development branch, lacks.
    pub(crate) fn known<'r>(
        &self,
        repo: &'r Repository,
        base: Oid,
        branch: Oid,
    ) -> Result<Known<'r>> {
        let history = match self.kept(base, branch) {
            Some(history) => history,
            None => self.keep(base, branch, History::read(repo, base, branch)?),
        };
        Ok(Known {
            repo,
            base,
            history,
            found: RefCell::default(),
        })
    }

    fn kept(&self, base: Oid, branch: Oid) -> Option<Arc<History>> {
        let kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = kept
            .iter()
            .find(|kept| (kept.base, kept.branch) == (base, branch));
        found.map(|kept| Arc::clone(&kept.history))
    }

    fn keep(&self, base: Oid, branch: Oid, history: History) -> Arc<History> {
        let history = Arc::new(history);
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.len() == MAX_KEPT {
            kept.remove(0);
        }
        kept.push(Kept {
            base,
            branch,
            history: Arc::clone(&history),
        });
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_only_where_they_are_whole() {
        let id = "a1".repeat(20);
        let found = |line: &str| id_after(line.as_bytes(), PICKED_FROM).map(|id| id.to_string());
        assert_eq!(
            found(&format!("(cherry picked from commit {id})")),
            Some(id.clone())
        );
        assert_eq!(
            found(&format!("* (cherry picked from commit {id})")),
            Some(id)
        );
        assert_eq!(found("(cherry picked from commit a1a1a1)"), None);
        assert_eq!(found("(cherry picked from commit "), None);
    }
}
